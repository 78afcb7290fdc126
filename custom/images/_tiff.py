"""Reader of TIFF files, images and stacks of pages, with tifffile."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import tifffile

from ..errors import InputError
from ._image import ImageInfo, Stored, check_page, check_plausible, decoding, orientation_error
from ._pixel_size import MICROMETERS, size_from_dots

# tifffile only logs the defects that it tolerates; this module checks for the same defects and raises.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_PHOTOMETRICS = (
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
    tifffile.PHOTOMETRIC.YCBCR,
)


class _Tiff(NamedTuple):
    """An open TIFF file as a single image or stack: its pages in order, and the axes that they form together."""

    file: tifffile.TiffFile
    axes: str
    shape: tuple[int, ...]
    depth: int  # pages of the stack
    series: Any  # None if the pages must be stacked one by one


def describe_tiff(file: Path) -> ImageInfo:
    """Return what the header of a TIFF file declares."""
    with _open_tiff(file) as tiff:
        size = dict(zip(tiff.axes, tiff.shape, strict=True))
        with decoding(file):
            pixel_size = _tiff_pixel_size(tiff.file)
        return ImageInfo(file, (tiff.depth, size["Y"], size["X"]), np.dtype(tiff.file.pages[0].dtype), pixel_size)


def load_tiff(file: Path, page: int | None) -> Stored:
    """Return the pixels of one page, or of all pages for None."""
    with _open_tiff(file) as tiff:
        check_page(file, page, tiff.depth)
        _check_strips(file, tiff)
        with decoding(file):
            pixels = _tiff_pixels(tiff, page)
        first = tiff.file.pages[0]
        palette = first.colormap if first.photometric == tifffile.PHOTOMETRIC.PALETTE else None
        return Stored(
            pixels,
            _tiff_palette(palette),
            first.photometric == tifffile.PHOTOMETRIC.MINISWHITE,
        )


@contextmanager
def _open_tiff(file: Path) -> Iterator[_Tiff]:
    with decoding(file):
        tiff = tifffile.TiffFile(file)
    with tiff:
        with decoding(file):
            series = list(tiff.series)
            pages = [] if tiff.is_ome or len(series) == 1 else list(tiff.pages)
            last_offset = _next_page_offset(tiff)
        if not series or last_offset != 0:
            raise InputError.about(file, "a file that ends before its last page", "a complete TIFF image")
        yield _tiff_stack(file, tiff, series, pages)


def _next_page_offset(tiff: tifffile.TiffFile) -> int:
    """Return the offset of the page after the last readable page; 0 if the file is complete.

    tifffile stops at a page beyond the end of the file and returns a shorter stack.
    """
    handle, layout = tiff.filehandle, tiff.tiff
    handle.seek(tiff.pages[-1].offset)
    (tags,) = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))
    handle.seek(tags * layout.tagsize, os.SEEK_CUR)
    (offset,) = struct.unpack(layout.offsetformat, handle.read(layout.offsetsize))
    return offset


def _tiff_stack(file: Path, tiff: tifffile.TiffFile, series: list[Any], pages: list[Any]) -> _Tiff:
    first = tiff.pages[0]
    orientation = first.tags.get("Orientation")
    if orientation is not None and orientation.value not in (0, 1):
        raise orientation_error(file, orientation.value)
    if first.photometric not in _PHOTOMETRICS:
        name = getattr(first.photometric, "name", first.photometric)
        raise InputError.about(file, f"the color model {name}", "a gray, palette or RGB image")
    if len(series) == 1:
        axes, shape = series[0].axes, series[0].shape
    else:
        axes, shape = _common_layout(file, series, pages)
    size = dict(zip(axes, shape, strict=True))
    if size.get("C", 1) > 1:
        raise InputError.about(file, f"{size['C']} channels (axes {axes})", "one channel")
    stacked = [n for axis, n in size.items() if axis not in "YXS" and n > 1]
    if len(stacked) > 1 or "Y" not in size or "X" not in size:
        raise InputError.about(file, f"the shape {shape} with axes {axes}", "an image or a stack along one axis")
    check_plausible(file, shape, np.dtype(first.dtype).itemsize)
    return _Tiff(tiff, axes, shape, stacked[0] if stacked else 1, series[0] if len(series) == 1 else None)


def _common_layout(file: Path, series: list[Any], pages: list[Any]) -> tuple[str, tuple[int, ...]]:
    """Return axes and shape of a stack whose pages differ only in storage (compression, strips), not in kind."""
    kinds = {(page.axes, page.shape, page.dtype, page.photometric) for page in pages}
    if len(kinds) == 1:
        return "Q" + pages[0].axes, (len(pages), *pages[0].shape)
    shapes = sorted({str(one.shape) for one in series})
    found = f"images of different shapes, {' and '.join(shapes[:3])}" if len(shapes) > 1 else "pages of different kinds"
    raise InputError.about(file, found, "one image, or pages of one shape and type")


def _check_strips(file: Path, tiff: _Tiff) -> None:
    """Raise InputError for strips never written or ending beyond the file, which some decoders fill with zeros."""
    end = tiff.file.filehandle.size
    with decoding(file):
        pages = list(tiff.file.pages if tiff.series is None else tiff.series.pages)
        missing = sum(1 for page in pages if page is None or not _has_all_strips(page, end))
    if missing:
        raise InputError.about(file, f"{missing} page(s) with missing pixels", "a complete TIFF image")


def _has_all_strips(page: Any, end: int) -> bool:
    strips = zip(page.dataoffsets, page.databytecounts, strict=False)
    if page.keyframe.compression == tifffile.COMPRESSION.NONE:  # byte counts are often wrong here, and not needed
        return all(count > 0 for _, count in strips)
    return all(count > 0 and offset + count <= end for offset, count in strips)


def _tiff_pixels(tiff: _Tiff, page: int | None) -> np.ndarray:
    """Return the pixels of one page, or of all pages for None, as (Z, H, W, S)."""
    if tiff.series is None:
        pages = tiff.file.pages if page is None else [tiff.file.pages[page]]
        return _to_zyxs(np.stack([one.asarray() for one in pages]), tiff.axes)
    if page is not None and len(tiff.series.pages) == tiff.depth:
        one = tiff.series.pages[page]
        return _to_zyxs(one.asarray(), one.keyframe.axes)
    stack = _to_zyxs(tiff.series.asarray(), tiff.axes)
    # A single directory for many pages (ImageJ beyond 4 GB, volumes): the pixels are contiguous.
    return stack if page is None else stack[page : page + 1]


def _to_zyxs(array: np.ndarray, axes: str) -> np.ndarray:
    """Return (Z, H, W, S) from axes in any order, of which at most one besides Y, X and S is longer than 1."""
    rest = [i for i, axis in enumerate(axes) if axis not in "YXS"]
    samples = [axes.index("S")] if "S" in axes else []
    array = array.transpose(*rest, axes.index("Y"), axes.index("X"), *samples)
    shape = array.shape[len(rest) :]
    return array.reshape(-1, *shape) if samples else array.reshape(-1, *shape, 1)


def _tiff_palette(colormap: np.ndarray | None) -> np.ndarray | None:
    """Return the color of each index, (N, 3) uint8, or None if there are no colors."""
    if colormap is None:
        return None
    if (np.diff(colormap.astype(np.int64), axis=1) >= 0).all():  # a look-up table of intensities
        return None
    return (colormap >> 8).astype(np.uint8).T


def _tiff_pixel_size(tiff: tifffile.TiffFile) -> tuple[float, float] | None:
    """Return (row, column) in µm, or None if the file declares no usable size."""
    if tiff.is_ome:
        return _ome_pixel_size(tiff.ome_metadata)
    tags = tiff.pages[0].tags
    if "XResolution" not in tags or "YResolution" not in tags:
        return None
    rows, columns = tags["YResolution"].value, tags["XResolution"].value
    if 0 in (*rows, *columns):
        return None
    dots = (rows[0] / rows[1], columns[0] / columns[1])
    unit = str((tiff.imagej_metadata or {}).get("unit", "")).lower()
    if unit in MICROMETERS:
        return (MICROMETERS[unit] / dots[0], MICROMETERS[unit] / dots[1])
    lengths = {tifffile.RESUNIT.INCH: 25400.0, tifffile.RESUNIT.CENTIMETER: 10000.0}
    length = lengths.get(tiff.pages[0].resolutionunit)
    return None if length is None else size_from_dots(dots, length)


def _ome_pixel_size(xml: str) -> tuple[float, float] | None:
    pixels = next((node for node in ElementTree.fromstring(xml).iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return None
    sizes = []
    for axis in "YX":
        length = pixels.get(f"PhysicalSize{axis}")
        unit = MICROMETERS.get(pixels.get(f"PhysicalSize{axis}Unit", "µm").lower())
        if length is None or unit is None:
            return None
        sizes.append(float(length) * unit)
    return (sizes[0], sizes[1])
