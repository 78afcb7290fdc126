"""ImageJ's regions of interest: the outline of every object."""

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

_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # of java.awt.geom.PathIterator


class Rois:
    """Writes ``x_rois.zip``, which ImageJ's ROI Manager opens: for every object an outline that holds its pixels.

    An object is an instance. Where there are none, it is a connected piece of the mask: pixels that touch at a corner
    are connected, but not where a mask holds classes. Its name is its number, that of ``x_labels.tif``, or of
    ``measurements.csv`` where that has a row per piece and the same ``min_area``. The class comes before it in a mask
    of classes, and before that the page in a stack: ``0002-axon-0017``. An object with holes, or in several pieces, is
    a composite ROI. Without objects the zip is empty.

    Source: ImageJ's ``RoiEncoder``, https://imagej.net/ij/source/ij/io/RoiEncoder.java; corners lie on the corners of
    pixels, as those of its wand.

    Args:
        folder: where the files go.
        min_area: smaller pieces of a mask get no outline, in pixels; instances all have one.
        classes: names in the order of the numbers in a mask of classes, the background first.
        colors: (C, 3) from 0 to 255, of the classes; ImageJ's own without any.
    """

    def __init__(self, folder: str | Path, min_area: int = 0, classes: Sequence[str] = (), colors: Colors = ()) -> None:
        self.folder = Path(folder)
        self.min_area = min_area
        self.classes = classes
        self.colors = colors

    def __call__(self, result: FileResult) -> list[Path]:
        """Write the outlines of a file's objects, and return the path."""
        file = self.folder / f"{result.name}_rois.zip"
        with atomic_path(file) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for page in range(len(result.masks)):
                for roi in self._of_page(result, page):
                    archive.writestr(zipfile.ZipInfo(f"{roi.name}.roi"), roi.tobytes(), zipfile.ZIP_DEFLATED)
        return [file]

    def _of_page(self, result: FileResult, page: int) -> Iterator[ImagejRoi]:
        mask = result.masks[page]
        labels = self._pieces(mask) if result.labels is None else result.labels[page]
        digits = max(4, len(str(int(labels.max(initial=0)))))
        for number, box in enumerate(find_objects(labels), start=1):
            if box is None:
                continue
            here = labels[box] == number
            top_left = np.array([box[1].start, box[0].start], np.int32)
            roi = _roi([ring + top_left for ring in outlines(here)])
            roi.name = f"{number:0{digits}}"
            if self.classes:
                self._mark(roi, int(mask[box][here][0]))
            if len(result.masks) > 1:
                roi.position = page + 1
                roi.name = f"{page + 1:0{max(4, len(str(len(result.masks))))}}-{roi.name}"
            yield roi

    def _pieces(self, mask: np.ndarray) -> np.ndarray:
        pieces = label(mask, background=0, connectivity=1) if self.classes else label(mask > 0, connectivity=2)
        return without_small(pieces, self.min_area)

    def _mark(self, roi: ImagejRoi, number: int) -> None:
        """Name an object's class, and draw its outline in the color of it."""
        roi.name = f"{self.classes[number]}-{roi.name}"
        if len(self.colors):
            roi.stroke_color = bytes([255, *self.colors[number]])  # alpha, red, green, blue


def _roi(rings: list[np.ndarray]) -> ImagejRoi:
    """Return the region inside outlines (N, 2): as ImageJ's wand makes it, or composite if there are several."""
    from roifile import ROI_TYPE, ImagejRoi

    corners = np.concatenate(rings)
    roi = ImagejRoi()
    roi.left, roi.top = corners.min(axis=0).tolist()
    roi.right, roi.bottom = corners.max(axis=0).tolist()
    if len(rings) == 1:
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
