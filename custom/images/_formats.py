"""The supported suffixes, and the reader for each of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ._axes import View, axes_of, pages_of_array, size_along, to_zyxs
from ._image import ImageInfo, Stored, check_page, suffix_of
from ._npy import describe_npy, load_npy
from ._pictures import PILLOW_FORMATS, describe_picture, load_picture
from ._tiff import describe_tiff, load_tiff
from ._volumes import ITK_READERS, describe_itk, describe_nifti, load_itk, load_nifti


class Format(NamedTuple):
    """The reader of a file format: ``describe`` reads the header only, ``load`` the pixels of one page or of all."""

    describe: Callable[[Path, View], ImageInfo]
    load: Callable[[Path, int | None, View], Stored]


def _of_fixed_axes(describe: Callable[[Path], ImageInfo], load: Callable[[Path, int | None], Stored]) -> Format:
    """Return the reader of a format with fixed axes; if others are given, all pixels are loaded to rearrange them."""

    def described(file: Path, view: View) -> ImageInfo:
        info = describe(file)
        if view.axes is None:
            return info
        array, axes, declared = _rearranged(file, load(file, None), view)
        pixel_size = size_along(info.pixel_size, declared, axes)
        return replace(info, shape=array.shape[:3], pixel_size=pixel_size)

    def loaded(file: Path, page: int | None, view: View) -> Stored:
        if view.axes is None:
            return load(file, page)
        stored = load(file, None)
        array, *_ = _rearranged(file, stored, view)
        check_page(file, page, len(array))
        return stored._replace(pixels=array if page is None else array[page : page + 1])

    return Format(described, loaded)


def _rearranged(file: Path, stored: Stored, view: View) -> tuple[np.ndarray, str, str]:
    """Return pixels as (Z, H, W, S) by given axes, these axes, and the declared ones without Z and S of length 1."""
    dropped = [i for i in (0, 3) if stored.pixels.shape[i] == 1]
    array = stored.pixels.squeeze(tuple(dropped))
    declared = "".join(axis for i, axis in enumerate("ZYXS") if i not in dropped)
    axes = axes_of(file, array.shape, declared, view.axes)
    pages_of_array(file, array.shape, axes, view.channel)
    return to_zyxs(array, axes), axes, declared


_FORMATS = {
    **dict.fromkeys((".tif", ".tiff", ".btf", ".tf8"), Format(describe_tiff, load_tiff)),
    **dict.fromkeys(PILLOW_FORMATS, _of_fixed_axes(describe_picture, load_picture)),
    ".npy": Format(describe_npy, load_npy),
    **dict.fromkeys((".nii.gz", ".nii"), _of_fixed_axes(describe_nifti, load_nifti)),
    **dict.fromkeys(ITK_READERS, _of_fixed_axes(describe_itk, load_itk)),
}

SUFFIXES = tuple(_FORMATS)
"""Suffixes of the image files that this package reads, in lower case; files may have them in upper case."""


def is_image_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a file with one of ``SUFFIXES`` and not hidden, as incomplete files are.

    Examples:
        >>> is_image_file("no_such_file.tif")
        False
    """
    file = Path(path)
    return file.is_file() and not file.name.startswith(".") and file.name.lower().endswith(SUFFIXES)


def files_in(folder: Path) -> list[Path]:
    """Return the files and folders in a folder, sorted by name.

    Raises:
        InputError: the folder does not exist or cannot be read.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.tif", "a.tif"):
        ...         Path(folder, name).touch()
        ...     [file.name for file in files_in(Path(folder))]
        ['a.tif', 'b.tif']
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        found = f"a folder that cannot be read ({error.strerror})"
        raise InputError.about(folder, found, "a readable folder") from error


def format_of(file: Path) -> Format:
    """Return the reader of a file by its suffix; raise InputError if the suffix is not one of ``SUFFIXES``."""
    suffix = suffix_of(file)
    if suffix not in _FORMATS:
        raise InputError.about(file, f"the suffix '{file.suffix}'", "one of " + ", ".join(SUFFIXES))
    return _FORMATS[suffix]
