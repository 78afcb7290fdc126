"""Reader of NPY files, with NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ._axes import View, axes_of, pages_of_array, to_zyxs
from ._image import ImageInfo, Stored, check_page, decoding


def describe_npy(file: Path, view: View) -> ImageInfo:
    """Return what the header of an NPY file declares."""
    array = _open_npy(file, view)
    return ImageInfo(file, array.shape[:3], array.dtype, None)


def load_npy(file: Path, page: int | None, view: View) -> Stored:
    """Return the pixels of one page, or of all pages for None."""
    array = _open_npy(file, view)
    check_page(file, page, len(array))
    return Stored(array if page is None else array[page : page + 1])


def _open_npy(file: Path, view: View) -> np.ndarray:
    """Return the array of a file as (Z, H, W, S), memory-mapped.

    The last axis holds samples if its length is at most 4 and both axes before it are longer: no image is that narrow.
    """
    with decoding(file):
        array: np.ndarray = np.lib.format.open_memmap(file, mode="r")
    has_samples = array.ndim > 2 and array.shape[-1] <= 4 < min(array.shape[-3:-1])
    dimensions = array.ndim - has_samples
    if view.axes is None and dimensions not in (2, 3):
        expected = "(H, W), (Z, H, W) or channels last; --axes names others, such as --axes ZCYX"
        raise InputError.about(file, f"an array of shape {array.shape}", expected)
    axes = axes_of(file, array.shape, "", view.axes) or "ZYX"[-dimensions:] + "S" * has_samples
    pages_of_array(file, array.shape, axes, view.channel)
    return to_zyxs(array, axes)
