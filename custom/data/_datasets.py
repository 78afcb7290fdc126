"""Datasets with reproducible items: the same for any number of loader workers, and after a run is resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.data import CacheDataset, Dataset
from monai.transforms import Compose
from monai.utils import set_determinism

from ..errors import InputError
from ..ground.progress import shown
from .items._inputs import note_assumed


def derive_seed(*numbers: int) -> int:
    """Return a seed in [0, 2**32) that depends on all ``numbers`` (0 or more) and on their order.

    Examples:
        >>> derive_seed(0, 1) == derive_seed(0, 1), derive_seed(0, 1) == derive_seed(1, 0)
        (True, False)
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit PyTorch to one thread, as in a loader's worker: sums over an image depend on the number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def reading_options(transform: Any) -> dict[str, Any]:
    """Return the ``channel`` and the ``axes`` with which a reader among the transforms reads items without them."""
    return next((one.options for one in getattr(transform, "transforms", ()) if hasattr(one, "completed")), {})


def completed(data: Sequence[Any], transform: Any) -> Sequence[Any]:
    """Return items of a program, which may have only ``image`` and ``label``, with what the reader adds to them.

    Complete items, such as those of `datalist`, are returned as they are.
    """
    readers = [one for one in getattr(transform, "transforms", ()) if hasattr(one, "completed")]
    if not readers or all("channels" in item for item in data):
        return data
    items = []
    for item in data:
        try:
            items.append(readers[0].completed(item, item["image"]))
        except InputError:  # raised again when the image is read
            items.append(item)
    if readers[0].usual_pixel_size and not readers[0].pixel_size:
        note_assumed(items, readers[0].usual_pixel_size)
    return items


class PlainDataset(Dataset):
    """MONAI's ``Dataset`` with items that do not depend on the number of threads: each is computed with one thread.

    Examples:
        >>> PlainDataset([{"page": 0}, {"page": 1}], lambda item: item | {"name": f"page {item['page']}"})[1]
        {'page': 1, 'name': 'page 1'}
    """

    def __init__(self, data: Sequence[Any], transform: Callable) -> None:
        super().__init__(completed(data, transform), transform)

    def _transform(self, index: int) -> Any:
        with one_thread():
            return super()._transform(index)


class CachedDataset(CacheDataset):
    """MONAI's ``CacheDataset`` with items that do not depend on the number of threads, and with a progress bar.

    Args:
        data: items, as returned by `datalist`.
        transform: applied to each item; the result before the first random transform is cached.
        cache_rate: fraction of the items kept in memory, 0 to 1.
        copy_cache: whether random transforms get a copy of the cached item.

    Examples:
        >>> data = CachedDataset([{"page": 0}, {"page": 1}], lambda item: item | {"name": f"page {item['page']}"})
        >>> len(data), data[1]["name"]
        (2, 'page 1')
    """

    def __init__(
        self,
        data: Sequence[dict],
        transform: Sequence[Callable] | Callable,
        cache_rate: float = 1.0,
        copy_cache: bool = True,
    ) -> None:
        compose = transform if isinstance(transform, Compose) else Compose(transform)
        super().__init__(completed(data, compose), compose, cache_rate=cache_rate, copy_cache=copy_cache)

    def _fill_cache(self, indices: Sequence[int] | None = None) -> list:
        chosen = range(self.cache_num) if indices is None else indices
        with one_thread():
            return [self._load_cache_item(index) for index in shown(chosen, len(chosen), "reading images")]

    def _transform(self, index: int) -> Any:
        with one_thread():
            return super()._transform(index)


class EpochDataset(CachedDataset):
    """A `CachedDataset` whose random transforms are seeded for each sample from (``seed``, epoch, index).

    A resumed run therefore gets the same samples as an uninterrupted one, with any number of loader workers.

    Args:
        data: items, as returned by `datalist`.
        transform: applied to each item; the result before the first random transform is cached.
        seed: the seed of the run.
        cache_rate: fraction of the items kept in memory, 0 to 1.
        samples_per_item: number of consecutive samples that an epoch draws from each item. An item that is not cached
            is read again for each sample.
        copy_cache: whether the first random transform gets a copy of the cached item. Without, it must not change the
            item; `custom.transforms.RandCropByClassd` does not.

    Raises:
        ValueError: ``samples_per_item`` is less than 1.

    Examples:
        >>> from monai.transforms import RandScaleIntensityd
        >>> scale = RandScaleIntensityd("image", factors=0.5, prob=1.0)
        >>> data = EpochDataset([{"image": torch.ones(1, 2, 2)}], scale, seed=7, samples_per_item=2)
        >>> torch.equal(data[0]["image"], data[0]["image"]), torch.equal(data[0]["image"], data[1]["image"])
        (True, False)
    """

    def __init__(
        self,
        data: Sequence[dict],
        transform: Sequence[Callable] | Callable,
        seed: int = 0,
        cache_rate: float = 1.0,
        samples_per_item: int = 1,
        copy_cache: bool = True,
    ) -> None:
        if samples_per_item < 1:
            raise ValueError(f"samples_per_item must be 1 or more, not {samples_per_item}.")
        self.samples_per_item = samples_per_item
        super().__init__(data, transform, cache_rate, copy_cache=copy_cache)
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.data) * self.samples_per_item

    def _transform(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Index {index} is out of range for {len(self)} samples.")
        index %= len(self)  # the same seed for negative indices, which a partial cache does not support
        self.transform.set_random_state(seed=derive_seed(self.seed, self.epoch, index))
        return super()._transform(index // self.samples_per_item)


class SeedEpoch:
    """Handler that seeds all random numbers of an epoch from (seed, epoch): sample order, augmentation, dropout.

    The seed is that of the trainer's `EpochDataset`, which also gets the number of the epoch.
    """

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        dataset = engine.state.dataloader.dataset
        dataset.epoch = engine.state.epoch
        set_determinism(derive_seed(dataset.seed, engine.state.epoch))
