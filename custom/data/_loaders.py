"""Data loaders for the splits of an evaluation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from monai.data import DataLoader

from ..errors import InputError
from ._datasets import PlainDataset
from .items._datalist import datalist, items_of
from .manifests._manifest import SPLITS, Manifest


def loaders(
    manifests: Sequence[Manifest],
    splits: str | Sequence[str],
    transform: Callable,
    num_workers: int = 0,
    truth: str = "silver",
    pixel_size: Any = None,
) -> dict[str, DataLoader]:
    """Return a data loader for each of the given splits that the data sets have: one image at a time, in order.

    A split without any labeled image, which is possible with gold truth, is left out with a warning.

    Args:
        manifests: the data sets.
        splits: names of splits.
        transform: applied to each item.
        num_workers: number of processes that read images.
        truth: ``"silver"`` or ``"gold"``, as in `datalist`.
        pixel_size: in µm, as in `datalist`.

    Returns:
        Name of a split → its data loader.

    Raises:
        InputError: the data sets have none of the splits, or as in `datalist`.
    """
    splits = [splits] if isinstance(splits, str) else splits
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise InputError(f"--splits: found {unknown[0]!r}, expected some of {', '.join(SPLITS)}.")
    found = [split for split in splits if any(split in manifest.splits for manifest in manifests)]
    if not found:
        raise InputError(f"--splits: found none of {', '.join(splits)} in {', '.join(m.name for m in manifests)}.")
    items = {split: items_of(manifests, [split], truth, pixel_size) for split in found}
    empty = [split for split, data in items.items() if not data]
    if len(empty) == len(items):
        datalist(manifests, found, truth, pixel_size)  # raises the error for no items
    if empty:
        warnings.warn(f"Splits left out because none of their images has a label: {', '.join(empty)}", stacklevel=2)
    return {
        split: DataLoader(PlainDataset(data, transform), batch_size=1, num_workers=num_workers)
        for split, data in items.items()
        if data
    }
