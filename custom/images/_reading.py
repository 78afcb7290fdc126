"""Describe and read a file of any format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import InputError
from ._channels import only_channel, shown, to_gray, to_unsigned
from ._formats import format_of
from ._image import ImageInfo, check_dtype, check_pixels


def describe(path: str | os.PathLike[str]) -> ImageInfo:
    """Return shape, dtype and pixel size of an image, from its header alone.

    Args:
        path: an image file; its suffix is one of ``SUFFIXES``.

    Raises:
        InputError: the file is missing, empty, of an unknown format, or its header cannot be read.
    """
    file = _existing_file(path)
    info = format_of(file).describe(file)
    if 0 in info.shape:
        raise InputError.about(file, f"an empty image of shape {info.shape}", "at least one pixel")
    check_dtype(file, info.dtype)
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
    stored = format_of(file).load(file, page)
    check_pixels(file, stored.pixels)
    gray = to_gray(file, shown(file, stored), channels)
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
    stored = format_of(file).load(file, page)
    check_pixels(file, stored.pixels)
    return _finish(to_unsigned(file, only_channel(file, stored.pixels)))


def _existing_file(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    try:
        if file.is_dir():
            raise InputError.about(file, "a folder", "an image file")
        if not file.exists():
            raise InputError.about(file, "no such file", "an image file")
        size = file.stat().st_size
    except OSError as error:  # it lies in a folder that may not be entered, or has an impossible name
        raise InputError.about(file, f"nothing that can be read ({error.strerror})", "an image file") from error
    if size == 0:
        raise InputError.about(file, "an empty file of 0 bytes", "an image")
    return file


def _finish(array: np.ndarray) -> np.ndarray:
    """Return a plain array that owns its memory: one page without Z, native byte order, no bool."""
    array = array[0] if len(array) == 1 else array
    dtype = np.dtype(np.uint8) if array.dtype == bool else array.dtype.newbyteorder("=")
    return np.array(array, dtype=dtype, order="C", copy=True)
