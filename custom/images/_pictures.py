"""Reader of PNG, JPEG and BMP files, with Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import ExifTags, Image

from ..errors import InputError
from ._image import ImageInfo, Stored, check_page, check_plausible, decoding, orientation_error, suffix_of
from ._pixel_size import size_from_dots

PILLOW_FORMATS = {".png": ("PNG",), ".jpg": ("JPEG",), ".jpeg": ("JPEG",), ".bmp": ("BMP", "DIB")}

# Supported image modes of Pillow, with the dtype of their samples.
_PILLOW_MODES = {
    **dict.fromkeys(("1", "L", "P", "LA", "RGB", "RGBA"), "uint8"),
    **{"I;16": "uint16", "I": "int32", "F": "float32"},
}


def describe_picture(file: Path) -> ImageInfo:
    """Return what the header of a PNG, JPEG or BMP file declares."""
    with _open_picture(file) as picture:
        dtype = "uint16" if _is_16_bit_color(picture) else _PILLOW_MODES[picture.mode]
        columns, rows = picture.info.get("dpi", (0, 0))
        pixel_size = size_from_dots((float(rows), float(columns)), 25400.0)
        return ImageInfo(file, (1, picture.height, picture.width), np.dtype(dtype), pixel_size)


def load_picture(file: Path, page: int | None) -> Stored:
    """Return the pixels of the only page."""
    check_page(file, page, 1)
    with _open_picture(file) as picture:
        if _is_16_bit_color(picture):  # Pillow would keep only the upper 8 bits
            with decoding(file):
                samples = imagecodecs.png_decode(file.read_bytes())
            return Stored(samples[np.newaxis])
        # Pillow stretches samples of 2 and 4 bits to 0…255, but class numbers must not change.
        stretch = {"L;2": 85, "L;4": 17}.get(_raw_mode(picture), 1)
        with decoding(file):
            picture.load()
        palette = None
        if picture.mode == "P":
            palette = _picture_palette(picture)
        elif "transparency" in picture.info and picture.mode in ("L", "RGB"):
            picture = picture.convert("LA" if picture.mode == "L" else "RGBA")
        samples = np.asarray(picture) // stretch if stretch > 1 else np.asarray(picture)
        return Stored(samples.reshape(1, picture.height, picture.width, -1), palette)


@contextmanager
def _open_picture(file: Path) -> Iterator[Image.Image]:
    with decoding(file), _without_limit():
        picture = Image.open(file, formats=PILLOW_FORMATS[suffix_of(file)])
    with picture:
        check_plausible(file, (*picture.size, len(picture.getbands())), 4 if picture.mode in ("I", "F") else 2)
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and picture.format == "PNG":
            raise InputError.about(file, f"an animation of {frames} frames", "one image, or a TIFF stack")
        if picture.mode not in _PILLOW_MODES:
            raise InputError.about(file, f"the color model {picture.mode}", "a gray, palette or RGB image")
        if "exif" in picture.info:  # checked first: Pillow would load a whole PNG to search for EXIF data
            with decoding(file):
                orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
            if orientation not in (0, 1):
                raise orientation_error(file, orientation)
        yield picture


@contextmanager
def _without_limit() -> Iterator[None]:
    """Let Pillow open images of any size; `check_plausible` compares the size with that of the file."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _raw_mode(picture: Image.Image) -> str:
    """Return Pillow's name of the storage layout, for example ``"L;4"`` or ``"RGB;16B"``."""
    tiles = getattr(picture, "tile", [])
    args = tiles[0].args if tiles else ""
    return args if isinstance(args, str) else str(args[0]) if args else ""


def _is_16_bit_color(picture: Image.Image) -> bool:
    return picture.format == "PNG" and _raw_mode(picture) in ("RGB;16B", "RGBA;16B", "LA;16B")


def _picture_palette(picture: Image.Image) -> np.ndarray:
    mode = "RGBA" if "transparency" in picture.info else "RGB"
    return np.array(picture.getpalette(mode), dtype=np.uint8).reshape(-1, len(mode))
