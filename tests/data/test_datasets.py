"""Random samples depend only on seed, epoch and index."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.data import DataLoader
from monai.transforms import Compose, MapTransform, RandFlipd, RandGaussianNoised
from monai.utils import set_determinism
from PIL import Image

from custom.data import CachedDataset, EpochDataset, Manifest, PlainDataset, SeedEpoch, datalist, derive_seed, loaders
from custom.errors import InputError
from custom.images import read_item
from custom.transforms import ClassBlocksd, RandCropByClassd, ReadImaged, ReadLabeld

ITEMS = [{"image": torch.full((1, 3, 4), float(index))} for index in range(5)]


class CountCalls(MapTransform):
    """A deterministic transform that counts its calls."""

    def __init__(self) -> None:
        super().__init__("image")
        self.calls = 0

    def __call__(self, data: dict) -> dict:
        self.calls += 1
        return dict(data)


def dataset(seed: int = 0, epoch: int = 0, cache_rate: float = 1.0, transforms: tuple = ()) -> EpochDataset:
    random = [RandGaussianNoised("image", prob=1.0), RandFlipd("image", prob=0.5, spatial_axis=0)]
    made = EpochDataset(ITEMS, [*transforms, *random], seed=seed, cache_rate=cache_rate)
    made.epoch = epoch
    return made


def samples(data: EpochDataset, workers: int = 0) -> torch.Tensor:
    """Return all samples of an epoch in the order of a loader."""
    return torch.cat([batch["image"].as_tensor() for batch in DataLoader(data, batch_size=2, num_workers=workers)])


# --------------------------------------------------------------------------------------------------------------- seeds


def test_derive_seed_is_in_range_and_always_the_same() -> None:
    seeds = [derive_seed(0, epoch, index) for epoch in range(20) for index in range(20)]
    assert seeds == [derive_seed(0, epoch, index) for epoch in range(20) for index in range(20)]
    assert all(type(seed) is int and 0 <= seed < 2**32 for seed in seeds)
    assert len(set(seeds)) == 400


def test_derive_seed_depends_on_the_order() -> None:
    assert len({derive_seed(1, 2), derive_seed(2, 1), derive_seed(1), derive_seed(1, 2, 3), derive_seed(3, 2, 1)}) == 5


# -------------------------------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize("workers", [0, 2])
def test_same_for_the_same_seed_and_epoch(workers: int) -> None:
    expected = torch.stack([dataset(seed=3, epoch=2)[index]["image"].as_tensor() for index in range(5)])
    torch.testing.assert_close(samples(dataset(seed=3, epoch=2), workers), expected, rtol=0, atol=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_new_epoch_reaches_the_workers(workers: int) -> None:
    data = dataset()
    first = samples(data, workers)
    data.epoch = 1
    assert torch.equal(samples(data, workers), samples(dataset(epoch=1)))
    data.epoch = 0
    assert torch.equal(samples(data, workers), first)


@pytest.mark.parametrize("other", [{"seed": 1}, {"epoch": 1}])
def test_different_for_another_seed_or_epoch(other: dict) -> None:
    assert not any(
        torch.equal(one, two) for one, two in zip(samples(dataset()), samples(dataset(**other)), strict=True)
    )


def test_different_for_another_index() -> None:
    noise = samples(dataset()) - torch.arange(5).reshape(5, 1, 1, 1)
    assert len({tuple(one.flatten().sort().values.round(decimals=4).tolist()) for one in noise}) == 5


def test_what_came_before_changes_nothing() -> None:
    expected = dataset()[2]["image"]
    data = dataset()
    for index in (4, 2, 0, 0):
        data[index]
    np.random.seed(5)
    torch.manual_seed(5)
    data.transform.set_random_state(5)
    assert torch.equal(data[2]["image"], expected)
    assert torch.equal(data[2]["image"], expected)


@pytest.mark.parametrize("cache_rate", [1.0, 0.4, 0.0])
def test_negative_indices_count_from_the_end(cache_rate: float) -> None:
    data = dataset(seed=3, cache_rate=cache_rate)
    for index in range(5):
        assert torch.equal(data[index - 5]["image"], data[index]["image"])


@pytest.mark.parametrize("index", [5, -6])
def test_indices_out_of_range(index: int) -> None:
    with pytest.raises(IndexError):
        dataset()[index]


def test_iteration_ends() -> None:
    assert sum(1 for _ in dataset()) == 5


def test_global_generators_are_left_alone() -> None:
    data = dataset()
    np.random.seed(5)
    torch.manual_seed(5)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    data[0]
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize(("cache_rate", "calls"), [(1.0, 5), (0.4, 2 + 3 * 2), (0.0, 10)])
def test_caching_saves_work_and_changes_nothing(cache_rate: float, calls: int) -> None:
    count = CountCalls()
    data = EpochDataset(ITEMS, Compose([count, RandGaussianNoised("image", prob=1.0)]), cache_rate=cache_rate)
    once, twice = samples(data), samples(data)
    assert torch.equal(once, twice)
    assert torch.equal(once, samples(EpochDataset(ITEMS, [CountCalls(), RandGaussianNoised("image", prob=1.0)])))
    assert count.calls == calls


# ---------------------------------------------------------------------------------------------- many samples of an item


def several(workers: int = 0, **changes: object) -> torch.Tensor:
    """Return a dataset with three samples per item."""
    data = EpochDataset(ITEMS, [RandGaussianNoised("image", prob=1.0)], samples_per_item=3, **changes)
    assert len(data) == 15
    return samples(data, workers)


def test_samples_of_an_item_follow_each_other_and_differ() -> None:
    seen = several()
    assert seen.shape == (15, 1, 3, 4)
    assert seen.mean(dim=(1, 2, 3)).round().tolist() == [float(item) for item in range(5) for _ in range(3)]
    assert len({tuple(sample.flatten().tolist()) for sample in seen}) == 15


@pytest.mark.parametrize("cache_rate", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("workers", [0, 2])
def test_samples_of_an_item_depend_on_seed_epoch_and_index_alone(cache_rate: float, workers: int) -> None:
    assert torch.equal(several(workers, cache_rate=cache_rate), several())
    assert not torch.equal(several(workers, cache_rate=cache_rate, seed=1), several())


@pytest.mark.parametrize(("cache_rate", "calls"), [(1.0, 5), (0.4, 2 + 3 * 3), (0.0, 15)])
def test_a_cached_item_is_made_once_for_all_its_samples(cache_rate: float, calls: int) -> None:
    count = CountCalls()
    data = EpochDataset(
        ITEMS, [count, RandGaussianNoised("image", prob=1.0)], cache_rate=cache_rate, samples_per_item=3
    )
    samples(data)
    assert count.calls == calls
    assert data[-1]["image"].tolist() == data[14]["image"].tolist()
    with pytest.raises(IndexError):
        data[15]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_is_read_once_for_all_its_crops(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr("custom.transforms.reading.read_item", lambda *a: reads.append(a) or read_item(*a))
    data = EpochDataset(
        datalist(manifest(tmp_path, "a", train=[1, 2]), "train"),
        [
            ReadImaged("image", dtype="stored"),
            ReadLabeld("label"),
            ClassBlocksd("label", classes=10),
            RandCropByClassd(["image", "label"], "label", 2, ratios=[1] * 10),
            RandFlipd(["image", "label"], prob=0.5, spatial_axis=0),
        ],
        samples_per_item=20,
    )
    for _ in range(2):
        seen = [batch["image"] for batch in DataLoader(data, batch_size=4, num_workers=workers)]
        assert torch.cat(seen).shape == (40, 1, 2, 2)
        assert torch.cat(seen).dtype == torch.uint8
    assert len(reads) == 2
    assert all(not item["image"].applied_operations for item in data._cache)  # a flip would have left its trace


def test_no_samples() -> None:
    with pytest.raises(ValueError, match="samples_per_item must be 1 or more, not 0"):
        EpochDataset(ITEMS, [], samples_per_item=0)


# --------------------------------------------------------------------------------------------------------------- epochs


@pytest.fixture
def indeterminate_after() -> Iterator[None]:
    """Restore the global state that seeding an epoch changes."""
    yield
    set_determinism(None)


def epochs(seed: int, first: int = 1, draw_before: int = 0) -> list[tuple[float, list]]:
    """Run a trainer from ``first`` to epoch 3; return the random numbers of torch and the samples of each epoch."""
    data, seen = dataset(seed), []
    torch.rand(draw_before)
    trainer = Engine(lambda engine, batch: seen.append((float(torch.rand(())), batch["image"].tolist())))
    SeedEpoch().attach(trainer)
    loader = DataLoader(data, batch_size=5, shuffle=True)
    trainer.data_loader = loader  # an attribute of MONAI's trainers
    if first > 1:
        trainer.load_state_dict({"epoch": first - 1, "epoch_length": 1, "max_epochs": 3})
    trainer.run(loader, max_epochs=3)
    return seen


@pytest.mark.usefixtures("indeterminate_after")
def test_a_resumed_run_sees_what_the_unbroken_one_saw() -> None:
    unbroken = epochs(0)
    assert len(unbroken) == 3
    assert epochs(0, first=2, draw_before=7) == unbroken[1:]
    drawn = [drawn for drawn, _ in (*unbroken, *epochs(1))]
    assert len(set(drawn)) == 6


@pytest.mark.usefixtures("indeterminate_after")
def test_each_epoch_has_its_own_samples_in_its_own_order() -> None:
    seen = [shown for _, shown in epochs(3)]
    for number, shown in enumerate(seen, start=1):
        assert sorted(shown) == sorted(samples(dataset(seed=3, epoch=number)).tolist())
    orders = [tuple(round(float(np.mean(sample))) for sample in shown) for shown in seen]
    assert all(sorted(order) == list(range(5)) for order in orders)
    assert len(set(orders)) > 1


# -------------------------------------------------------------------------------------------------------------- loaders


def manifest(folder: Path, name: str, **splits: list[int]) -> Manifest:
    for number in (number for numbers in splits.values() for number in numbers):
        for kind in ("image", "mask"):
            (folder / name / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((3, 4), number, np.uint8)).save(folder / name / kind / f"{number}.png")
    by_numbers = {split: {"numbers": numbers} for split, numbers in splits.items()}
    labels = {str(value): value for value in range(10)}
    return Manifest(folder / name, name, "paired_folders", "image", "mask", labels, splits=by_numbers)


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_give_one_image_at_a_time_in_order(workers: int, tmp_path: Path) -> None:
    data = [manifest(tmp_path, "a", train=[1], test=[3, 2]), manifest(tmp_path, "b", test=[4])]
    reading = Compose([ReadImaged("image"), ReadLabeld("label")])
    made = loaders(data, ["test", "validation", "train"], reading, workers)
    assert list(made) == ["test", "train"]
    batches = list(made["test"])
    assert [batch["image"].unique().tolist() for batch in batches] == [[2], [3], [4]]
    assert all(batch["image"].shape == batch["label"].shape == (1, 1, 3, 4) for batch in batches)


def test_none_of_the_splits(tmp_path: Path) -> None:
    data = [manifest(tmp_path, "a", train=[1]), manifest(tmp_path, "b", train=[1])]
    with pytest.raises(InputError, match=r"^--splits: found none of test, validation in a, b\.$"):
        loaders(data, ["test", "validation"], ReadImaged("image"))


@pytest.fixture
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.parametrize(
    "make",
    [
        EpochDataset,
        CachedDataset,
        PlainDataset,
        functools.partial(EpochDataset, cache_rate=0.0),
        functools.partial(CachedDataset, cache_rate=0.4),
    ],
)
def test_one_thread_makes_an_item_here_as_in_a_worker(make: Callable) -> None:
    """Sums over an image depend on the number of threads, which is 1 in a worker; the caller's number is kept."""
    note = Note()
    data = make(ITEMS, Compose([note, RandFlipd("image", prob=0.0)]))
    assert [data[index]["threads"] for index in range(5)] == [1] * 5
    assert torch.get_num_threads() == 2


class Note(MapTransform):
    """A deterministic transform that records the number of threads."""

    def __init__(self) -> None:
        super().__init__("image")

    def __call__(self, data: dict) -> dict:
        return dict(data) | {"threads": torch.get_num_threads()}


@pytest.mark.parametrize(("cache_rate", "cached"), [(1.0, 5), (0.4, 2), (0.0, 0)])
def test_a_cached_dataset_reads_once(cache_rate: float, cached: int) -> None:
    count = CountCalls()
    data = CachedDataset(ITEMS, [count], cache_rate=cache_rate)
    assert count.calls == cached
    assert torch.equal(torch.cat([data[index]["image"] for index in range(5)]), torch.cat([i["image"] for i in ITEMS]))
    assert count.calls == 5
