"""Sample data of `tem`: labels match the images, and the test images differ from all others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.ndimage import binary_erosion, distance_transform_edt

from custom.samples import make_samples, tem
from custom.samples._nerve import Layout, Nerve, distance_to, grow

VALUES = tem.MANIFEST["labels"]
MYELINATED, UNMYELINATED, SCHWANN, VESSEL = (
    VALUES[name] for name in ("myelinated_axon", "unmyelinated_axon", "schwann_cell", "blood_vessel")
)
Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the sample data."""
    return make_samples("tem", tmp_path_factory.mktemp("samples") / "tem")


@pytest.fixture(scope="module")
def pairs(made: Path) -> dict[str, list[Pair]]:
    """Return image and label of each number, by split."""
    splits = json.loads((made / "manifest.json").read_text())["splits"]

    def read(number: int) -> Pair:
        return tuple(tifffile.imread(made / folder / f"{number:05d}.tiff") for folder in ("image", "label"))

    return {split: [read(number) for number in chosen["numbers"]] for split, chosen in splits.items()}


@pytest.fixture(scope="module")
def nerve() -> Nerve:
    """Return a nerve with every kind of structure."""
    layout = Layout(unit=30, myelinated=0.4, filling=1.0, missing=0.0, cleft=0.08, vessel=True, edge=True, rift=True)
    return grow(np.random.default_rng(0), (300, 360), layout)


def test_same_seed_same_bytes(made: Path, tmp_path: Path) -> None:
    again = make_samples("tem", tmp_path / "again")
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert len(files) == 33
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((made / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_other_generator_other_image() -> None:
    first, other = (tem.draw(np.random.default_rng(seed), (96, 128)) for seed in (1, 2))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


def test_small(made: Path) -> None:
    assert sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) < 6e6


def test_layout(made: Path, pairs: dict[str, list[Pair]]) -> None:
    assert json.loads((made / "manifest.json").read_text()) == tem.MANIFEST
    assert {split: len(members) for split, members in pairs.items()} == {"train": 10, "validation": 3, "test": 3}
    for image, label in (pair for members in pairs.values() for pair in members):
        assert image.dtype == label.dtype == np.uint8
        assert image.shape == label.shape == (384, 384)
        assert set(np.unique(label)) <= set(VALUES.values())


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_all_classes_occur_but_not_everywhere(split: str, pairs: dict[str, list[Pair]]) -> None:
    labels = [label for _, label in pairs[split]]
    assert set(np.unique(labels)) == set(VALUES.values())
    assert any(VESSEL not in label for label in labels)


@pytest.mark.parametrize("size", [(64, 64), (64, 300), (257, 131)])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_any_size(size: tuple[int, int], split: str) -> None:
    image, label = tem.draw(np.random.default_rng(0), size, split)
    assert image.dtype == label.dtype == np.uint8
    assert image.shape == label.shape == size


def test_test_settings_are_unlike_the_others() -> None:
    for name in ("contrast", "noise", "defocus", "shading", "myelin"):
        low, high = getattr(tem._TRAIN, name)
        other_low, other_high = getattr(tem._TEST, name)
        assert high <= other_low or other_high <= low, name
    assert tem._SETTINGS["validation"] == tem._SETTINGS["train"]


def test_test_images_have_less_contrast_between_the_classes(pairs: dict[str, list[Pair]]) -> None:
    def contrast(split: str) -> float:
        return float(np.median([np.subtract(*ring_and_axon(image, label)) for image, label in pairs[split]]))

    assert contrast("test") < 0.8 * contrast("train")


def ring_and_axon(image: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Return the median gray values of the axoplasm deep inside myelinated axons and of the myelin at their border."""
    depth = distance_transform_edt(label == MYELINATED)
    ring = (depth > 1) & (depth < 4)
    return float(np.median(image[depth > 0.6 * depth.max()])), float(np.median(image[ring]))


def test_myelin_is_darker_than_the_axon_in_it(pairs: dict[str, list[Pair]]) -> None:
    for image, label in (pair for members in pairs.values() for pair in members):
        if (label == MYELINATED).mean() > 0.05:
            axon, myelin = ring_and_axon(image, label)
            assert axon > myelin + 25


def test_gray_of_the_classes(pairs: dict[str, list[Pair]]) -> None:
    axons = [np.median(image[label == UNMYELINATED]) for image, label in pairs["train"] if UNMYELINATED in label]
    nuclei = [
        np.median(image[binary_erosion(label == SCHWANN, iterations=5)])
        for image, label in pairs["train"]
        if binary_erosion(label == SCHWANN, iterations=5).any()
    ]
    assert np.median(nuclei) < np.median(axons)


def test_shares_are_those_of_nerves() -> None:
    labels = [tem.draw(np.random.default_rng(seed), (256, 256))[1] for seed in range(24)]
    shares = {value: np.mean([(label == value).mean() for label in labels]) for value in VALUES.values()}
    assert 0.35 < shares[0] < 0.65
    assert 0.15 < shares[MYELINATED] < 0.4
    assert 0.1 < shares[UNMYELINATED] < 0.25
    assert 0.01 < shares[SCHWANN] < 0.1
    assert 0.005 < shares[VESSEL] < 0.12


def test_cells_do_not_overlap(nerve: Nerve) -> None:
    masks = [nerve.vessel, nerve.myelinated >= 0, nerve.unmyelinated >= 0, nerve.schwann]
    assert np.sum(masks, axis=0).max() == 1
    assert all(mask.any() for mask in masks)


def test_cells_lie_within_the_nerve(nerve: Nerve) -> None:
    beyond = nerve.beyond > 0
    assert beyond.any()
    for mask in (nerve.vessel, nerve.myelinated >= 0, nerve.unmyelinated >= 0, nerve.schwann, nerve.bundle >= 0):
        assert not (mask & beyond).any()


def test_unmyelinated_axons_lie_in_bundles(nerve: Nerve) -> None:
    assert (nerve.bundle[nerve.unmyelinated >= 0] >= 0).all()


def test_neighbors_of_myelinated_axons_keep_a_gap(nerve: Nerve) -> None:
    next_to = nerve.myelinated[:, :-1], nerve.myelinated[:, 1:]
    assert not ((next_to[0] >= 0) & (next_to[1] >= 0) & (next_to[0] != next_to[1])).any()


def test_unmyelinated_axons_have_the_size_asked_for() -> None:
    layout = Layout(unit=20, myelinated=0, filling=1, missing=0, cleft=0.05, vessel=False, edge=False, rift=False)
    nerve = grow(np.random.default_rng(0), (400, 400), layout)
    areas = np.bincount(nerve.unmyelinated.ravel() + 1)[1:]
    assert 0.7 * 20 < np.median(np.sqrt(areas[areas > 0] * 4 / np.pi)) < 1.1 * 20
    assert (nerve.myelinated < 0).all()
    assert not nerve.vessel.any()


def test_distance_to_equals_the_definition() -> None:
    mask = np.zeros((20, 30), bool)
    mask[4, 5] = mask[15, 20] = True
    assert np.abs(distance_to(mask) - distance_transform_edt(~mask)).max() < 0.3
    assert (distance_to(np.zeros((20, 30), bool)) == 50).all()
