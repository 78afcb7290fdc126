"""Datasets whose items are the same in the process itself and in any number of loader workers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.data import CacheDataset, DataLoader, Dataset
from monai.transforms import Compose
from monai.utils import set_determinism

from ..errors import InputError
from ..ground.progress import shown
from .items._datalist import datalist, items_of
from .manifests._manifest import SPLITS, Manifest


def derive_seed(*numbers: int) -> int:
    """Return a seed in [0, 2**32) that depends on all of ``numbers`` (non-negative) and on their order."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute with one thread, as it does in a loader's worker: sums over an image depend on the number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class PlainDataset(Dataset):
    """MONAI's ``Dataset``, whose items do not depend on the number of threads: each is made with one."""

    def _transform(self, index: int) -> Any:
        with one_thread():
            return super()._transform(index)


class CachedDataset(CacheDataset):
    """MONAI's ``CacheDataset``, whose items do not depend on the number of threads, with progress while it reads.

    Args:
        data: items, dictionaries as ``datalists.datalist`` makes them.
        transform: what to do with an item; everything before the first random transform is done once and cached.
        cache_rate: the part of the items that is kept in memory, 0 to 1.
        copy_cache: whether random transforms get a copy of what is in the cache.
    """

    def __init__(
        self,
        data: Sequence[dict],
        transform: Sequence[Callable] | Callable,
        cache_rate: float = 1.0,
        copy_cache: bool = True,
    ) -> None:
        compose = transform if isinstance(transform, Compose) else Compose(transform)
        super().__init__(data, compose, cache_rate=cache_rate, copy_cache=copy_cache)

    def _fill_cache(self, indices: Sequence[int] | None = None) -> list:
        chosen = range(self.cache_num) if indices is None else indices
        with one_thread():
            return [self._load_cache_item(index) for index in shown(chosen, len(chosen), "reading images")]

    def _transform(self, index: int) -> Any:
        with one_thread():
            return super()._transform(index)


class EpochDataset(CachedDataset):
    """A `CachedDataset` with random transforms that are seeded anew for every sample.

    The seed of a sample comes from (``seed``, epoch, index). A resumed run therefore sees what the unbroken run would
    have seen, and the number of loader workers changes nothing.

    Args:
        data: items, dictionaries as ``datalists.datalist`` makes them.
        transform: what to do with an item; everything before the first random transform is done once and cached.
        seed: the seed of the run.
        cache_rate: the part of the items that is kept in memory, 0 to 1.
        samples_per_item: how often an epoch takes each item, one after the other. An item in the cache is read once for
            all of them, another one each time. With more than 1 the first random transform gets what is in the cache,
            not a copy, and must leave it as it is, as `transforms.RandCropByClassd` does.

    Raises:
        ValueError: when ``samples_per_item`` is less than 1.
    """

    def __init__(
        self,
        data: Sequence[dict],
        transform: Sequence[Callable] | Callable,
        seed: int = 0,
        cache_rate: float = 1.0,
        samples_per_item: int = 1,
    ) -> None:
        if samples_per_item < 1:
            raise ValueError(f"samples_per_item must be 1 or more, not {samples_per_item}.")
        self.samples_per_item = samples_per_item
        super().__init__(data, transform, cache_rate, copy_cache=samples_per_item == 1)
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.data) * self.samples_per_item

    def _transform(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Index {index} is out of range for {len(self)} samples.")
        index %= len(self)  # one seed for both ways to name a sample; and a part of a cache has no negative indices
        self.transform.set_random_state(seed=derive_seed(self.seed, self.epoch, index))
        return super()._transform(index // self.samples_per_item)


class SeedEpoch:
    """Handler that seeds everything random in an epoch from (seed, epoch): sample order, augmentation, dropout.

    The seed is that of the trainer's `EpochDataset`.
    """

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        dataset = engine.state.dataloader.dataset
        dataset.epoch = engine.state.epoch
        set_determinism(derive_seed(dataset.seed, engine.state.epoch))


def loaders(
    manifests: Sequence[Manifest],
    splits: str | Sequence[str],
    transform: Callable,
    num_workers: int = 0,
    truth: str = "silver",
    pixel_size: Any = None,
) -> dict[str, DataLoader]:
    """Return a loader, one image at a time and in order, for each of the splits that the data sets have.

    A split none of whose images has a label, as gold truth may leave it, is left out with a warning.

    Args:
        manifests: the data sets.
        splits: names of splits.
        transform: what to do with an item.
        num_workers: processes that read.
        truth: ``"silver"`` or ``"gold"``, as in `datalists.datalist`.
        pixel_size: in µm, as in `datalists.datalist`.

    Raises:
        InputError: when they have none of the splits, or `datalists.datalist` finds something wrong.
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
        datalist(manifests, found, truth, pixel_size)  # which says that nothing is there
    if empty:
        warnings.warn(f"Left out, because no image of it has a label: {', '.join(empty)}", stacklevel=2)
    return {
        split: DataLoader(PlainDataset(data, transform), batch_size=1, num_workers=num_workers)
        for split, data in items.items()
        if data
    }
