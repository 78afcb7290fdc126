"""NPY, by NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ._image import ImageInfo, Stored, check_page, decoding


def describe_npy(file: Path) -> ImageInfo:
    array = _open_npy(file)
    return ImageInfo(file, array.shape[:3], array.dtype, None)


def load_npy(file: Path, page: int | None) -> Stored:
    array = _open_npy(file)
    check_page(file, page, len(array))
    return Stored(array if page is None else array[page : page + 1])


def _open_npy(file: Path) -> np.ndarray:
    """Return the file's array as (Z, H, W, S), mapped, not loaded.

    Samples are the last axis where that is at most 4 long and the others are longer: no image is 4 pixels wide.
    """
    with decoding(file):
        array: np.ndarray = np.lib.format.open_memmap(file, mode="r")
    has_samples = array.ndim > 2 and array.shape[-1] <= 4 < min(array.shape[-3:-1])
    dimensions = array.ndim - has_samples
    if dimensions not in (2, 3):
        raise InputError.about(file, f"an array of shape {array.shape}", "(H, W), (Z, H, W) or channels last")
    array = array if has_samples else array[..., np.newaxis]
    return array if dimensions == 3 else array[np.newaxis]
