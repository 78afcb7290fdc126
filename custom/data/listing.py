"""The images and labels in a folder, or those that match a glob."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..ground.wording import counted
from ..images import files_in, has_outlines, is_image_file, is_shape_file


def image_files(folder: Path, where: str) -> list[Path]:
    """Return the image files in a subfolder, or those that match a glob.

    Sessions of Cellpose (``x_seg.npy``), which are pickles and may run any code when they are read, are left out with a
    warning.

    Args:
        folder: the data folder.
        where: name of a folder in it, or a glob relative to it.

    Raises:
        InputError: there is no such folder, or the glob is invalid.
    """
    if (folder / where).is_dir():
        return _without_sessions(folder, [file for file in files_in(folder / where) if is_image_file(file)])
    if any(sign in where for sign in "*?["):
        return _without_sessions(folder, sorted(glob_images(folder, where)))
    raise InputError.about(folder / where, "nothing", "a folder of images")


def _without_sessions(folder: Path, files: list[Path]) -> list[Path]:
    sessions = {file for file in files if file.name.lower().endswith("_seg.npy") and _is_pickle(file)}
    if sessions:
        found = f"{counted(len(sessions), 'session')} of Cellpose (_seg.npy), which cannot be read safely, left out"
        warnings.warn(f"{folder}: {found}; Cellpose also saves masks as PNG or TIFF.", stacklevel=4)
    return [file for file in files if file not in sessions]


def _is_pickle(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return bool(read(stream)[2].hasobject)
    except (OSError, ValueError):  # raised again when the file is read
        return False


def label_files(folder: Path, where: str, beside: bool = False) -> list[Path]:
    """Return the label files in a subfolder, or those that match a glob; arguments and errors as in `image_files`.

    Files with outlines of objects are labels if a glob matches them, or if the subfolder has no images other than those
    to which the labels belong.

    Args:
        folder: the data folder.
        where: name of a folder in it, or a glob relative to it.
        beside: whether the images, to which the labels belong, are in the same folder.
    """
    images = image_files(folder, where)
    if not (folder / where).is_dir():
        return images + sorted(file for file in _matching(folder, where) if _may_have_outlines(file))
    if images and not beside:
        return images
    return images + [file for file in files_in(folder / where) if _may_have_outlines(file) and has_outlines(file)]


def _may_have_outlines(file: Path) -> bool:
    return is_shape_file(file) and file.is_file() and not file.name.startswith(".") and file.name != "manifest.json"


def glob_images(folder: Path, pattern: str) -> list[Path]:
    """Return the image files in ``folder`` that match a glob, in arbitrary order."""
    return [file for file in _matching(folder, pattern) if is_image_file(file)]


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except ValueError as error:  # for example for a name that contains more than **
        raise InputError.about((folder / pattern).absolute(), f"an invalid pattern ({error})", "a glob") from error
