"""What the labels of a data set claim twice or in vain, mentioned once: overlaps, and objects without an area."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from ...errors import InputError
from ...ground.wording import counted
from ...images import describe, is_shape_file
from ..layers import draw_layers
from ..manifests._manifest import LayerRule, Manifest, Rule
from ..shape_labels import draw_classes, draw_instances, skipped_shapes

_Files = tuple[tuple[str, str], ...]


def warn_about_overlaps(
    manifest: Manifest, used: list[dict[str, Any]], find: Callable[[str], list[dict[str, Any]]]
) -> None:
    """Warn about pixels that several classes or objects of a data set claim, and about objects without an area.

    Only labels that are drawn can overlap: in one file per class, or with outlines. Each text is shown once while the
    program runs.

    Args:
        manifest: the data set.
        used: the items that the program uses.
        find: returns the items of a split, for all splits of the data set.
    """
    if not any(map(_is_drawn, used)):
        return
    items = [item for split in manifest.splits for item in _quietly(find, split) if _is_drawn(item)]
    covered = [
        _covered(_files(item), item["rule"], item["page"], _image(item, manifest), _stamps(item)) for item in items
    ]
    total = sum(covered, Counter[tuple[str, str]]())
    if total:
        pairs = ", ".join(f"{above} covers {below} in {counted(n, 'pixel')}" for (above, below), n in total.items())
        where = f"{sum(map(bool, covered))} of {counted(len(items), 'image')}"
        order = "class in `label`" if isinstance(manifest.rule, LayerRule) else "object in the file"
        _warn_once(f"{manifest.folder}: labels overlap in {where}: {pairs}. The later {order} counts.")
    for file in dict.fromkeys(file for item in used for _, file in _files(item) if is_shape_file(file)):
        skipped = _skipped(file, os.stat(file).st_mtime_ns)
        if skipped:
            _warn_once(f"{file}: {skipped} left out, because they have no area.")


def _quietly(find: Callable[[str], list[dict[str, Any]]], split: str) -> list[dict[str, Any]]:
    """Return the items of a split; faults are mentioned when the split is used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return find(split)
        except InputError:
            return []


def _files(item: dict[str, Any]) -> _Files:
    label = item["label"]
    return tuple(label.items()) if isinstance(label, dict) else (("", label),)


def _image(item: dict[str, Any], manifest: Manifest) -> tuple[str, str | None, int | None]:
    """Return the file of an image with its axes and channel."""
    return item["image"], manifest.axes, manifest.channel


def _is_drawn(item: dict[str, Any]) -> bool:
    return isinstance(item["label"], dict) or is_shape_file(item["label"])


def _stamps(item: dict[str, Any]) -> tuple[int, ...]:
    return tuple(os.stat(file).st_mtime_ns for _, file in _files(item))


@cache
def _covered(
    files: _Files, rule: Rule, page: int, image: tuple[str, str | None, int | None], modified: tuple[int, ...]
) -> Counter[tuple[str, str]]:
    """Return what drawing counts; ``modified`` are time stamps, so that each version of the files is read once."""
    size = describe(*image).shape
    try:
        if isinstance(rule, LayerRule):
            return draw_layers(dict(files), rule, page, size)[1]
        if isinstance(rule, str):
            return draw_instances(files[0][1], size, page)[1]
        return draw_classes(files[0][1], rule.names, size, page)[1]
    except InputError:  # raised again when the label is used
        return Counter()


@cache
def _skipped(file: str, modified: int) -> str:
    try:
        return skipped_shapes(file)
    except InputError:
        return ""


@cache
def _warn_once(text: str) -> None:
    warnings.warn(text, stacklevel=7)
