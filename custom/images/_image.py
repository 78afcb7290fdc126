"""Common parts of all readers: the types that they return, handling of damaged files, checks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError

_ALWAYS_PLAUSIBLE = 2**26  # bytes of pixels, accepted for a file of any size
_LARGEST_COMPRESSION = 50_000  # zstd compresses an empty image by a factor of 32,768, other methods by less


@dataclass(frozen=True)
class ImageInfo:
    """The declarations in the header of an image file.

    Attributes:
        path: the file.
        shape: (H, W), or (Z, H, W) for a stack.
        dtype: type of the stored values; uint8 for bool, which is read as 0 and 1.
        pixel_size: (row, column) in µm, or None if the file declares none.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    pixel_size: tuple[float, float] | None


class Stored(NamedTuple):
    """Pixels as stored in a file, with the information needed to display them."""

    pixels: np.ndarray  # (Z, H, W, S), S samples per pixel
    palette: np.ndarray | None = None  # (N, S): the color of each index
    white_is_zero: int | None = None  # in a file in which 0 is white: the value of black
    separate: bool = False  # samples in planes of their own: how tifffile also writes 3 or 4 slices by default


def suffix_of(file: Path) -> str:
    """Return the suffix of a file in lower case, including the dot; for compressed files both parts: ``.nii.gz``."""
    found = re.search(r"\.[^.]*(\.gz)?\Z", file.name.lower())
    return found.group() if found else ""


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Turn any exception that a library raises for a damaged file into an `InputError`.

    Wrap only calls into libraries, so that errors of this package keep their traceback.
    """
    try:
        yield
    except PermissionError as error:
        raise InputError.about(file, "a file without read permission", "a readable file") from error
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        short = len(lines) == 1 and 0 < len(lines[0]) <= 120 and str(file) not in lines[0]  # or the name appears twice
        reason = f" ({lines[0].rstrip('.')})" if short else ""
        found = f"a broken or incomplete file{reason}"
        raise InputError.about(file, found, f"a complete {suffix_of(file)} image") from error


def check_plausible(file: Path, shape: tuple[int, ...], itemsize: int, stored: int | None = None) -> None:
    """Raise InputError if a header declares more pixels than a file of this size can hold with any compression.

    Args:
        file: the file, of which only the header has been read.
        shape: the declared shape, including samples.
        itemsize: bytes per sample.
        stored: size in bytes of the file with the pixels, if that is a separate file.
    """
    declared = math.prod(shape) * itemsize
    stored = file.stat().st_size if stored is None else stored
    if declared > _ALWAYS_PLAUSIBLE + _LARGEST_COMPRESSION * stored:
        size = " × ".join(map(str, shape))
        raise InputError.about(file, f"a header that declares {size} pixels in {stored} bytes", "a complete image")


def check_page(file: Path, page: int | None, count: int) -> None:
    """Raise InputError unless a file with ``count`` pages has this page; None stands for all pages."""
    if page is not None and not 0 <= page < count:
        raise InputError.about(file, f"no page {page} among {count} page(s)", f"a page from 0 to {count - 1}")


def check_dtype(file: Path, dtype: np.dtype) -> None:
    """Raise InputError unless the pixels are integers, floats or bool."""
    if dtype.kind not in "buif":
        raise InputError.about(file, f"pixels of type {dtype}", "integers, floats or bool")


def check_pixels(file: Path, pixels: np.ndarray) -> None:
    """Raise InputError unless there is at least one pixel and all are finite numbers."""
    check_dtype(file, pixels.dtype)
    if pixels.size == 0:
        raise InputError.about(file, f"an empty image of shape {pixels.shape[:-1]}", "at least one pixel")
    if pixels.dtype.kind == "f":
        bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise InputError.about(file, f"{bad} NaN or infinite pixels", "finite values")


def orientation_error(file: Path, orientation: int) -> InputError:
    """Return the error for an image whose orientation tag asks for a rotation or reflection."""
    found = f"the orientation tag {orientation}, which some viewers apply and some do not"
    return InputError.about(file, found, "an image stored upright")
