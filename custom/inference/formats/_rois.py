"""ImageJ regions of interest: the outline of every object."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import find_objects
from skimage.measure import label

from ...ground.files import atomic_path
from ...images import Colors
from ...measurements import without_small
from .._file_result import FileResult
from ._outlines import outlines

if TYPE_CHECKING:
    from roifile import ImagejRoi

_LARGEST_INTEGER = 2**16 - 5001
"""ImageJ reads larger integer coordinates, which have 16 bits, as negative; coordinates of paths are floats."""

_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # segment types of java.awt.geom.PathIterator


class Rois:
    """Writes ``x_rois.zip`` for ImageJ's ROI Manager: an outline for every object that encloses exactly its pixels.

    Objects are instances or, without instances, connected components of the mask, 8-connected in binary masks and
    4-connected in class masks. The name of an object is its number in ``x_labels.tif`` or, for components with the same
    ``min_area``, in ``measurements.csv``. It is preceded by the class in class masks and by the page in stacks:
    ``0002-axon-0017``. Objects with holes or several components are composite ROIs. Without objects, the zip file is
    empty.

    Source: ImageJ's ``RoiEncoder``, https://imagej.net/ij/source/ij/io/RoiEncoder.java. Corners of outlines are corners
    of pixels, as with ImageJ's wand.

    Args:
        folder: the output folder.
        min_area: in pixels; smaller components of a mask get no outline, but all instances have one.
        classes: for class masks, names of the classes by class number, the background first.
        colors: colors of the classes, (C, 3) from 0 to 255; empty for ImageJ's default color.
    """

    def __init__(self, folder: str | Path, min_area: int = 0, classes: Sequence[str] = (), colors: Colors = ()) -> None:
        self.folder = Path(folder)
        self.min_area = min_area
        self.classes = classes
        self.colors = colors

    def __call__(self, result: FileResult) -> list[Path]:
        """Write the outlines of the objects in a file, and return the path of the zip file.

        Raises:
            OutputError: the file cannot be written, or the disk is full.
        """
        file = self.folder / f"{result.name}_rois.zip"
        with atomic_path(file) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for page in range(len(result.masks)):
                for roi in self._of_page(result, page):
                    archive.writestr(zipfile.ZipInfo(f"{roi.name}.roi"), roi.tobytes(), zipfile.ZIP_DEFLATED)
        return [file]

    def _of_page(self, result: FileResult, page: int) -> Iterator[ImagejRoi]:
        mask = result.masks[page]
        labels = self._components(mask) if result.labels is None else result.labels[page]
        digits = max(4, len(str(int(labels.max(initial=0)))))
        for number, box in enumerate(find_objects(labels), start=1):
            if box is None:
                continue
            here = labels[box] == number
            top_left = np.array([box[1].start, box[0].start], np.int32)
            roi = _roi([ring + top_left for ring in outlines(here)])
            roi.name = f"{number:0{digits}}"
            if self.classes:
                self._add_class(roi, int(mask[box][here][0]))
            if len(result.masks) > 1:
                roi.position = page + 1
                roi.name = f"{page + 1:0{max(4, len(str(len(result.masks))))}}-{roi.name}"
            yield roi

    def _components(self, mask: np.ndarray) -> np.ndarray:
        components = label(mask, background=0, connectivity=1) if self.classes else label(mask > 0, connectivity=2)
        return without_small(components, self.min_area)

    def _add_class(self, roi: ImagejRoi, number: int) -> None:
        """Add the name and the color of the class to a region."""
        roi.name = f"{self.classes[number]}-{roi.name}"
        if len(self.colors):
            roi.stroke_color = bytes([255, *self.colors[number]])  # alpha, red, green, blue


def _roi(rings: list[np.ndarray]) -> ImagejRoi:
    """Return the region inside outlines (N, 2): a traced ROI for one outline, a composite ROI for several."""
    from roifile import ROI_TYPE, ImagejRoi

    corners = np.concatenate(rings)
    roi = ImagejRoi()
    roi.left, roi.top = corners.min(axis=0).tolist()
    roi.right, roi.bottom = corners.max(axis=0).tolist()
    if len(rings) == 1 and corners.max() <= _LARGEST_INTEGER:
        roi.roitype = ROI_TYPE.TRACED
        roi.integer_coordinates = corners - [roi.left, roi.top]
        roi.n_coordinates = len(corners)
    else:
        roi.roitype = ROI_TYPE.RECT
        roi.multi_coordinates = np.concatenate([_path(ring) for ring in rings]).astype(np.float32)
        roi.shape_roi_size = len(roi.multi_coordinates)
    return roi


def _path(ring: np.ndarray) -> np.ndarray:
    """Return an outline as a closed path of java.awt.geom.PathIterator: move, x, y, line, x, y, …, close."""
    kinds = np.full((len(ring), 1), _LINE)
    kinds[0] = _MOVE
    return np.append(np.hstack([kinds, ring]).ravel(), _CLOSE)
