"""The supported suffixes, and the reader for each of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ._image import ImageInfo, Stored, suffix_of
from ._npy import describe_npy, load_npy
from ._pictures import PILLOW_FORMATS, describe_picture, load_picture
from ._tiff import describe_tiff, load_tiff
from ._volumes import ITK_READERS, describe_itk, describe_nifti, load_itk, load_nifti


class Format(NamedTuple):
    """The reader of a file format: ``describe`` reads the header only, ``load`` the pixels of one page or of all."""

    describe: Callable[[Path], ImageInfo]
    load: Callable[[Path, int | None], Stored]


_FORMATS = {
    **dict.fromkeys((".tif", ".tiff", ".btf", ".tf8"), Format(describe_tiff, load_tiff)),
    **dict.fromkeys(PILLOW_FORMATS, Format(describe_picture, load_picture)),
    ".npy": Format(describe_npy, load_npy),
    **dict.fromkeys((".nii.gz", ".nii"), Format(describe_nifti, load_nifti)),
    **dict.fromkeys(ITK_READERS, Format(describe_itk, load_itk)),
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
