"""What all layouts share: files of a folder, sizes that must agree, the images that a split names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import InputError
from ...images import describe, files_in, is_image_file


def image_files(folder: Path, where: str) -> list[Path]:
    """Return the image files in the folder ``where``, or those that it names as a glob; both start at ``folder``."""
    if (folder / where).is_dir():
        return [file for file in files_in(folder / where) if is_image_file(file)]
    if any(sign in where for sign in "*?["):
        return sorted(glob_images(folder, where))
    raise InputError.about(folder / where, "nothing", "a folder of images")


def glob_images(folder: Path, pattern: str) -> list[Path]:
    """Return the image files in ``folder`` that a pattern names, in no order."""
    try:
        found = list(folder.glob(pattern))
    except ValueError as error:  # for example, ** with more in the same name
        raise InputError.about((folder / pattern).absolute(), f"a broken pattern ({error})", "a glob") from error
    return [file for file in found if is_image_file(file)]


def check_same_size(image: Path, label: Path) -> tuple[int, ...]:
    """Return the shape of an image; raise InputError when its label has another."""
    image_shape, label_shape = describe(image).shape, describe(label).shape
    if image_shape != label_shape:
        found = f"{_size(label_shape)} pixels"
        raise InputError.about(label, found, f"{_size(image_shape)} as in its image {image}")
    return image_shape


def check_pair(image: Path, label: Path) -> None:
    """Raise InputError unless the two are single images of the same size."""
    shape = check_same_size(image, label)
    if len(shape) == 3:
        raise InputError.about(image, f"a stack of {shape[0]} pages", "one page, or the layout 'stacks'")


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def choose(split: str, kind: str, wanted: Sequence, member_of: Mapping) -> list:
    """Return the keys of ``member_of`` whose value is wanted; warn of what is wanted and not there.

    Args:
        split: name of the split, for the warning.
        kind: what is wanted, for the warning: ``"numbers"``, ``"stems"`` or ``"subjects"``.
        wanted: the members of the split.
        member_of: key of an image → its number, stem or subject.
    """
    there = set(member_of.values())
    missing = [member for member in wanted if member not in there]
    if missing:
        first = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        warnings.warn(f"{len(missing)} of the {kind} in the split {split} match no pair: {first}", stacklevel=5)
    return [key for key, member in member_of.items() if member in set(wanted)]
