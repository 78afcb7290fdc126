"""Describing and reading image files of any format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ._axes import View
from ._channels import as_displayed, as_labeled, only_channel, to_colors, to_gray, to_unsigned
from ._formats import format_of
from ._image import ImageInfo, check_dtype, check_pixels


def describe(path: str | os.PathLike[str], axes: str | None = None, channel: int | None = None) -> ImageInfo:
    """Return shape, dtype and pixel size of an image; only its header is read.

    Args:
        path: an image file with one of ``SUFFIXES``.
        axes: as in `read_image`.
        channel: as in `read_image`.

    Raises:
        InputError: the file is missing, empty or of an unknown format, its header cannot be read, the axes do not fit,
            or it has several channels along an axis of its own and ``channel`` is none of them.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/stack.npy", np.zeros((5, 64, 48), np.float32))
        ...     describe(f"{folder}/stack.npy").shape
        (5, 64, 48)
    """
    file = _existing_file(path)
    info = format_of(file).describe(file, View(axes, channel))
    if 0 in info.shape:
        raise InputError.about(file, f"an empty image of shape {info.shape}", "at least one pixel")
    check_dtype(file, info.dtype)
    dtype = np.dtype(np.uint8) if info.dtype == bool else info.dtype.newbyteorder("=")
    shape = info.shape[1:] if info.shape[0] == 1 else info.shape
    return ImageInfo(file, shape, dtype, info.pixel_size)


def read_image(
    path: str | os.PathLike[str],
    page: int | None = None,
    channels: Literal["equal", "luminance"] = "equal",
    channel: int | None = None,
    axes: str | None = None,
) -> np.ndarray:
    """Read a gray image.

    The array is indexed as a viewer displays the image: ``[row, column]``. A NIfTI array is (x, y, z) on disk and is
    transposed here and nowhere else: its first axis becomes the column and its last axis the slice, as in slice views;
    its affine is not applied. All other formats store rows first. A stack of one page is read as an image.

    A constant alpha channel is dropped. RGB becomes gray by the mean of the channels if they are equal up to JPEG noise
    (``JPEG_NOISE``). An image in a single color, such as one with a magenta look-up table, becomes its brightest
    channel, with a warning: in every pixel, each other channel is the same fraction of it, up to rounding. A TIFF in
    which white is zero is inverted, so that bright pixels have high values. A TIFF palette, or a colored PNG palette of
    256 entries, that increases monotonically is the look-up table of a microscope; its indices are read as intensities.

    Args:
        path: an image file with one of ``SUFFIXES``.
        page: number of the only page to read of a stack, counted from 0; None reads all pages.
        channels: ``"luminance"`` also converts color to gray, with the weights of ITU-R BT.601.
        channel: number of the only channel to read, counted from 0 like pages; an image of one channel has channel 0.
        axes: the axes of the stored array instead of those in the file, a letter each as in tifffile: Y and X, C or S
            for channels, and T, Z, Q or I for pages.

    Returns:
        (H, W), or (Z, H, W) for a stack, in the stored dtype; bool is read as uint8, 0 and 1.

    Raises:
        InputError: the file is missing, damaged or incomplete, has several channels, contains NaN or infinite values,
            or does not have the page, the channel or these axes.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/stack.npy", np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
        ...     print(read_image(f"{folder}/stack.npy", page=1))
        ...     print(read_image(f"{folder}/stack.npy", channel=2, axes="YXC"))
        [[ 6  7  8]
         [ 9 10 11]]
        [[ 2  5]
         [ 8 11]]
    """
    file = _existing_file(path)
    stored = format_of(file).load(file, page, View(axes, channel))
    check_pixels(file, stored.pixels)
    return _finish(to_gray(file, stored, channels, channel))


def describe_item(file: str | os.PathLike[str], item: Mapping[Any, Any]) -> ImageInfo:
    """Return what `describe` returns for the file of an item, which may give ``channel`` and ``axes``."""
    return describe(file, **_view_of(item)._asdict())


def read_item(file: str | os.PathLike[str], item: Mapping[Any, Any]) -> np.ndarray:
    """Return a page (H, W) of a file as `read_image` does; the item may give its arguments, the page is 0 else."""
    page, channels = int(item.get("page", 0)), item.get("channels", "equal")
    return read_image(file, page=page, channels=channels, **_view_of(item)._asdict())


def _view_of(item: Mapping[Any, Any]) -> View:
    channel = item.get("channel")
    return View(item.get("axes"), None if channel is None else int(channel))  # a tensor in a batch


def read_labels(path: str | os.PathLike[str], page: int | None = None) -> np.ndarray:
    """Read label values: instance numbers, class numbers or a binary mask.

    Orientation and pages are as in `read_image`. Values are read as stored: indices for a palette image, the first
    channel for several equal channels. In a TIFF of one bit per pixel in which white is zero, white is 1. Transparency
    is dropped if it hides no labels: fully transparent pixels are 0.

    Args:
        path: an image file with one of ``SUFFIXES``.
        page: number of the only page to read of a stack, counted from 0; None reads all pages.

    Returns:
        (H, W), or (Z, H, W) for a stack, in the stored dtype if that is unsigned, else in the smallest unsigned dtype
        that holds the values; bool is read as uint8, 0 and 1.

    Raises:
        InputError: as in `read_image`, and for negative or fractional values.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/labels.npy", np.array([[0.0, 300.0], [2.0, 2.0]]))
        ...     read_labels(f"{folder}/labels.npy")
        array([[  0, 300],
               [  2,   2]], dtype=uint16)
    """
    file = _existing_file(path)
    stored = format_of(file).load(file, page, View())
    check_pixels(file, stored.pixels)
    return _finish(to_unsigned(file, only_channel(file, as_labeled(stored))))


def read_colors(path: str | os.PathLike[str], page: int | None = None) -> np.ndarray:
    """Read the colors of a color-coded mask.

    Orientation and pages are as in `read_image`, transparency as in `read_labels`. Colors are as displayed: those of
    the palette, and equal channels for gray.

    Args:
        path: an image file with one of ``SUFFIXES``.
        page: number of the only page to read of a stack, counted from 0; None reads all pages.

    Returns:
        uint8 (H, W, 3), or (Z, H, W, 3) for a stack.

    Raises:
        InputError: the file is missing, damaged or incomplete, is not of 8 bits, or does not have the page.

    Examples:
        >>> from custom.images import write_image
        >>> write_image("mask.tif", np.array([[0, 255]], np.uint8))
        >>> read_colors("mask.tif").tolist()
        [[[0, 0, 0], [255, 255, 255]]]
    """
    file = _existing_file(path)
    stored = format_of(file).load(file, page, View())
    check_pixels(file, stored.pixels)
    return _finish(to_colors(file, as_displayed(file, stored)))


def _existing_file(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    try:
        if file.is_dir():
            raise InputError.about(file, "a folder", "an image file")
        if not file.exists():
            raise InputError.about(file, "no such file", "an image file")
        size = file.stat().st_size
    except OSError as error:  # a folder above it cannot be entered, or the name is invalid
        raise InputError.about(file, f"a file that cannot be read ({error.strerror})", "an image file") from error
    if size == 0:
        raise InputError.about(file, "an empty file of 0 bytes", "an image")
    return file


def _finish(array: np.ndarray) -> np.ndarray:
    """Return an array that owns its memory, in native byte order: one page without the axis Z, bool as uint8."""
    array = array[0] if len(array) == 1 else array
    dtype = np.dtype(np.uint8) if array.dtype == bool else np.dtype(array.dtype.newbyteorder("=").str)
    return np.array(array, dtype=dtype, order="C", copy=True)
