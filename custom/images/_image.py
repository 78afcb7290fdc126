"""What a reader of a format gives, and what all of them share: broken bytes, pages, checks."""

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

_ALWAYS_PLAUSIBLE = 2**26  # bytes
_LARGEST_COMPRESSION = 50_000  # zstd makes an empty image 32,768 times smaller, the others less


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


class Stored(NamedTuple):
    """Pixels as the file holds them, with what is needed to show them."""

    pixels: np.ndarray  # (Z, H, W, S), S samples per pixel
    palette: np.ndarray | None = None  # (N, S): the colour of each index
    white_is_zero: bool = False


def suffix_of(file: Path) -> str:
    """Return the suffix in lower case, with a dot; before ``.gz`` also the one of what is compressed: ``.nii.gz``."""
    found = re.search(r"\.[^.]*(\.gz)?\Z", file.name.lower())
    return found.group() if found else ""


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Turn what a library raises over broken bytes, which can be anything, into the one sentence for the user.

    Only calls into a library belong under it, so that a fault of this package keeps its traceback.
    """
    try:
        yield
    except PermissionError as error:
        raise InputError.about(file, "a file that may not be read", "one that you may read") from error
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        reason = f" ({lines[0].rstrip('.')})" if len(lines) == 1 and 0 < len(lines[0]) <= 120 else ""
        found = f"a broken or incomplete file{reason}"
        raise InputError.about(file, found, f"a whole {suffix_of(file)} image") from error


def check_claim(file: Path, shape: tuple[int, ...], itemsize: int, held: int | None = None) -> None:
    """Raise InputError for a header that claims more pixels than any compression could have put into its file.

    Args:
        file: the file, from which nothing but the header was read.
        shape: what the header says, samples included.
        itemsize: bytes of a sample.
        held: bytes of the file that holds the pixels, where that is another one.
    """
    claimed = math.prod(shape) * itemsize
    held = file.stat().st_size if held is None else held
    if claimed > _ALWAYS_PLAUSIBLE + _LARGEST_COMPRESSION * held:
        size = " × ".join(map(str, shape))
        raise InputError.about(file, f"{held} bytes that claim to hold {size} pixels", "a whole image")


def check_page(file: Path, page: int | None, count: int) -> None:
    """Raise InputError unless the file, which has so many pages, has this one; None is all of them."""
    if page is not None and not 0 <= page < count:
        raise InputError.about(file, f"{count} page(s), so no page {page}", f"a page from 0 to {count - 1}")


def check_dtype(file: Path, dtype: np.dtype) -> None:
    """Raise InputError unless pixels are integers, floats or bool."""
    if dtype.kind not in "buif":
        raise InputError.about(file, f"pixels of type {dtype}", "integers, floats or bool")


def check_pixels(file: Path, pixels: np.ndarray) -> None:
    """Raise InputError unless there are pixels, of a type that can be shown, and all finite."""
    check_dtype(file, pixels.dtype)
    if pixels.size == 0:
        raise InputError.about(file, f"an empty image of shape {pixels.shape[:-1]}", "at least one pixel")
    if pixels.dtype.kind == "f":
        bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise InputError.about(file, f"{bad} NaN or infinite pixels", "finite values")


def turned(file: Path, orientation: int) -> InputError:
    """Return the error for an image that is to be turned or mirrored when it is shown."""
    found = f"the orientation tag {orientation}, which some viewers apply and some do not"
    return InputError.about(file, found, "an image that is stored upright")
