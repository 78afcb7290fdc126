"""The items of a split, whatever the layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import InputError
from ...ground.option_values import choice
from ..manifests._manifest import Manifest
from ._bids import bids_items
from ._cell_tracking import cell_tracking_items
from ._paired import paired_items
from ._scale import given_pixel_size
from ._stacks import stack_items


def datalist(
    manifests: Manifest | Sequence[Manifest], splits: str | Sequence[str], truth: str = "silver", pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return the items of one or several splits: ``image``, ``label``, ``page``, ``name`` and what reading them needs.

    An item has the ``pixel_size`` (row, column) in µm, or None where nobody gave one. Those of the layout
    ``"cell_tracking"`` have their ``sequence``, ``frame`` and ``truth``, and for gold truth the file of the ``markers``
    where there is one; all others have the ``rule`` of their label values.

    Args:
        manifests: one or several data sets.
        splits: ``"train"``, ``"validation"``, ``"test"`` or several of them.
        truth: ``"silver"`` or ``"gold"``, which labels to take of the layout ``"cell_tracking"``; only frames that have
            one become items.
        pixel_size: of all images, in µm: a number, [row, column], or None for what the data sets say.

    Raises:
        InputError: when nothing is there, an image and its label differ in size, a pair is a pair of stacks, an option
            is wrong, or no item is left.
    """
    manifests = [manifests] if isinstance(manifests, Manifest) else manifests
    names = [splits] if isinstance(splits, str) else splits
    items = items_of(manifests, names, truth, pixel_size)
    if not items:
        folders = ", ".join(str(manifest.folder) for manifest in manifests)
        raise InputError.about(folders, f"no image for the split {' + '.join(names)}", "at least one")
    return items


def items_of(
    manifests: Sequence[Manifest], splits: Sequence[str], truth: str = "silver", pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return what `datalist` returns, or nothing where no item is left; arguments and errors are those of it."""
    choice("truth", truth, "silver", "gold")
    given = given_pixel_size(pixel_size)
    return [item for manifest in manifests for name in splits for item in _items(manifest, name, truth, given)]


def _items(manifest: Manifest, split: str, truth: str, pixel_size: tuple[float, float] | None) -> list[dict[str, Any]]:
    if split not in manifest.splits:
        return []
    if manifest.layout == "cell_tracking":
        found = cell_tracking_items(manifest, split, truth)
    else:
        found = {"paired_folders": paired_items, "stacks": stack_items, "bids": bids_items}[manifest.layout](
            manifest, split
        )
    size = given_pixel_size(manifest.pixel_size_um)
    return [
        item | {"channels": manifest.channels, "pixel_size": pixel_size or item.get("pixel_size") or size}
        for item in found
    ]
