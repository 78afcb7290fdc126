"""Reader of TIFF files, images and stacks of pages, with tifffile."""

from __future__ import annotations

import logging
import math
import os
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import tifffile

from ..errors import InputError
from ._axes import View, axes_of, pages_of_array, size_along, to_zyxs
from ._image import ImageInfo, Stored, check_page, check_plausible, decoding, orientation_error
from ._pixel_size import declared_size, size_from_dots

# tifffile only logs the defects that it tolerates; this module checks for the same defects and raises.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_PHOTOMETRICS = (
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
    tifffile.PHOTOMETRIC.YCBCR,
)


class _Layout(NamedTuple):
    """A TIFF file as a single image or stack, after all of its directories were read once."""

    axes: str  # of the whole image or stack
    shape: tuple[int, ...]
    dtype: np.dtype
    depth: int  # pages of the stack; 0 before the axes were checked
    directories: tuple[int, ...]  # offset in the file of the directory of each plane; one for all in a volume
    contiguous: int | None  # offset of the pixels of all pages, if they are neither compressed nor scattered
    palette: np.ndarray | None
    white_is_zero: int | None  # the value of black, see `Stored`
    separate: bool  # see `Stored`
    pixel_size: tuple[float, float] | None


def describe_tiff(file: Path, view: View) -> ImageInfo:
    """Return what the header of a TIFF file declares."""
    layout = _layout_of(file, view)
    size = dict(zip(layout.axes, layout.shape, strict=True))
    return ImageInfo(file, (layout.depth, size["Y"], size["X"]), layout.dtype, layout.pixel_size)


def load_tiff(file: Path, page: int | None, view: View) -> Stored:
    """Return the pixels of one page, or of all pages for None; time and memory for a page do not grow with a stack."""
    layout = _layout_of(file, view)
    check_page(file, page, layout.depth)
    if page is not None and layout.contiguous is None and _has_own_planes(layout):
        pixels = _decoded_page(file, layout, page)
    else:
        pixels = _decoded(file, layout.directories) if layout.contiguous is None else _mapped(file, layout)
        pixels = to_zyxs(pixels.reshape(layout.shape), layout.axes)
        pixels = pixels if page is None else pixels[page : page + 1]
    return Stored(pixels, layout.palette, layout.white_is_zero, layout.separate)


def _mapped(file: Path, layout: _Layout) -> np.ndarray:
    """Return the pixels of all pages, memory-mapped."""
    with decoding(file):
        return np.memmap(file, layout.dtype, "r", layout.contiguous or 0, layout.shape)


def _leading(layout: _Layout) -> int:
    """Return the number of axes along which planes have directories of their own."""
    counts = [math.prod(layout.shape[:axes]) for axes in range(len(layout.shape))]
    return counts.index(len(layout.directories))


def _has_own_planes(layout: _Layout) -> bool:
    """Return whether no directory holds pixels of several pages, and no page is cut by them."""
    leading = _leading(layout)
    within = [axis for axis, n in zip(layout.axes[leading:], layout.shape[leading:], strict=True) if n > 1]
    return not set("YX") & set(layout.axes[:leading]) and set(within) <= set("YXS")


def _decoded_page(file: Path, layout: _Layout, page: int) -> np.ndarray:
    """Return the pixels of a page as (1, H, W, S), from the directories of its planes alone."""
    leading = _leading(layout)
    numbers = np.arange(len(layout.directories)).reshape(*layout.shape[:leading], 1, 1)
    planes = [layout.directories[number] for number in to_zyxs(numbers, layout.axes[:leading] + "YX")[page].flat]
    pixels = _decoded(file, planes).reshape(len(planes), *layout.shape[leading:])
    return to_zyxs(pixels, "C" + layout.axes[leading:].replace("C", "Q"))


def _decoded(file: Path, directories: Sequence[int]) -> np.ndarray:
    """Return the pixels of these directories, along a new first axis."""
    with decoding(file), tifffile.TiffFile(file) as tiff:
        pages = [_page_at(tiff, offset) for offset in directories]
        missing = sum(not _has_all_strips(page, tiff.filehandle.size) for page in pages)
        arrays = [] if missing else [page.asarray() for page in pages]
    if missing:
        raise InputError.about(file, f"{missing} page(s) with missing pixels", "a complete TIFF image")
    return arrays[0][np.newaxis] if len(arrays) == 1 else np.stack(arrays)


def _page_at(tiff: tifffile.TiffFile, offset: int) -> tifffile.TiffPage:
    tiff.filehandle.seek(offset)
    return tifffile.TiffPage(tiff, index=0)


def _layout_of(file: Path, view: View) -> _Layout:
    status = file.stat()
    layout = _read_layout(file, status.st_size, status.st_mtime_ns, status.st_ino)
    axes = axes_of(file, layout.shape, layout.axes, view.axes)
    depth = pages_of_array(file, layout.shape, axes, view.channel)
    pixel_size = layout.pixel_size if view.axes is None else size_along(layout.pixel_size, layout.axes, axes)
    return layout._replace(axes=axes, depth=depth, pixel_size=pixel_size)


@lru_cache(maxsize=256)
def _read_layout(file: Path, size: int, modified: int, inode: int) -> _Layout:
    """Return the declared layout of a file; the numbers tell a changed file from the one that was read before."""
    with decoding(file):
        tiff = tifffile.TiffFile(file)
    with tiff:
        own_pages = tiff.is_scanimage or (tiff.is_ome and _is_one_of_a_set(file, tiff))
        with decoding(file):
            # The header of ScanImage counts frames that were averaged, never recorded or written to other files.
            series = [] if own_pages else _images(tiff.series)
        if any(one.is_multifile for one in series):  # Micro-Manager's; offsets of pages are those in other files
            _check_channels_of_set(file, tiff, dict(zip(series[0].axes, series[0].shape, strict=True)).get("C", 1))
            series = []
        with decoding(file):
            pages = [] if series and (tiff.is_ome or len(series) == 1) else _images(tiff.pages)
            last_offset = _next_page_offset(tiff)
        if not (series or pages) or last_offset != 0:
            raise InputError.about(file, "a file that ends before its last page", "a complete TIFF image")
        return _stack_layout(file, tiff, series, pages)


def _images(parts: Iterable[Any]) -> list[Any]:
    """Return the series or pages without thumbnails and other reduced images."""
    every = list(parts)
    return [part for part in every if not part.keyframe.is_reduced] or every


def _is_one_of_a_set(file: Path, tiff: tifffile.TiffFile) -> bool:
    """Return whether an OME-TIFF is one of several files with one OME-XML; check the size that this claims."""
    with decoding(file):
        tree = ElementTree.fromstring(tiff.ome_metadata or "")
    is_set = len({node.get("FileName") for node in tree.iter() if node.tag.endswith("}UUID")}) > 1
    for node in tree.iter():
        if node.tag.endswith("}Pixels"):
            with decoding(file):
                shape = tuple(int(node.get(f"Size{axis}", 1)) for axis in "TZCYX")
            if not is_set:
                check_plausible(file, shape, np.dtype(tiff.pages[0].dtype).itemsize)
            else:
                _check_channels_of_set(file, tiff, shape[2])
    return is_set


def _check_channels_of_set(file: Path, tiff: tifffile.TiffFile, channels: int) -> None:
    """Raise InputError if the pages of this file may be of any channel."""
    if channels > 1 and len(tiff.pages) > 1:
        raise InputError.about(file, f"{channels} channels in a set of files", "one channel")


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


def _stack_layout(file: Path, tiff: tifffile.TiffFile, series: list[Any], pages: list[Any]) -> _Layout:
    first = pages[0].keyframe if pages else series[0].keyframe
    orientation = first.tags.get("Orientation")
    if orientation is not None and orientation.value not in (0, 1):
        raise orientation_error(file, orientation.value)
    if first.photometric not in _PHOTOMETRICS:
        name = getattr(first.photometric, "name", first.photometric)
        raise InputError.about(file, f"the color model {name}", "a gray, palette or RGB image")
    one = series[0] if len(series) == 1 else None
    axes, shape = _common_layout(file, tiff, series, pages) if one is None else (one.axes, one.shape)
    check_plausible(file, shape, np.dtype(first.dtype).itemsize)
    with decoding(file):
        own_pages = one is not None and one.kind == "ndtiff"  # whose series has no directories
        contained = list(tiff.pages if own_pages else pages if one is None else one.pages)
    if None in contained:
        raise InputError.about(file, f"{contained.count(None)} page(s) with missing pixels", "a complete TIFF image")
    with decoding(file):
        pixel_size = _tiff_pixel_size(file, tiff, first)
    contiguous = None if one is None else one.dataoffset
    if one is not None and contiguous is not None and contiguous + one.nbytes > tiff.filehandle.size:
        raise InputError.about(file, "a file that ends before its last pixels", "a complete TIFF image")
    palette = first.colormap if first.photometric == tifffile.PHOTOMETRIC.PALETTE else None
    white_is_zero = first.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    return _Layout(
        axes,
        shape,
        np.dtype(first.dtype) if contiguous is None else np.dtype(first.dtype).newbyteorder(tiff.byteorder),
        0,
        tuple(page.offset for page in contained),
        contiguous,
        _tiff_palette(palette),
        2**first.bitspersample - 1 if white_is_zero else None,
        first.planarconfig == tifffile.PLANARCONFIG.SEPARATE,
        pixel_size,
    )


def _common_layout(
    file: Path, tiff: tifffile.TiffFile, series: list[Any], pages: list[Any]
) -> tuple[str, tuple[int, ...]]:
    """Return axes and shape of a stack whose pages differ only in storage (compression, strips), not in kind."""
    kinds = {(page.axes, page.shape, page.dtype, page.photometric) for page in pages}
    if len(kinds) == 1:
        return ("Q" + pages[0].axes, (len(pages), *pages[0].shape))
    if tiff.is_ome:
        raise InputError.about(file, f"{len(series)} positions or series", "one; export each to a file of its own")
    shapes = sorted({str(one.shape) for one in series or pages})
    found = f"images of different shapes, {' and '.join(shapes[:3])}" if len(shapes) > 1 else "pages of different kinds"
    raise InputError.about(file, found, "one image, or pages of one shape and type")


def _has_all_strips(page: Any, end: int) -> bool:
    """Return whether all strips were written and end within the file; some decoders fill others with zeros."""
    strips = zip(page.dataoffsets, page.databytecounts, strict=False)
    if page.keyframe.compression == tifffile.COMPRESSION.NONE:  # byte counts are often wrong here, and not needed
        return all(count > 0 for _, count in strips)
    return all(count > 0 and offset + count <= end for offset, count in strips)


def _tiff_palette(colormap: np.ndarray | None) -> np.ndarray | None:
    """Return the color of each index, (N, 3) uint8, or None if there are no colors."""
    if colormap is None:
        return None
    if (np.diff(colormap.astype(np.int64), axis=1) >= 0).all():  # a look-up table of intensities
        return None
    return (colormap >> 8).astype(np.uint8).T


def _tiff_pixel_size(file: Path, tiff: tifffile.TiffFile, first: tifffile.TiffPage) -> tuple[float, float] | None:
    """Return (row, column) in µm, or None if the file declares no usable size."""
    if tiff.is_ome:
        return _ome_pixel_size(file, tiff.ome_metadata or "")
    calibration = _calibration(tiff)
    if calibration is not None:
        return declared_size(file, *calibration)
    tags = first.tags
    if "XResolution" not in tags or "YResolution" not in tags:
        return None
    dots = [_quotient(tags[f"{axis}Resolution"].value) for axis in "YX"]
    metadata = tiff.imagej_metadata or {}
    unit = str(metadata.get("unit", ""))
    if tiff.is_imagej and unit.lower() not in ("inch", "inches", "in", "cm", ""):  # these are a printer's, see below
        lengths = [1 / dot if dot else math.nan for dot in dots]
        return declared_size(file, lengths, (str(metadata.get("yunit", unit)), unit))
    of_unit = {tifffile.RESUNIT.INCH: 25400.0, tifffile.RESUNIT.CENTIMETER: 10000.0}
    length = {"inch": 25400.0, "inches": 25400.0, "in": 25400.0, "cm": 10000.0}.get(unit.lower())
    return size_from_dots(dots, length or of_unit.get(first.resolutionunit, math.nan))


def _quotient(value: Any) -> float:
    """Return a resolution, which TIFF stores as numerator and denominator; 0 if it is none."""
    numerator, denominator = value if isinstance(value, tuple) and len(value) == 2 else (0, 0)
    return numerator / denominator if denominator else 0.0


def _calibration(tiff: tifffile.TiffFile) -> tuple[Sequence[Any], Sequence[str]] | None:
    """Return the lengths of a pixel (row, column) and their units from a microscope's own tags, or None."""
    stack = tiff.stk_metadata if tiff.is_stk else None  # MetaMorph
    if stack and stack.get("XCalibration") and stack.get("SpatialCalibration", 1):
        unit = str(stack.get("CalibrationUnits", ""))
        return (stack.get("YCalibration"), stack["XCalibration"]), (unit, unit)
    plane = (tiff.metaseries_metadata or {}).get("PlaneInfo", {}) if tiff.is_metaseries else {}  # MetaMorph since 7.5
    if plane.get("spatial-calibration-state"):
        unit = str(plane.get("spatial-calibration-units", ""))
        return (plane.get("spatial-calibration-y"), plane.get("spatial-calibration-x")), (unit, unit)
    fei = (tiff.fei_metadata or {}) if tiff.is_fei else {}  # FEI and Thermo Fisher: scans of either or the ion beam
    scan = next((fei[name] for name in ("Scan", "EScan", "IScan") if (fei.get(name) or {}).get("PixelWidth")), None)
    if scan:
        return (scan.get("PixelHeight", scan["PixelWidth"]), scan["PixelWidth"]), ("m", "m")
    zeiss = (tiff.sem_metadata or {}).get("ap_image_pixel_size") if tiff.is_sem else None
    if zeiss and len(zeiss) == 3:
        return (zeiss[1], zeiss[1]), (str(zeiss[2]), str(zeiss[2]))
    sis = tiff.sis_metadata if tiff.is_sis else None  # Olympus
    if sis and sis.get("pixelsizex"):
        return (sis.get("pixelsizey"), sis["pixelsizex"]), ("m", "m")
    return None


def _ome_pixel_size(file: Path, xml: str) -> tuple[float, float] | None:
    pixels = next((node for node in ElementTree.fromstring(xml).iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return None
    lengths = [pixels.get(f"PhysicalSize{axis}") for axis in "YX"]
    return declared_size(file, lengths, [pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "YX"])
