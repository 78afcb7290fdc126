"""One reader for every image format: the suffix chooses the library, and nothing falls back in silence.

Arrays are (H, W), or (Z, H, W) for a stack, with ``[row, column]`` as a viewer shows them.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import tifffile
from PIL import ExifTags, Image

from .errors import InputError

JPEG_NOISE = 24
"""Largest difference between the channels of an 8-bit gray picture that was compressed as RGB."""

COARSEST_PIXEL = 20.0
"""In µm: a resolution in dots per inch or cm that gives larger pixels is meant for a printer (72 dpi is 353 µm)."""

MICROMETRES = {
    **dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
}
"""Names of units, in lower case, with their length in µm."""

# tifffile logs what it puts up with; this module looks for the same faults itself and raises.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class ImageInfo:
    """What the header of an image file says.

    Attributes:
        path: the file.
        shape: (H, W), or (Z, H, W) for a stack.
        dtype: type of the stored values; bool is given as uint8, because it is read as 0 and 1.
        pixel_size: (row, column) in µm, or None where the file declares none.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    pixel_size: tuple[float, float] | None


class _Stored(NamedTuple):
    """Pixels as the file holds them, with what is needed to show them."""

    pixels: np.ndarray  # (Z, H, W, S), S samples per pixel
    palette: np.ndarray | None = None  # (N, S): the colour of each index
    white_is_zero: bool = False


class _Format(NamedTuple):
    describe: Callable[[Path], ImageInfo]
    load: Callable[[Path, int | None], _Stored]


def is_image_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether this is a file with one of ``SUFFIXES``; hidden files, such as half-written ones, are not."""
    file = Path(path)
    return file.is_file() and not file.name.startswith(".") and file.name.lower().endswith(SUFFIXES)


def describe(path: str | os.PathLike[str]) -> ImageInfo:
    """Return shape, dtype and pixel size of an image, from its header alone.

    Args:
        path: an image file; its suffix is one of ``SUFFIXES``.

    Raises:
        InputError: the file is missing, empty, of an unknown format, or its header cannot be read.
    """
    file = _existing_file(path)
    info = _FORMATS[_suffix(file)].describe(file)
    if 0 in info.shape:
        raise InputError.about(file, f"an empty image of shape {info.shape}", "at least one pixel")
    _check_dtype(file, info.dtype)
    dtype = np.dtype(np.uint8) if info.dtype == bool else info.dtype.newbyteorder("=")
    shape = info.shape[1:] if info.shape[0] == 1 else info.shape
    return ImageInfo(file, shape, dtype, info.pixel_size)


def read_image(
    path: str | os.PathLike[str], page: int | None = None, channels: Literal["equal", "luminance"] = "equal"
) -> np.ndarray:
    """Read a gray image.

    ``[row, column]`` is what a viewer shows. A NIfTI array is (x, y, z) on disk and is transposed here and nowhere
    else: its first axis becomes the column, its last the slice, as slice views show it, and its affine is not
    applied. All other formats store rows first. A stack of one page is an image.

    Alpha is dropped where it is constant. Colour is made gray by the mean of the channels when they are equal up to
    JPEG noise (``JPEG_NOISE``). A TIFF in which white is zero is inverted, so that bright is high; a TIFF palette that
    only brightens is a microscope's look-up table and its indices are the intensities.

    Args:
        path: an image file; its suffix is one of ``SUFFIXES``.
        page: read this page (from 0) of a stack only.
        channels: ``"luminance"`` also makes differing channels gray, with the weights of ITU-R BT.601.

    Returns:
        (H, W), or (Z, H, W) for a stack, in the stored dtype; bool comes as uint8 0 and 1.

    Raises:
        InputError: the file is missing, broken or cut short, has several channels, holds NaN or infinite values, or
            has no such page.
    """
    file = _existing_file(path)
    stored = _FORMATS[_suffix(file)].load(file, page)
    _check_pixels(file, stored.pixels)
    gray = _to_gray(file, _shown(file, stored), channels)
    return _finish(gray)


def read_labels(path: str | os.PathLike[str], page: int | None = None) -> np.ndarray:
    """Read label values: instance numbers, class numbers or a binary mask.

    Orientation and pages are those of ``read_image``. Values are what is stored: a palette image gives its indices,
    several equal channels give one of them.

    Args:
        path: an image file; its suffix is one of ``SUFFIXES``.
        page: read this page (from 0) of a stack only.

    Returns:
        (H, W), or (Z, H, W) for a stack, in the stored dtype where that is unsigned, else in the smallest unsigned
        dtype that holds the values; bool comes as uint8 0 and 1.

    Raises:
        InputError: as for ``read_image``, and for values that are negative or not whole numbers.
    """
    file = _existing_file(path)
    stored = _FORMATS[_suffix(file)].load(file, page)
    _check_pixels(file, stored.pixels)
    return _finish(_to_unsigned(file, _only_channel(file, stored.pixels)))


# --------------------------------------------------------------------------------------------- the same for all formats


def _existing_file(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    if file.is_dir():
        raise InputError.about(file, "a folder", "an image file")
    if not file.exists():
        raise InputError.about(file, "no such file", "an image file")
    if file.stat().st_size == 0:
        raise InputError.about(file, "an empty file of 0 bytes", "an image")
    return file


def _suffix(file: Path) -> str:
    suffix = next((known for known in SUFFIXES if file.name.lower().endswith(known)), None)
    if suffix is None:
        raise InputError.about(file, f"the suffix '{file.suffix}'", "one of " + ", ".join(SUFFIXES))
    return suffix


@contextmanager
def _decoding(file: Path) -> Iterator[None]:
    """Turn what a library raises over broken bytes, which can be anything, into the one sentence for the user.

    Only calls into a library belong under it, so that a fault of this module keeps its traceback.
    """
    try:
        yield
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        reason = f" ({lines[0].rstrip('.')})" if len(lines) == 1 and 0 < len(lines[0]) <= 120 else ""
        found = f"a broken or incomplete file{reason}"
        raise InputError.about(file, found, f"a whole {_suffix(file)} image") from error


def _check_page(file: Path, page: int | None, count: int) -> None:
    if page is not None and not 0 <= page < count:
        raise InputError.about(file, f"{count} page(s), so no page {page}", f"a page from 0 to {count - 1}")


def _check_dtype(file: Path, dtype: np.dtype) -> None:
    if dtype.kind not in "buif":
        raise InputError.about(file, f"pixels of type {dtype}", "integers, floats or bool")


def _check_pixels(file: Path, pixels: np.ndarray) -> None:
    _check_dtype(file, pixels.dtype)
    if pixels.size == 0:
        raise InputError.about(file, f"an empty image of shape {pixels.shape[:-1]}", "at least one pixel")
    if pixels.dtype.kind == "f":
        bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise InputError.about(file, f"{bad} NaN or infinite pixels", "finite values")


def _shown(file: Path, stored: _Stored) -> np.ndarray:
    """Return the samples as a viewer shows them: palette applied, white high."""
    if stored.palette is not None:
        indices = stored.pixels[..., 0]
        if int(indices.max()) >= len(stored.palette):
            raise InputError.about(
                file, f"the palette index {indices.max()}", f"indices below {len(stored.palette)}, the palette's size"
            )
        return stored.palette[indices]
    if stored.white_is_zero:
        return _inverted(stored.pixels)
    return stored.pixels


def _inverted(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == bool:
        return ~pixels
    top = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.max()
    return top - pixels


def _drop_alpha(file: Path, samples: np.ndarray) -> np.ndarray:
    if samples.shape[-1] not in (2, 4):
        return samples
    alpha = samples[..., -1]
    if alpha.min() != alpha.max():
        raise InputError.about(
            file,
            f"{samples.shape[-1]} channels of which the last, transparency or a second signal, varies",
            "a gray image of one channel",
        )
    return samples[..., :-1]


def _spread(samples: np.ndarray) -> float:
    """Return the largest difference between the channels of one pixel."""
    planes = list(np.moveaxis(samples, -1, 0))  # plane by plane: a reduction over a short last axis is slow
    highest, lowest = reduce(np.maximum, planes), reduce(np.minimum, planes)
    return float((highest.astype(np.float64) - lowest).max())


def _to_gray(file: Path, samples: np.ndarray, channels: str) -> np.ndarray:
    """Return (Z, H, W) from (Z, H, W, S)."""
    samples = _drop_alpha(file, samples)
    if samples.shape[-1] == 1:
        return samples[..., 0]
    if samples.shape[-1] != 3:
        raise InputError.about(file, f"{samples.shape[-1]} channels", "a gray or RGB image")
    spread = _spread(samples)
    if spread == 0:
        return samples[..., 0]
    if channels == "luminance":
        return _weighted(samples, (0.299, 0.587, 0.114))
    if samples.dtype.kind == "f" or spread > JPEG_NOISE:
        raise InputError.about(
            file,
            f"colour, 3 channels that differ by up to {spread:g}",
            f"a gray image (channels within {JPEG_NOISE}); `luminance` in the manifest allows colour",
        )
    return _weighted(samples, (1 / 3, 1 / 3, 1 / 3))


def _weighted(samples: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    gray = samples @ np.asarray(weights, dtype=np.float64)
    return (gray if samples.dtype.kind == "f" else np.rint(gray)).astype(samples.dtype)


def _only_channel(file: Path, samples: np.ndarray) -> np.ndarray:
    """Return (Z, H, W) from (Z, H, W, S) with equal channels."""
    samples = _drop_alpha(file, samples)
    spread = _spread(samples) if samples.shape[-1] > 1 else 0
    if spread:
        raise InputError.about(
            file, f"{samples.shape[-1]} channels that differ by up to {spread:g}", "labels in one channel"
        )
    return samples[..., 0]


def _to_unsigned(file: Path, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "bu":
        return values
    if values.dtype.kind == "f":
        fractions = int(np.count_nonzero(values != np.rint(values)))
        if fractions:
            raise InputError.about(file, f"{fractions} pixels that are no whole numbers", "integer labels")
    if values.min() < 0:
        raise InputError.about(file, f"the negative label {values.min():g}", "labels from 0 up")
    return values.astype(np.min_scalar_type(int(values.max())))


def _finish(array: np.ndarray) -> np.ndarray:
    """Return a plain array that owns its memory: one page without Z, native byte order, no bool."""
    array = array[0] if len(array) == 1 else array
    dtype = np.dtype(np.uint8) if array.dtype == bool else array.dtype.newbyteorder("=")
    return np.array(array, dtype=dtype, order="C", copy=True)


def _size_from_dots(dots: tuple[float, float], micrometres: float) -> tuple[float, float] | None:
    """Return the pixel size from a (row, column) resolution in dots per so many µm, None when it is a printer's."""
    if min(dots) <= 0:
        return None
    size = (micrometres / dots[0], micrometres / dots[1])
    return size if max(size) <= COARSEST_PIXEL else None


def _size_from_millimetres(row: float, column: float) -> tuple[float, float] | None:
    # Libraries write 1 mm when nobody told them a size.
    if (row, column) == (1.0, 1.0) or min(row, column) <= 0:
        return None
    return (row * 1e3, column * 1e3)


# -------------------------------------------------------------------------------------------------------------- TIFF


class _Tiff(NamedTuple):
    """The one image of a TIFF file: its pages in order, and the axes that they make together."""

    file: tifffile.TiffFile
    axes: str
    shape: tuple[int, ...]
    depth: int  # pages of the stack
    series: Any  # None when the pages must be put together one by one


@contextmanager
def _open_tiff(file: Path) -> Iterator[_Tiff]:
    with _decoding(file):
        tiff = tifffile.TiffFile(file)
    with tiff:
        with _decoding(file):
            series = list(tiff.series)
            pages = [] if tiff.is_ome or len(series) == 1 else list(tiff.pages)
            last_offset = _next_page_offset(tiff)
        if not series or last_offset != 0:
            raise InputError.about(file, "a file that ends before its last page", "a whole TIFF image")
        yield _tiff_stack(file, tiff, series, pages)


def _next_page_offset(tiff: tifffile.TiffFile) -> int:
    """Return where the last readable page says that another one is; 0 when the chain is whole.

    tifffile stops at a page that lies beyond the end of the file and gives a shorter stack.
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
        raise _turned(file, orientation.value)
    if first.photometric not in _PHOTOMETRICS:
        name = getattr(first.photometric, "name", first.photometric)
        raise InputError.about(file, f"the colour model {name}", "a gray, palette or RGB image")
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
    return _Tiff(tiff, axes, shape, stacked[0] if stacked else 1, series[0] if len(series) == 1 else None)


def _common_layout(file: Path, series: list[Any], pages: list[Any]) -> tuple[str, tuple[int, ...]]:
    """Return axes and shape of a stack whose pages differ in how they are stored (compression, strips), not in kind."""
    kinds = {(page.axes, page.shape, page.dtype, page.photometric) for page in pages}
    if len(kinds) == 1:
        return "Q" + pages[0].axes, (len(pages), *pages[0].shape)
    shapes = sorted({str(one.shape) for one in series})
    found = f"images of different shapes, {' and '.join(shapes[:3])}" if len(shapes) > 1 else "pages of different kinds"
    raise InputError.about(file, found, "one image, or pages of one shape and type")


def _turned(file: Path, orientation: int) -> InputError:
    found = f"the orientation tag {orientation}, which some viewers apply and some do not"
    return InputError.about(file, found, "an image that is stored upright")


_PHOTOMETRICS = (
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
    tifffile.PHOTOMETRIC.YCBCR,
)


def _describe_tiff(file: Path) -> ImageInfo:
    with _open_tiff(file) as tiff:
        size = dict(zip(tiff.axes, tiff.shape, strict=True))
        with _decoding(file):
            pixel_size = _tiff_pixel_size(tiff.file)
        return ImageInfo(file, (tiff.depth, size["Y"], size["X"]), np.dtype(tiff.file.pages[0].dtype), pixel_size)


def _load_tiff(file: Path, page: int | None) -> _Stored:
    with _open_tiff(file) as tiff:
        _check_page(file, page, tiff.depth)
        _check_strips(file, tiff)
        with _decoding(file):
            pixels = _tiff_pixels(tiff, page)
        first = tiff.file.pages[0]
        palette = first.colormap if first.photometric == tifffile.PHOTOMETRIC.PALETTE else None
        return _Stored(
            pixels,
            _tiff_palette(palette),
            first.photometric == tifffile.PHOTOMETRIC.MINISWHITE,
        )


def _check_strips(file: Path, tiff: _Tiff) -> None:
    """Refuse strips that were never written, or end beyond the file: some decoders give zeros for them."""
    end = tiff.file.filehandle.size
    with _decoding(file):
        pages = list(tiff.file.pages if tiff.series is None else tiff.series.pages)
        missing = sum(1 for page in pages if page is None or not _has_all_strips(page, end))
    if missing:
        raise InputError.about(file, f"{missing} page(s) whose pixels are not all there", "a whole TIFF image")


def _has_all_strips(page: Any, end: int) -> bool:
    strips = zip(page.dataoffsets, page.databytecounts, strict=False)
    if page.keyframe.compression == tifffile.COMPRESSION.NONE:  # its byte counts are often wrong and not needed
        return all(count > 0 for _, count in strips)
    return all(count > 0 and offset + count <= end for offset, count in strips)


def _tiff_pixels(tiff: _Tiff, page: int | None) -> np.ndarray:
    """Return (Z, H, W, S)."""
    if tiff.series is None:
        pages = tiff.file.pages if page is None else [tiff.file.pages[page]]
        return _to_zyxs(np.stack([one.asarray() for one in pages]), tiff.axes)
    if page is not None and len(tiff.series.pages) == tiff.depth:
        one = tiff.series.pages[page]
        return _to_zyxs(one.asarray(), one.keyframe.axes)
    stack = _to_zyxs(tiff.series.asarray(), tiff.axes)
    # One directory for many pages (ImageJ beyond 4 GB, volumes): the pixels lie in one piece.
    return stack if page is None else stack[page : page + 1]


def _to_zyxs(array: np.ndarray, axes: str) -> np.ndarray:
    """Return (Z, H, W, S) from any order of axes of which one at most, beside Y, X and S, is longer than 1."""
    rest = [i for i, axis in enumerate(axes) if axis not in "YXS"]
    samples = [axes.index("S")] if "S" in axes else []
    array = array.transpose(*rest, axes.index("Y"), axes.index("X"), *samples)
    shape = array.shape[len(rest) :]
    return array.reshape(-1, *shape) if samples else array.reshape(-1, *shape, 1)


def _tiff_palette(colormap: np.ndarray | None) -> np.ndarray | None:
    if colormap is None:
        return None
    if (np.diff(colormap.astype(np.int64), axis=1) >= 0).all():
        return None
    return (colormap >> 8).astype(np.uint8).T


def _tiff_pixel_size(tiff: tifffile.TiffFile) -> tuple[float, float] | None:
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
    if unit in MICROMETRES:
        return (MICROMETRES[unit] / dots[0], MICROMETRES[unit] / dots[1])
    lengths = {tifffile.RESUNIT.INCH: 25400.0, tifffile.RESUNIT.CENTIMETER: 10000.0}
    length = lengths.get(tiff.pages[0].resolutionunit)
    return None if length is None else _size_from_dots(dots, length)


def _ome_pixel_size(xml: str) -> tuple[float, float] | None:
    pixels = next((node for node in ElementTree.fromstring(xml).iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return None
    sizes = []
    for axis in "YX":
        length = pixels.get(f"PhysicalSize{axis}")
        unit = MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm").lower())
        if length is None or unit is None:
            return None
        sizes.append(float(length) * unit)
    return (sizes[0], sizes[1])


# ------------------------------------------------------------------------------------------------- PNG, JPEG and BMP

_PILLOW_FORMATS = {".png": ("PNG",), ".jpg": ("JPEG",), ".jpeg": ("JPEG",), ".bmp": ("BMP", "DIB")}

# Pillow's modes that this reader understands, with the dtype of their samples.
_PILLOW_MODES = {
    **dict.fromkeys(("1", "L", "P", "LA", "RGB", "RGBA"), "uint8"),
    **{"I;16": "uint16", "I": "int32", "F": "float32"},
}


@contextmanager
def _open_picture(file: Path) -> Iterator[Image.Image]:
    with _decoding(file):
        picture = Image.open(file, formats=_PILLOW_FORMATS[_suffix(file)])
    with picture:
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and picture.format == "PNG":
            raise InputError.about(file, f"an animation of {frames} frames", "one image, or a TIFF stack")
        if picture.mode not in _PILLOW_MODES:
            raise InputError.about(file, f"the colour model {picture.mode}", "a gray, palette or RGB image")
        if "exif" in picture.info:  # asked for only then, because a PNG without it would be loaded to look for it
            with _decoding(file):
                orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
            if orientation not in (0, 1):
                raise _turned(file, orientation)
        yield picture


def _raw_mode(picture: Image.Image) -> str:
    """Return Pillow's name for how the samples are stored, for example ``"L;4"`` or ``"RGB;16B"``."""
    tiles = getattr(picture, "tile", [])
    args = tiles[0].args if tiles else ""
    return args if isinstance(args, str) else str(args[0]) if args else ""


def _is_deep_colour(picture: Image.Image) -> bool:
    return picture.format == "PNG" and _raw_mode(picture) in ("RGB;16B", "RGBA;16B", "LA;16B")


def _describe_picture(file: Path) -> ImageInfo:
    with _open_picture(file) as picture:
        dtype = "uint16" if _is_deep_colour(picture) else _PILLOW_MODES[picture.mode]
        columns, rows = picture.info.get("dpi", (0, 0))
        pixel_size = _size_from_dots((float(rows), float(columns)), 25400.0)
        return ImageInfo(file, (1, picture.height, picture.width), np.dtype(dtype), pixel_size)


def _load_picture(file: Path, page: int | None) -> _Stored:
    _check_page(file, page, 1)
    with _open_picture(file) as picture:
        if _is_deep_colour(picture):  # Pillow keeps only the upper 8 bits of these
            with _decoding(file):
                samples = imagecodecs.png_decode(file.read_bytes())
            return _Stored(samples[np.newaxis])
        # Pillow stretches 2 and 4 bits to 0...255; class numbers must stay what they are.
        stretch = {"L;2": 85, "L;4": 17}.get(_raw_mode(picture), 1)
        with _decoding(file):
            picture.load()
        palette = None
        if picture.mode == "P":
            palette = _picture_palette(picture)
        elif "transparency" in picture.info and picture.mode in ("L", "RGB"):
            picture = picture.convert("LA" if picture.mode == "L" else "RGBA")
        samples = np.asarray(picture) // stretch if stretch > 1 else np.asarray(picture)
        return _Stored(samples.reshape(1, picture.height, picture.width, -1), palette)


def _picture_palette(picture: Image.Image) -> np.ndarray:
    mode = "RGBA" if "transparency" in picture.info else "RGB"
    return np.array(picture.getpalette(mode), dtype=np.uint8).reshape(-1, len(mode))


# ------------------------------------------------------------------------------------------------------------- NumPy


def _open_npy(file: Path) -> np.ndarray:
    """Return the file's array as (Z, H, W, S), mapped, not loaded.

    Samples are the last axis where that is at most 4 long and the others are longer: no image is 4 pixels wide.
    """
    with _decoding(file):
        array: np.ndarray = np.lib.format.open_memmap(file, mode="r")
    has_samples = array.ndim > 2 and array.shape[-1] <= 4 < min(array.shape[-3:-1])
    dimensions = array.ndim - has_samples
    if dimensions not in (2, 3):
        raise InputError.about(file, f"an array of shape {array.shape}", "(H, W), (Z, H, W) or channels last")
    array = array if has_samples else array[..., np.newaxis]
    return array if dimensions == 3 else array[np.newaxis]


def _describe_npy(file: Path) -> ImageInfo:
    array = _open_npy(file)
    return ImageInfo(file, array.shape[:3], array.dtype, None)


def _load_npy(file: Path, page: int | None) -> _Stored:
    array = _open_npy(file)
    _check_page(file, page, len(array))
    return _Stored(array if page is None else array[page : page + 1])


# ------------------------------------------------------------------------------------------------------------- NIfTI


def _open_nifti(file: Path) -> tuple[Any, tuple[int, ...]]:
    """Return nibabel's image and its shape (x, y, z)."""
    import nibabel

    with _decoding(file):
        image: Any = nibabel.load(file)
    shape = tuple(image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (2, 3):
        raise InputError.about(file, f"an array of shape {image.shape}", "one image or one stack")
    return image, (*shape, 1)[:3]


def _describe_nifti(file: Path) -> ImageInfo:
    image, shape = _open_nifti(file)
    scaled = (image.dataobj.slope, image.dataobj.inter) != (1.0, 0.0)
    dtype = np.dtype(np.float64) if scaled else image.header.get_data_dtype()
    unit = image.header.get_xyzt_units()[0]
    column, row = (float(zoom) for zoom in image.header.get_zooms()[:2])
    millimetres = {"mm": 1.0, "micron": 1e-3, "meter": 1e3}.get(unit)
    size = None if millimetres is None else _size_from_millimetres(row * millimetres, column * millimetres)
    return ImageInfo(file, shape[::-1], dtype, size)


def _load_nifti(file: Path, page: int | None) -> _Stored:
    image, shape = _open_nifti(file)
    _check_page(file, page, shape[2])
    with _decoding(file):
        if page is None or len(image.shape) == 2:
            array = np.asarray(image.dataobj).reshape(shape)
        else:
            index = (slice(None), slice(None), slice(page, page + 1)) + (0,) * (len(image.shape) - 3)
            array = np.asarray(image.dataobj[index])
    return _Stored(array.T[..., np.newaxis])


# ------------------------------------------------------------------------------------- NRRD, MetaImage and DICOM by ITK

_ITK_READERS = {".nrrd": "NrrdImageIO", ".mha": "MetaImageIO", ".mhd": "MetaImageIO", ".dcm": "GDCMImageIO"}
_ITK_DTYPES = {
    "unsigned_char": "uint8",
    "char": "int8",
    "unsigned_short": "uint16",
    "short": "int16",
    "unsigned_int": "uint32",
    "int": "int32",
    "float": "float32",
    "double": "float64",
}


def _open_itk(file: Path) -> tuple[Any, tuple[int, ...]]:
    """Return ITK's reader with the header read, and the size (x, y, z)."""
    import itk

    reader = getattr(itk, _ITK_READERS[_suffix(file)]).New()
    reader.SetFileName(str(file))
    with _decoding(file):
        reader.ReadImageInformation()
    dimensions = reader.GetNumberOfDimensions()
    size = tuple(int(reader.GetDimensions(i)) for i in range(dimensions))
    if dimensions not in (2, 3):
        raise InputError.about(file, f"an array of {dimensions} dimensions", "one image or one stack")
    return reader, (*size, 1)[:3]


def _itk_dtype(file: Path, reader: Any) -> np.dtype:
    name = reader.GetComponentTypeAsString(reader.GetComponentType())
    pixel = reader.GetPixelTypeAsString(reader.GetPixelType())
    if name not in _ITK_DTYPES or "complex" in pixel:
        raise InputError.about(file, f"{pixel} pixels of type {name}", "one of " + ", ".join(_ITK_DTYPES.values()))
    return np.dtype(_ITK_DTYPES[name])


def _describe_itk(file: Path) -> ImageInfo:
    reader, size = _open_itk(file)
    pixel_size = _size_from_millimetres(reader.GetSpacing(1), reader.GetSpacing(0))
    return ImageInfo(file, size[::-1], _itk_dtype(file, reader), pixel_size)


def _load_itk(file: Path, page: int | None) -> _Stored:
    import itk

    reader, size = _open_itk(file)
    dtype = _itk_dtype(file, reader)
    _check_page(file, page, size[2])
    with _decoding(file):
        array = itk.array_from_image(itk.imread(str(file), imageio=reader))
    array = array.reshape(*size[::-1], -1)
    if array.dtype != dtype:
        raise InputError.about(file, f"{dtype} values that ITK reads as {array.dtype}", "a type that ITK keeps")
    return _Stored(array if page is None else array[page : page + 1])


_FORMATS = {
    **dict.fromkeys((".tif", ".tiff", ".btf", ".tf8"), _Format(_describe_tiff, _load_tiff)),
    **dict.fromkeys(_PILLOW_FORMATS, _Format(_describe_picture, _load_picture)),
    ".npy": _Format(_describe_npy, _load_npy),
    **dict.fromkeys((".nii.gz", ".nii"), _Format(_describe_nifti, _load_nifti)),
    **dict.fromkeys(_ITK_READERS, _Format(_describe_itk, _load_itk)),
}

SUFFIXES = tuple(_FORMATS)
"""Suffixes of the files that this module reads, in lower case; a file's own may be in upper case."""
