"""The list of items of a split, for any layout of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import InputError
from ...ground.option_values import choice
from ..manifests._manifest import SPLITS, Manifest
from ._bids import bids_items
from ._cell_tracking import cell_tracking_items
from ._overlaps import warn_about_overlaps
from ._paired_folders import paired_items
from ._pixel_sizes import given_pixel_size
from ._results import result_items
from ._stacks import stack_items

_LISTED = {"paired_folders": paired_items, "stacks": stack_items, "bids": bids_items, "results": result_items}


def datalist(
    manifests: Manifest | Sequence[Manifest], splits: str | Sequence[str], truth: str = "silver", pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return the items of one or several splits.

    Each item is a dictionary with ``image`` and ``label`` (paths; for one label file per class, class name → path),
    ``page`` (number of the page, from 0), ``name``, ``rule`` (how the label is read, see `Manifest`), ``channels`` (see
    `custom.images.read_image`), ``channel`` and ``axes`` if the data set has them, and ``pixel_size`` ((row, column) in
    µm, or None if unknown). Items of the layout ``"cell_tracking"`` also have ``sequence``, ``frame`` and ``truth``,
    and with gold truth ``markers`` (a path) if there are any. Items of the other layouts have ``region`` (a path) if
    only a region is annotated.

    Args:
        manifests: one or several data sets.
        splits: ``"train"``, ``"validation"``, ``"test"`` or several of them. If no data set has the split
            ``"validation"``, it is the split ``"train"``.
        truth: ``"silver"`` or ``"gold"``, the labels to use in the layout ``"cell_tracking"``; frames without such a
            label are left out.
        pixel_size: pixel size of all images in µm: a number, [row, column], or None to use that of the data sets.

    Raises:
        InputError: a split is unknown or named twice, a file or folder is missing, an image and its label differ in
            size, a pair consists of stacks, an option is invalid, or there are no items.
    """
    manifests = [manifests] if isinstance(manifests, Manifest) else manifests
    names = [splits] if isinstance(splits, str) else list(splits)
    wrong = [name for index, name in enumerate(names) if name not in SPLITS or name in names[:index]]
    if wrong:
        raise InputError(f"--train_splits: found {wrong[0]!r}, expected each of {', '.join(SPLITS)} at most once.")
    if names == ["validation"] and not any("validation" in manifest.splits for manifest in manifests):
        names = ["train"]  # too few images to set some aside; training warns of images in both splits
    items = items_of(manifests, names, truth, pixel_size)
    if not items:
        folders = ", ".join(str(manifest.folder) for manifest in manifests)
        raise InputError.about(folders, f"no image for the split {' + '.join(names)}", "at least one")
    return items


def items_of(
    manifests: Sequence[Manifest], splits: Sequence[str], truth: str = "silver", pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return the same items as `datalist`, but an empty list instead of an error if there are none."""
    choice("truth", truth, "silver", "gold")
    given = given_pixel_size(pixel_size)
    return [item for manifest in manifests for name in splits for item in _items(manifest, name, truth, given)]


def _items(manifest: Manifest, split: str, truth: str, pixel_size: tuple[float, float] | None) -> list[dict[str, Any]]:
    if split not in manifest.splits:
        return []
    found = _found(manifest, split, truth)
    warn_about_overlaps(manifest, found, lambda name: _found(manifest, name, truth))
    size = given_pixel_size(manifest.pixel_size_um)
    reading: dict[str, Any] = {"channels": manifest.channels, "channel": manifest.channel, "axes": manifest.axes}
    reading = {name: value for name, value in reading.items() if value is not None}
    return [reading | item | {"pixel_size": pixel_size or item.get("pixel_size") or size} for item in found]


def _found(manifest: Manifest, split: str, truth: str) -> list[dict[str, Any]]:
    if manifest.layout == "cell_tracking":
        return cell_tracking_items(manifest, split, truth)
    return _LISTED[manifest.layout](manifest, split)
