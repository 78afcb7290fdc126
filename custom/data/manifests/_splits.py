"""What a split names, and whether the splits of a manifest fit together."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import InputError

_EVERY_FRAME = range(sys.maxsize)
_FOR_ALL_OR_NONE = ("fraction", "subjects")  # kinds whose overlap with another kind cannot be checked


def frame_blocks(split: dict) -> dict[str, range]:
    """Return the frames of each sequence in a split of the layout ``"cell_tracking"``.

    Examples:
        >>> frame_blocks({"frames": {"01": [0, 60]}})
        {'01': range(0, 60)}
    """
    if "sequences" in split:
        return dict.fromkeys(split["sequences"], _EVERY_FRAME)
    return {sequence: range(*block) for sequence, block in split["frames"].items()}


def places(split: dict) -> list[str]:
    """Return the folders that a split names; none if it selects by number, stem, page or fraction."""
    kind, value = next(iter(split.items()))
    return list(value) if kind in ("folders", "sequences", "frames", "subjects") else []


def check_splits(path: Path, content: dict[str, Any]) -> None:
    """Raise InputError if splits overlap or do not fit the other keys of the manifest at ``path``.

    Args:
        path: the manifest.
        content: its keys, each of which is valid by itself.
    """
    splits, optional = content.get("splits", {}), content.get("optional_splits", [])
    for kind in _FOR_ALL_OR_NONE:
        having = [name for name, split in splits.items() if kind in split]
        if having and len(having) < len(splits):
            found = f"{kind} for {' and '.join(having)} only"
            raise InputError.about(path, found, f"{kind.removesuffix('s')}s for all splits")
    total = sum(split.get("fraction", 0) for split in splits.values())
    if total > 1 + 1e-9:
        raise InputError.about(path, f"fractions that add up to {total:g}", "at most 1")
    _check_overlap(path, splits)
    if any(name not in splits or not places(splits[name]) for name in optional):
        expected = "a list of splits that name folders, sequences or subjects"
        raise InputError.about(path, f"optional_splits {optional!r}", expected)


def _check_overlap(path: Path, splits: dict[str, dict]) -> None:
    taken: defaultdict[object, list[tuple[str, range]]] = defaultdict(list)
    for name, split in splits.items():
        for member, block in _members(split):
            for other, its_block in taken[member]:
                first = max(block.start, its_block.start)
                if first < min(block.stop, its_block.stop):
                    what = _phrase(split, member, first)
                    raise InputError.about(path, f"{what} in both {other} and {name}", "splits that do not overlap")
            taken[member].append((name, block))


def _members(split: dict) -> list[tuple[Any, range]]:
    """Return what a split takes: each member with a block of its pages or frames."""
    kind, value = next(iter(split.items()))
    if kind == "fraction":
        return []
    if kind == "pages":
        return [("", range(*value))]
    if kind in ("sequences", "frames"):
        return list(frame_blocks(split).items())
    if kind == "folders":  # a/b/ is a/b; one folder may hold both images and masks
        value = dict.fromkeys(str(PurePosixPath(folder)) for folder in value)
    return [(name, range(1)) for name in value]


def _phrase(split: dict, member: object, first: int) -> str:
    if "pages" in split:
        return f"page {first}"
    return f"frame {first} of sequence {member}" if split.keys() & {"sequences", "frames"} else repr(member)
