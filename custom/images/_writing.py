"""Atomic writing of images, label maps and pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from ..errors import InputError
from ..ground.files import atomic_path
from ._overlays import Colors

# Larger images need BigTIFF, which ImageJ's variant of TIFF does not have.
_CLASSIC_TIFF_BYTES = 2**32 - 2**25


def write_image(
    path: str | os.PathLike[str],
    array: np.ndarray,
    pixel_size: tuple[float, float] | None = None,
    colors: Colors | None = None,
    axes: str | None = None,
) -> None:
    """Write a zlib-compressed TIFF that tifffile, Pillow and ImageJ can open.

    Args:
        path: the file, with the suffix .tif or .tiff; its folder is created.
        array: the pixels in the order of ``axes``: bool (written as 0 and 1), uint8, uint16, uint32, int32 or float32.
        pixel_size: (row, column) in µm.
        colors: (N, 3) from 0 to 255, the color of each class of a uint8 class mask, stored as a palette; the values
            remain class numbers.
        axes: ``"YX"``, ``"ZYX"``, ``"CYX"``, ``"ZCYX"``, or ``"YXS"`` and ``"ZYXS"`` for RGB; by default ``"YX"`` for
            two axes and ``"ZYX"`` for three.

    Raises:
        InputError: the suffix is not .tif or .tiff.
        OutputError: the folder cannot be created or written to, or the disk is full.
        ValueError: the dtype or the axes are not supported.

    Examples:
        >>> import tempfile
        >>> from . import describe
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_image(f"{folder}/mask.tif", np.ones((4, 6), bool), pixel_size=(0.5, 0.5))
        ...     describe(f"{folder}/mask.tif").pixel_size
        (0.5, 0.5)
    """
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise InputError.about(path, f"the suffix '{Path(path).suffix}' for an output image", ".tif or .tiff")
    axes = axes or {2: "YX", 3: "ZYX"}.get(array.ndim, "")
    array = array.astype(np.uint8) if array.dtype == bool else array
    _check_writable(array, axes, colors)
    if axes == "ZYX" and len(array) == 1:  # read as an image anyway; tifffile confuses the axes of narrow ones
        array, axes = array[0], "YX"
    imagej = colors is None and array.dtype in (np.uint8, np.uint16, np.float32) and array.nbytes < _CLASSIC_TIFF_BYTES
    imagej = imagej and array.shape[axes.index("X")] > 1  # tifffile writes narrower stacks that it cannot read
    options: dict[str, Any] = {"imagej": imagej, "compression": "zlib", "metadata": {"axes": axes}}
    options["photometric"] = "rgb" if axes.endswith("S") else "minisblack"
    if colors is not None:
        options |= {"photometric": "palette", "colormap": _colormap(colors)}
    if pixel_size is not None:
        options |= _resolution(pixel_size, imagej)
        options["metadata"] |= {"unit": "um"} if imagej else {}
    with atomic_path(path, array.nbytes) as temporary:
        tifffile.imwrite(temporary, array, **options)


def _check_writable(array: np.ndarray, axes: str, colors: Colors | None) -> None:
    if axes not in ("YX", "ZYX", "CYX", "ZCYX", "YXS", "ZYXS") or len(axes) != array.ndim:
        raise ValueError(f"axes '{axes}' do not fit an array of shape {array.shape}")
    if array.dtype not in (np.uint8, np.uint16, np.uint32, np.int32, np.float32):
        raise ValueError(f"{array.dtype} is not supported, only bool, uint8, uint16, uint32, int32 and float32")
    if axes.endswith("S") and (array.dtype != np.uint8 or array.shape[-1] != 3):
        raise ValueError(f"RGB images must be (..., 3) uint8, not {array.shape} {array.dtype}")
    if colors is not None and (array.dtype != np.uint8 or axes not in ("YX", "ZYX")):
        raise ValueError(f"only uint8 class masks can have colors, not {array.dtype} with axes '{axes}'")


def _colormap(colors: Colors) -> np.ndarray:
    """Return a color map for TIFF, (3, 256) uint16; colors beyond the given classes are black."""
    table = np.zeros((256, 3), np.uint16)
    table[: len(colors)] = np.asarray(colors, np.uint16) * 257
    return table.T


def _resolution(pixel_size: tuple[float, float], imagej: bool) -> dict[str, Any]:
    """Return the resolution (x, y): in pixels per µm for ImageJ, which stores the unit separately, else per cm."""
    row, column = pixel_size
    if imagej:
        return {"resolution": (1 / column, 1 / row)}
    return {"resolution": (1e4 / column, 1e4 / row), "resolutionunit": "CENTIMETER"}


def write_png(path: str | os.PathLike[str], rgb: np.ndarray) -> None:
    """Write a picture as PNG.

    Args:
        path: the file; its folder is created.
        rgb: (H, W, 3) uint8.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full.

    Examples:
        >>> import tempfile
        >>> from . import read_image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_png(f"{folder}/picture.png", np.full((2, 3, 3), 7, np.uint8))
        ...     read_image(f"{folder}/picture.png").tolist()
        [[7, 7, 7], [7, 7, 7]]
    """
    with atomic_path(path, rgb.nbytes) as temporary:
        Image.fromarray(rgb).save(temporary, format="PNG")


def smallest_label_dtype(max_label: int) -> np.dtype:
    """Return the smallest dtype for instance labels: uint16 up to label 65,535, else uint32.

    Raises:
        ValueError: the label is negative or too large for uint32.

    Examples:
        >>> smallest_label_dtype(65_536)
        dtype('uint32')
    """
    if not 0 <= max_label < 2**32:
        raise ValueError(f"label {max_label} is not between 0 and {2**32 - 1}")
    return np.dtype(np.uint16 if max_label < 2**16 else np.uint32)
