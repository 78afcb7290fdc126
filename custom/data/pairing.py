"""Who belongs to whom: images and their masks, by a number in the file name or by the same stem."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import InputError

LAST_NUMBER = r"(\d+)(?!.*\d)"
"""The default rule for the number of a file: the last one in its stem, so that ``rr30a_tp0.png`` is number 0."""


def number_of(path: Path, pattern: str = LAST_NUMBER) -> int | None:
    """Return the number in the stem of ``path``, or None if there is none.

    Args:
        path: a file; only its name without suffix is looked at.
        pattern: regular expression; its first group, or else the whole match, is the number.
    """
    match = re.search(pattern, path.stem)
    if match is None:
        return None
    digits = match.group(1) if match.re.groups else match.group()
    return int(digits) if digits and digits.isdecimal() else None


def pair_by_number(
    images: Iterable[Path], labels: Iterable[Path], pattern: str = LAST_NUMBER
) -> dict[int, tuple[Path, Path]]:
    """Pair files that share a number, in the order of the numbers; warn of files that have no partner.

    Args:
        images: image files.
        labels: mask files.
        pattern: as in `number_of`.

    Raises:
        InputError: when two images, or two masks, have the same number.
    """
    return _pair(images, labels, lambda path: number_of(path, pattern))


def pair_by_stem(images: Iterable[Path], labels: Iterable[Path]) -> dict[str, tuple[Path, Path]]:
    """Pair files with the same name before the suffix, in the order of the names; warn of files that have no partner.

    Raises:
        InputError: when two images, or two masks, have the same stem.
    """
    return _pair(images, labels, lambda path: path.stem)


def pair_by_rule(images: Iterable[Path], label_of: Callable[[Path], Path]) -> dict[str, tuple[Path, Path]]:
    """Pair each image with the mask that a rule names, by the image's stem; warn of images whose mask is not there.

    Args:
        images: image files.
        label_of: from an image to where its mask should be.

    Raises:
        InputError: when two images have the same stem.
    """
    image_of, _ = index_files(images, lambda path: path.stem)
    pairs = {stem: (image, label_of(image)) for stem, image in image_of.items()}
    alone = [image for image, label in pairs.values() if not label.is_file()]
    if alone:
        _warn_of_unpaired(alone)
    return {stem: pair for stem, pair in pairs.items() if pair[0] not in alone}


def index_files(files: Iterable[Path], key: Callable[[Path], int | str | None]) -> tuple[dict, list[Path]]:
    """Return the files by their key, and those without one.

    Raises:
        InputError: when two files have the same key; the message names both.
    """
    by_key: dict[int | str, Path] = {}
    without: list[Path] = []
    for file in sorted(files):
        name = key(file)
        if name is None:
            without.append(file)
        elif name in by_key:
            raise InputError.about(file.parent, f"{by_key[name].name} and {file.name}, both for {name!r}", "one file")
        else:
            by_key[name] = file
    return by_key, without


def _pair(images: Iterable[Path], labels: Iterable[Path], key: Callable[[Path], int | str | None]) -> dict:
    image_of, odd_images = index_files(images, key)
    label_of, odd_labels = index_files(labels, key)
    both = sorted(image_of.keys() & label_of.keys())
    alone = [*odd_images, *odd_labels]
    alone += [file for by_key in (image_of, label_of) for name, file in by_key.items() if name not in both]
    if alone:
        _warn_of_unpaired(alone)
    return {name: (image_of[name], label_of[name]) for name in both}


def _warn_of_unpaired(files: list[Path]) -> None:
    names = ", ".join(f"{file.parent.name}/{file.name}" for file in files)
    warnings.warn(f"{len(files)} file(s) without a partner are left out: {names}", stacklevel=4)
