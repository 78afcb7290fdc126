"""Reader of NPY files, with NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ._image import ImageInfo, Stored, check_page, decoding


def describe_npy(file: Path) -> ImageInfo:
    """Return what the header of an NPY file declares."""
    array = _open_npy(file)
    return ImageInfo(file, array.shape[:3], array.dtype, None)


def load_npy(file: Path, page: int | None) -> Stored:
    """Return the pixels of one page, or of all pages for None."""
    array = _open_npy(file)
    check_page(file, page, len(array))
    return Stored(array if page is None else array[page : page + 1])


def _open_npy(file: Path) -> np.ndarray:
    """Return the array of a file as (Z, H, W, S), memory-mapped.

    The last axis holds samples if its length is at most 4 and both axes before it are longer: no image is that narrow.
    """
    with decoding(file):
        array: np.ndarray = np.lib.format.open_memmap(file, mode="r")
    has_samples = array.ndim > 2 and array.shape[-1] <= 4 < min(array.shape[-3:-1])
    dimensions = array.ndim - has_samples
    if dimensions not in (2, 3):
        raise InputError.about(file, f"an array of shape {array.shape}", "(H, W), (Z, H, W) or channels last")
    array = array if has_samples else array[..., np.newaxis]
    return array if dimensions == 3 else array[np.newaxis]
