"""Pairing of images with their masks: by a number in the file name, by the same stem, or by a rule."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from ..errors import InputError
from ..ground.names import printable

LAST_NUMBER = r"(\d+)(?!.*\d)"
"""Default pattern for the number of a file: the last number in its stem, for example 0 in ``rr30a_tp0.png``."""


MASK_SUFFIXES = ("_cp_masks", "_masks", "_mask", "_labels", "_label", "_seg", "_rois")
"""What programs add to the name of an image in the name of its mask: Cellpose, Fiji, this package."""


def number_of(path: Path, pattern: str = LAST_NUMBER) -> int | None:
    """Return the number in the stem of ``path``, or None if there is none.

    Args:
        path: a file; only its name without the suffix is used.
        pattern: regular expression; its first group, or the whole match if it has none, is the number.

    Examples:
        >>> number_of(Path("rr30a_tp7.png")), number_of(Path("mask.png"))
        (7, None)
    """
    match = re.search(pattern, path.stem)
    if match is None:
        return None
    digits = match.group(1) if match.re.groups else match.group()
    return int(digits) if digits and digits.isdecimal() else None


def stem_of(path: Path) -> str:
    """Return the name without the suffix, composed (NFC): names that look the same are the same.

    Examples:
        >>> stem_of(Path("Gru\u0308n.tif")) == stem_of(Path("Gr\u00fcn.png"))
        True
    """
    return printable(path.stem)


def pair_by_number(
    images: Iterable[Path], labels: Iterable[Path], pattern: str = LAST_NUMBER
) -> dict[int, tuple[Path, Path]]:
    """Pair files that have the same number, and warn about files without a partner.

    Args:
        images: image files.
        labels: mask files.
        pattern: as in `number_of`.

    Returns:
        Number → (image, mask), in increasing order.

    Raises:
        InputError: two images or two masks have the same number.

    Examples:
        >>> pairs = pair_by_number([Path("img_9.tif"), Path("img_10.tif")], [Path("10_mask.png"), Path("9_mask.png")])
        >>> [(number, mask.name) for number, (_, mask) in pairs.items()]
        [(9, '9_mask.png'), (10, '10_mask.png')]
    """
    return _pair(images, labels, lambda path: number_of(path, pattern))


def pair_by_stem(images: Iterable[Path], labels: Iterable[Path]) -> dict[str, tuple[Path, Path]]:
    """Pair files that have the same name before the suffix, and warn about files without a partner.

    The name of a mask may end with one of ``MASK_SUFFIXES``.

    Args:
        images: image files.
        labels: mask files.

    Returns:
        Stem of the image → (image, mask), in alphabetical order.

    Raises:
        InputError: two images have the same stem, or two masks belong to one image.

    Examples:
        >>> pair_by_stem([Path("b.tif"), Path("a.tif")], [Path("a.png"), Path("b_masks.png")])["b"][1].name
        'b_masks.png'
    """
    images = list(images)
    stems = {stem_of(image) for image in images}
    return _pair(images, labels, stem_of, lambda file: image_stem(file, stems))


def pair_by_folder(images: Iterable[Path], labels: Iterable[Path], root: Path) -> dict[str, tuple[Path, Path]]:
    """Pair the image of each folder with the mask in it, and warn about files without a partner.

    Args:
        images: image files.
        labels: mask files.
        root: the data folder.

    Returns:
        Folder relative to ``root``, with ``/`` → (image, mask), in alphabetical order.

    Raises:
        InputError: a folder has two images or two masks.

    Examples:
        >>> list(pair_by_folder([Path("data/set1/phase.png")], [Path("data/set1/ids.png")], Path("data")))
        ['set1']
    """
    return _pair(images, labels, lambda file: folder_of(file, root))


def folder_of(file: Path, root: Path) -> str:
    """Return the folder of a file relative to ``root``, with ``/``, composed (NFC) as in `stem_of`.

    Examples:
        >>> folder_of(Path("data/day1/set1/phase.png"), Path("data"))
        'day1/set1'
    """
    return printable(file.parent.relative_to(root).as_posix())


def image_stem(file: Path, stems: Collection[str]) -> str:
    """Return the stem of the image that a mask belongs to: one of ``stems``, or else the stem of the mask itself.

    Examples:
        >>> image_stem(Path("a_mask.png"), {"a"}), image_stem(Path("a_mask.png"), {"a_mask"})
        ('a', 'a_mask')
    """
    stem = stem_of(file)
    if file.name.lower() == "roiset.zip" and len(stems) == 1:  # ImageJ's name for all regions, here of the only image
        return next(iter(stems))
    return next((name for name in (stem, *_bases(stem)) if name in stems), stem)


def _bases(stem: str) -> list[str]:
    return [stem[: -len(suffix)] for suffix in MASK_SUFFIXES if stem.lower().endswith(suffix)]


def apart(images: Sequence[Path], labels: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return images and masks without the files that are in both lists, which may be of one folder.

    If all masks are among other images, they are no images. If both lists are the same, the masks are the files named
    as another file with one of ``MASK_SUFFIXES``.

    Examples:
        >>> files = [Path("a.tif"), Path("a_masks.tif")]
        >>> [[file.name for file in group] for group in apart(files, files)]
        [['a.tif'], ['a_masks.tif']]
    """
    both = set(images) & set(labels)
    if len(both) < len(labels) or len(both) == len(images):
        stems = {stem_of(file) for file in images}
        both = {file for file in both if stems.intersection(_bases(stem_of(file)))}
    left = [file for file in images if file not in both]
    return left, [file for file in labels if file not in set(left)]


def pair_by_rule(images: Iterable[Path], label_of: Callable[[Path], Path]) -> dict[str, tuple[Path, Path]]:
    """Pair each image with the mask that a rule gives for it, and warn about images whose mask does not exist.

    Args:
        images: image files.
        label_of: returns the path of the mask of an image.

    Returns:
        Stem of the image → (image, mask), in alphabetical order.

    Raises:
        InputError: two images have the same stem.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "a_mask.png").touch()
        ...     pairs = pair_by_rule([Path(folder, "a.png")], lambda image: image.with_name(f"{image.stem}_mask.png"))
        ...     pairs["a"][1].name
        'a_mask.png'
    """
    image_of, _ = index_files(images, stem_of)
    pairs = {stem: (image, label_of(image)) for stem, image in image_of.items()}
    alone = [image for image, label in pairs.values() if not label.is_file()]
    if alone:
        _warn_about_unpaired(alone)
    return {stem: pair for stem, pair in pairs.items() if pair[0] not in alone}


def index_files(files: Iterable[Path], key: Callable[[Path], int | str | None]) -> tuple[dict, list[Path]]:
    """Index files by a key.

    Args:
        files: the files.
        key: returns the key of a file, or None if it has none.

    Returns:
        Key → file, and the list of files without a key.

    Raises:
        InputError: two files have the same key; the message names both.

    Examples:
        >>> index_files([Path("cell_1.tif"), Path("notes.txt")], number_of)  # doctest: +ELLIPSIS
        ({1: ...Path('cell_1.tif')}, [...Path('notes.txt')])
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


def _pair(
    images: Iterable[Path],
    labels: Iterable[Path],
    key: Callable[[Path], int | str | None],
    label_key: Callable[[Path], int | str | None] | None = None,
) -> dict:
    image_of, images_without_key = index_files(images, key)
    label_of, labels_without_key = index_files(labels, label_key or key)
    both = sorted(image_of.keys() & label_of.keys())
    alone = [*images_without_key, *labels_without_key]
    alone += [file for by_key in (image_of, label_of) for name, file in by_key.items() if name not in both]
    if alone:
        _warn_about_unpaired(alone)
    return {name: (image_of[name], label_of[name]) for name in both}


def _warn_about_unpaired(files: list[Path]) -> None:
    names = ", ".join(f"{file.parent.name}/{file.name}" for file in files)
    warnings.warn(f"{len(files)} file(s) without a partner are left out: {names}", stacklevel=4)
