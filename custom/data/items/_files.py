"""Helpers for all layouts: checks of sizes, the images of a split."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import InputError
from ...ground.names import printable
from ...images import describe, is_shape_file
from ..manifests._manifest import Manifest
from ._several_files import Label, files_of


def check_same_size(image: Path, label: Label, manifest: Manifest) -> tuple[int, ...]:
    """Return the shape of an image; raise InputError if its label, or one of them, has another shape."""
    image_shape = describe(image, manifest.axes, manifest.channel).shape
    for file in files_of(label):
        if is_shape_file(file):  # its outlines are checked when they are drawn
            if not file.is_file():
                raise InputError.about(file, "nothing", "outlines of objects")
            continue
        label_shape = describe(file).shape
        if image_shape != label_shape:
            found = f"{_size(label_shape)} pixels"
            raise InputError.about(file, found, f"{_size(image_shape)} as in its image {image}")
    return image_shape


def check_pair(image: Path, label: Label, manifest: Manifest) -> None:
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
