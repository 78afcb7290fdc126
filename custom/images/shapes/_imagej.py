"""ImageJ's regions of interest, read with roifile: ``x.roi``, and the zip files of the ROI Manager."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ._shape import Ring, Shape, Shapes, ellipse, ring_of

if TYPE_CHECKING:
    from roifile import ImagejRoi

_LARGEST = 2**30  # bytes of all regions in a zip file
_OUTLINED = ("POLYGON", "FREEHAND", "TRACED")
_WITHOUT_AREA = {
    **{
        "LINE": "line",
        "FREELINE": "line",
        "POLYLINE": "line",
        "ANGLE": "angle",
        "POINT": "point",
        "NOROI": "empty ROI",
    },
    **{"TEXT": "text", "ARROW": "arrow", "IMAGE": "image overlay"},
}


def read_rois(file: Path) -> Shapes:
    """Return the regions in a file of ImageJ.

    Raises:
        InputError: the file is damaged or has no regions of ImageJ, or one that cannot be drawn.
    """
    shapes, skipped = [], Counter[str]()
    for name, content in _entries(file):
        roi = _decoded(file, name, content)
        kind = _WITHOUT_AREA.get(roi.subtype.name) or _WITHOUT_AREA.get(roi.roitype.name)
        if kind:
            skipped[kind] += 1
        else:
            shapes.append(Shape(roi.name or name, None, [_rings(file, name, roi)], _page(file, name, roi)))
    return Shapes(file, shapes, skipped, numbered=True)


def _entries(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each region."""
    try:
        if file.suffix.lower() == ".roi":
            yield file.stem, file.read_bytes()
            return
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and "__MACOSX" not in entry.filename]
            names = [PurePosixPath(entry.filename) for entry in entries]
            other = [name for name in names if name.suffix.lower() != ".roi"]
            if other or sum(entry.file_size for entry in entries) > _LARGEST:
                found = f"{other[0]} in it" if other else "more than 1 GiB of regions"
                raise InputError.about(file, found, "a zip file of ImageJ's ROI Manager")
            for entry, name in zip(entries, names, strict=True):
                yield name.stem, archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError.about(file, f"a broken file ({error})", "regions of ImageJ") from error


def _decoded(file: Path, name: str, content: bytes) -> ImagejRoi:
    from roifile import ImagejRoi

    try:
        return ImagejRoi.frombytes(content)
    except Exception as error:  # whatever roifile raises for damaged bytes
        raise InputError.about(file, f"the broken region {name!r} ({error})", "a region of ImageJ") from error


def _rings(file: Path, name: str, roi: ImagejRoi) -> list[Ring]:
    from roifile import ROI_OPTIONS

    kind = roi.roitype.name
    try:
        if roi.multi_coordinates is not None:
            return [ring_of(ring) for ring in roi.path2coords(roi.multi_coordinates) if len(ring) > 2]
        if kind in _OUTLINED and not roi.options & ROI_OPTIONS.SPLINE_FIT:
            return [ring_of(roi.coordinates())]
        if kind in ("RECT", "OVAL") and not roi.rounded_rect_arc_size:
            left, top, width, height = _rectangle(roi)
            corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
            return [ellipse(left, top, width, height) if kind == "OVAL" else ring_of(corners)]
    except (ValueError, NotImplementedError, RuntimeError, IndexError, TypeError) as error:
        raise InputError.about(file, f"the region {name!r} with {error}", "outlines of straight lines") from error
    found = "a spline" if kind in _OUTLINED else "rounded corners" if kind == "RECT" else f"the unknown type {kind}"
    expected = "a polygon, rectangle, oval, freehand, traced or composite region"
    raise InputError.about(file, f"the region {name!r} with {found}", expected)


def _rectangle(roi: ImagejRoi) -> tuple[float, float, float, float]:
    if roi.subpixelrect:
        return roi.xd, roi.yd, roi.widthd, roi.heightd
    return roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top


def _page(file: Path, name: str, roi: ImagejRoi) -> int | None:
    """Return the page of a region: its slice or, in a hyperstack, its z or its time."""
    if roi.position > 0:
        return int(roi.position) - 1
    depth, time = int(roi.z_position), int(roi.t_position)
    if depth > 1 and time > 1:
        found = f"the region {name!r} at z {depth} and time {time}"
        raise InputError.about(file, found, "regions of one stack of images")
    return int(np.max([depth, time])) - 1 if depth > 0 or time > 0 else None
