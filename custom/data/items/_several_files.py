"""Labels in several files, one per class, and labels that a pattern gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ...errors import InputError

Label: TypeAlias = Path | dict[str, Path]
"""The file of a label, or class name → file, in the order of drawing."""


def label_of(root: Path, image: Path, pattern: str) -> Path:
    """Return the label that a pattern with ``{stem}`` and ``{folder}`` gives for an image below ``root``.

    Examples:
        >>> label_of(Path("data"), Path("data/day1/a.tif"), "masks/{folder}/{stem}_axon.png").as_posix()
        'data/masks/day1/a_axon.png'
    """
    parts = {"{folder}": image.parent.relative_to(root).as_posix(), "{stem}": image.stem}
    return root / re.sub(r"\{folder\}|\{stem\}", lambda found: parts[found.group()], pattern)


def merged(pairs_of: Mapping[str, Mapping]) -> dict:
    """Return key → (image, class name → file) from the pairs of each class.

    Args:
        pairs_of: class name → (key → (image, file)).

    Raises:
        InputError: an image has files of some classes, but not of all.

    Examples:
        >>> merged({"axon": {1: (Path("1.png"), Path("1_axon.png"))}})[1][1]["axon"].name
        '1_axon.png'
    """
    images = {key: image for pairs in pairs_of.values() for key, (image, _) in pairs.items()}
    for key, image in sorted(images.items()):
        missing = [name for name, pairs in pairs_of.items() if key not in pairs]
        if missing:
            expected = "a file of each class, all 0 where it is absent"
            raise InputError.about(image, f"no label of {', '.join(missing)}", expected)
    return {key: (image, {name: pairs[key][1] for name, pairs in pairs_of.items()}) for key, image in images.items()}


def as_text(label: Label) -> str | dict[str, str]:
    """Return the paths of a label as text.

    Examples:
        >>> as_text({"axon": Path("axon.png")})
        {'axon': 'axon.png'}
    """
    return {name: str(file) for name, file in label.items()} if isinstance(label, dict) else str(label)


def files_of(label: Label) -> list[Path]:
    """Return the files of a label.

    Examples:
        >>> [file.name for file in files_of({"axon": Path("axon.png"), "myelin": Path("myelin.png")})]
        ['axon.png', 'myelin.png']
    """
    return list(label.values()) if isinstance(label, dict) else [label]
