"""A cached dataset whose randomness depends on the seed, the epoch and the sample alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from monai.data import CacheDataset, DataLoader, Dataset
from monai.transforms import Compose
from monai.utils import set_determinism

from .datalists import datalist
from .errors import InputError
from .manifests import SPLITS, Manifest


def derive_seed(*numbers: int) -> int:
    """Return a seed in [0, 2**32) that depends on all of ``numbers`` (non-negative) and on their order."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


class EpochDataset(CacheDataset):
    """MONAI's ``CacheDataset``, with random transforms that are seeded anew for every sample.

    The seed of a sample comes from (``seed``, epoch, index). A resumed run therefore sees what the unbroken run would
    have seen, and the number of loader workers changes nothing.

    Args:
        data: items, dictionaries as ``datalists.datalist`` makes them.
        transform: what to do with an item; everything before the first random transform is done once and cached.
        seed: the seed of the run.
        cache_rate: the part of the items that is kept in memory, 0 to 1.
    """

    def __init__(
        self, data: Sequence[dict], transform: Sequence[Callable] | Callable, seed: int = 0, cache_rate: float = 1.0
    ) -> None:
        compose = transform if isinstance(transform, Compose) else Compose(transform)
        super().__init__(data, compose, cache_rate=cache_rate, progress=False)
        self.seed = seed
        self.epoch = 0

    def _transform(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Index {index} is out of range for {len(self)} samples.")
        index %= len(self)  # one seed for both ways to name a sample; and a part of a cache has no negative indices
        self.transform.set_random_state(seed=derive_seed(self.seed, self.epoch, index))
        return super()._transform(index)


class SeedEpoch:
    """Handler that seeds everything random in an epoch from (``seed``, epoch): sample order, augmentation, dropout.

    Args:
        dataset: the training dataset.
        seed: the seed of the run.
    """

    def __init__(self, dataset: EpochDataset, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        self.dataset.epoch = engine.state.epoch
        set_determinism(derive_seed(self.seed, engine.state.epoch))


def loaders(
    manifests: Sequence[Manifest], splits: str | Sequence[str], transform: Callable, num_workers: int = 0
) -> dict[str, DataLoader]:
    """Return a loader, one image at a time and in order, for each of the splits that the data sets have.

    Raises:
        InputError: when they have none of them.
    """
    splits = [splits] if isinstance(splits, str) else splits
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise InputError(f"--splits: found {unknown[0]!r}, expected some of {', '.join(SPLITS)}.")
    found = [split for split in splits if any(split in manifest.splits for manifest in manifests)]
    if not found:
        raise InputError(f"--splits: found none of {', '.join(splits)} in {', '.join(m.name for m in manifests)}.")
    return {
        split: DataLoader(Dataset(datalist(manifests, split), transform), batch_size=1, num_workers=num_workers)
        for split in found
    }
