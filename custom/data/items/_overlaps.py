"""The pixels that several classes of a data set claim, mentioned once."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from ...errors import InputError
from ...ground.wording import counted
from ..layers import draw_layers
from ..manifests._manifest import LayerRule, Manifest


def warn_about_overlaps(manifest: Manifest, find: Callable[[str], list[dict[str, Any]]]) -> None:
    """Warn about pixels that several classes of a data set claim, once while the program runs.

    Args:
        manifest: the data set, with one label file per class.
        find: returns the items of a split.
    """
    items = [item for split in manifest.splits for item in _quietly(find, split)]
    covered = [_covered(tuple(item["label"].items()), item["rule"], item["page"], _stamps(item)) for item in items]
    total = sum(covered, Counter[tuple[str, str]]())
    if total:
        pairs = ", ".join(f"{above} covers {below} in {counted(n, 'pixel')}" for (above, below), n in total.items())
        where = f"{sum(map(bool, covered))} of {counted(len(items), 'image')}"
        _warn_once(f"{manifest.folder}: classes overlap in {where}: {pairs}. The later class in `label` counts.")


def _quietly(find: Callable[[str], list[dict[str, Any]]], split: str) -> list[dict[str, Any]]:
    """Return the items of a split; faults are mentioned when the split is used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return find(split)
        except InputError:
            return []


def _stamps(item: dict[str, Any]) -> tuple[int, ...]:
    return tuple(os.stat(file).st_mtime_ns for file in item["label"].values())


@cache
def _covered(
    files: tuple[tuple[str, str], ...], rule: LayerRule, page: int, modified: tuple[int, ...]
) -> Counter[tuple[str, str]]:
    """Return what `draw_layers` counts; ``modified`` are time stamps, so that each version is read only once."""
    return draw_layers(dict(files), rule, page)[1]


@cache
def _warn_once(text: str) -> None:
    warnings.warn(text, stacklevel=7)
