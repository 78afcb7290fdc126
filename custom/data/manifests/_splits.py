"""Splits: the kinds that a layout knows, and that no two of them share an image."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from ...errors import InputError
from ._manifest import SPLITS, Manifest

_EVERY_FRAME = range(sys.maxsize)

# Kinds that all splits of a manifest share, or none: beside another kind nobody could tell whether they overlap.
_FOR_ALL_OR_NONE = ("fraction", "folders", "subjects")


def frame_blocks(split: dict) -> dict[str, range]:
    """Return the frames that a split of the layout ``"cell_tracking"`` takes of each sequence that it names."""
    if "sequences" in split:
        return dict.fromkeys(split["sequences"], _EVERY_FRAME)
    return {sequence: range(*block) for sequence, block in split["frames"].items()}


def places(split: dict) -> list[str]:
    """Return the folders that a split names; none if it chooses by number, stem, page or fraction."""
    kind, value = next(iter(split.items()))
    return list(value) if kind in ("folders", "sequences", "frames", "subjects") else []


def check_splits(path: Path, manifest: Manifest) -> None:
    """Raise InputError unless the splits of the manifest at ``path`` are of its layout's kinds and do not overlap."""
    if not isinstance(manifest.splits, dict):
        raise InputError.about(path, f"splits {manifest.splits!r}", "an object with the names of splits")
    for name, split in manifest.splits.items():
        check_choice(path, "split", name, SPLITS)
        _check_kind(path, name, split, _kinds(manifest))
    for kind in _FOR_ALL_OR_NONE:
        having = [name for name, split in manifest.splits.items() if kind in split]
        if having and len(having) < len(manifest.splits):
            found = f"{kind} for {' and '.join(having)} alone"
            raise InputError.about(path, found, f"{kind.removesuffix('s')}s for all splits")
    _check_overlap(path, manifest.splits)
    _check_optional(path, manifest)


def _kinds(manifest: Manifest) -> tuple[str, ...]:
    by_name = "numbers" if manifest.pair_by == "number" else "stems"
    return {
        "paired_folders": (by_name, "fraction", "folders"),
        "stacks": ("pages",),
        "cell_tracking": ("sequences", "frames"),
        "bids": ("subjects", "stems"),
    }[manifest.layout]


def _check_kind(path: Path, name: str, split: object, kinds: Sequence[str]) -> None:
    if not isinstance(split, dict) or len(split) != 1 or next(iter(split)) not in kinds:
        raise InputError.about(path, f"split {name} {split!r}", f"one of {', '.join(kinds)}")
    kind, value = next(iter(split.items()))
    fits, expected = _CHECKS[kind]
    if not fits(value):
        raise InputError.about(path, f"split {name} {split!r}", expected)
    if kind == "folders":
        for folder in value:
            check_inside(path, f"split {name}", folder)


def _is_fraction(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _is_block(value: Any) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(v) is int for v in value)
    return is_pair and 0 <= value[0] < value[1]


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(type(member) in (int, str) for member in value)


def _all_match(pattern: str, value: Iterable[object]) -> bool:
    return all(isinstance(member, str) and re.fullmatch(pattern, member) for member in value)


def _are_folders(value: Any) -> bool:
    return _is_list(value) and len(value) == 2 and _all_match(r"[^*?]+", value)


def _are_sequences(value: Any) -> bool:
    return _is_list(value) and _all_match(r"\d+", value)


def _are_blocks(value: Any) -> bool:
    return isinstance(value, dict) and _all_match(r"\d+", value) and all(map(_is_block, value.values()))


def _are_subjects(value: Any) -> bool:
    return _is_list(value) and _all_match(r"sub-[^/\\]+", value)


# What the value of each kind must be, and how that is said.
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "numbers": (_is_list, "a list of numbers or names"),
    "stems": (_is_list, "a list of numbers or names"),
    "fraction": (_is_fraction, "a fraction from 0 to 1"),
    "folders": (_are_folders, "[folder of images, folder of masks]"),
    "pages": (_is_block, "[first page, page after the last]"),
    "sequences": (_are_sequences, 'a list of sequences such as "01"'),
    "frames": (_are_blocks, 'sequences such as "01", each with [first frame, frame after the last]'),
    "subjects": (_are_subjects, 'a list of subjects such as "sub-1"'),
}


def _check_overlap(path: Path, splits: dict[str, dict]) -> None:
    total = sum(split.get("fraction", 0) for split in splits.values())
    if total > 1 + 1e-9:
        raise InputError.about(path, f"fractions that add up to {total:g}", "at most 1")
    taken: dict[object, str] = {}
    for name, split in splits.items():
        for member in _members(split):
            if member in taken:
                _refuse_overlap(path, repr(member), taken[member], name)
            taken[member] = name
    _check_overlap_of_blocks(path, splits)


def _members(split: dict) -> Iterable[object]:
    kind, value = next(iter(split.items()))
    if kind in ("numbers", "stems", "subjects"):
        return value
    if kind == "folders":
        return [str(PurePosixPath(folder)) for folder in value]  # a/b/ is a/b
    return ()


def _check_overlap_of_blocks(path: Path, splits: dict[str, dict]) -> None:
    taken: list[tuple[str, str, range]] = []
    for name, split in splits.items():
        for sequence, frames in _blocks(split).items():
            for other, its_sequence, its_frames in taken:
                first = max(frames.start, its_frames.start)
                if sequence == its_sequence and first < min(frames.stop, its_frames.stop):
                    what = f"frame {first} of sequence {sequence}" if sequence else f"page {first}"
                    _refuse_overlap(path, what, other, name)
            taken.append((name, sequence, frames))


def _blocks(split: dict) -> dict[str, range]:
    """Return what a split takes of each sequence; a stack is one without a name."""
    if "pages" in split:
        return {"": range(*split["pages"])}
    return frame_blocks(split) if split.keys() <= {"sequences", "frames"} else {}


def _refuse_overlap(path: Path, what: str, one: str, other: str) -> NoReturn:
    raise InputError.about(path, f"{what} in both {one} and {other}", "splits that do not overlap")


def _check_optional(path: Path, manifest: Manifest) -> None:
    found = manifest.optional_splits
    possible = [name for name, split in manifest.splits.items() if places(split)]
    if not isinstance(found, list) or any(name not in possible for name in found):
        expected = "a list of splits that name folders, sequences or subjects"
        raise InputError.about(path, f"optional_splits {found!r}", expected)


# -------------------------------------------------------------------------------------------------------- single values


def check_choice(path: Path, key: str, found: object, choices: Sequence[str]) -> None:
    """Raise InputError unless the value of ``key`` is one of ``choices``."""
    if found not in choices:
        raise InputError.about(path, f"{key} {found!r}", " or ".join(map(repr, choices)))


def check_inside(path: Path, key: str, value: object) -> None:
    """Raise InputError unless the value of ``key`` is a path that stays inside the data folder."""
    if not isinstance(value, str) or not _is_inside(value):
        raise InputError.about(path, f"{key} {value!r}", "a path inside the data folder")


def _is_inside(value: str) -> bool:
    try:
        parts = [os.fsencode(part) for part in Path(value).parts]
    except UnicodeEncodeError:
        return False
    possible = all(len(part) <= 255 and b"\0" not in part for part in parts)
    return possible and b".." not in parts and not Path(value).is_absolute()
