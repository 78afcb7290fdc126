"""Helpers for all layouts: image files of a folder, checks of sizes, the images of a split."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import InputError
from ...ground.names import printable
from ...images import describe, files_in, is_image_file
from ..manifests._manifest import Manifest


def image_files(folder: Path, where: str) -> list[Path]:
    """Return the image files in a subfolder, or those that match a glob.

    Args:
        folder: the data folder.
        where: name of a folder in it, or a glob relative to it.

    Raises:
        InputError: there is no such folder, or the glob is invalid.
    """
    if (folder / where).is_dir():
        return [file for file in files_in(folder / where) if is_image_file(file)]
    if any(sign in where for sign in "*?["):
        return sorted(glob_images(folder, where))
    raise InputError.about(folder / where, "nothing", "a folder of images")


def glob_images(folder: Path, pattern: str) -> list[Path]:
    """Return the image files in ``folder`` that match a glob, in arbitrary order."""
    try:
        found = list(folder.glob(pattern))
    except ValueError as error:  # for example for a name that contains more than **
        raise InputError.about((folder / pattern).absolute(), f"an invalid pattern ({error})", "a glob") from error
    return [file for file in found if is_image_file(file)]


def check_same_size(image: Path, label: Path, manifest: Manifest) -> tuple[int, ...]:
    """Return the shape of an image; raise InputError if its label has another shape."""
    image_shape, label_shape = describe(image, manifest.axes, manifest.channel).shape, describe(label).shape
    if image_shape != label_shape:
        found = f"{_size(label_shape)} pixels"
        raise InputError.about(label, found, f"{_size(image_shape)} as in its image {image}")
    return image_shape


def check_pair(image: Path, label: Path, manifest: Manifest) -> None:
    """Raise InputError unless an image and its label are single pages of the same size."""
    shape = check_same_size(image, label, manifest)
    if len(shape) == 3:
        raise InputError.about(image, f"a stack of {shape[0]} pages", "one page, or the layout 'stacks'")


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def choose(split: str, kind: str, wanted: Sequence, member_of: Mapping) -> list:
    """Return the keys of the images in a split, and warn about members of the split without an image.

    Args:
        split: name of the split, for the warning.
        kind: kind of the members, for the warning: ``"numbers"``, ``"stems"`` or ``"subjects"``.
        wanted: the members of the split.
        member_of: key of an image → its number, stem or subject.
    """
    wanted = [printable(member) if isinstance(member, str) else member for member in wanted]
    present = set(member_of.values())
    missing = [member for member in wanted if member not in present]
    if missing:
        first = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        warnings.warn(f"{len(missing)} of the {kind} in the split {split} match no pair: {first}", stacklevel=5)
    return [key for key, member in member_of.items() if member in set(wanted)]
