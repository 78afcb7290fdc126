"""Sample data of `vesicle`: layout, and agreement of images and masks."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter, label

from custom.samples import make_samples
from custom.samples import vesicle as module

SEEDS = range(16)
Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("vesicle", tmp_path_factory.mktemp("samples") / "vesicle")


@pytest.fixture(scope="module")
def drawn() -> list[Pair]:
    return [module.draw(np.random.default_rng(seed), (192, 224)) for seed in SEEDS]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_layout(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["name"] == "sample_vesicle"
    assert manifest["labels"] == {"background": 0, "vesicle": 1}
    assert manifest["pixel_size_um"] == [0.075, 0.075]
    counts = {}
    for split, where in manifest["splits"].items():
        images, masks = (made / folder for folder in where["folders"])
        assert [p.stem for p in sorted(images.glob("*.tif"))] == [p.stem for p in sorted(masks.glob("*.npy"))]
        counts[split] = len(list(images.iterdir()))
        for file in images.iterdir():
            image, mask = tifffile.imread(file), np.load(masks / f"{file.stem}.npy")
            assert (image.shape, image.dtype) == ((256, 256), np.uint16)
            assert (mask.shape, mask.dtype) == ((256, 256), np.uint8)
            assert mask.max() <= 1
    assert counts == {"train": 24, "validation": 6, "test": 6}
    assert manifest["splits"]["validation"]["folders"] == ["val/img", "val/mask"]


def test_same_seed_same_bytes(made: Path, tmp_path: Path) -> None:
    assert contents(make_samples("vesicle", tmp_path / "again")) == contents(made)


def test_small(made: Path) -> None:
    assert sum(map(len, contents(made).values())) < 9e6


def test_draw_depends_on_the_generator_alone(drawn: list[Pair]) -> None:
    for seed in (0, 5):
        again = module.draw(np.random.default_rng(seed), (192, 224))
        assert all(map(np.array_equal, again, drawn[seed]))
    assert len({image.tobytes() for image, _ in drawn}) == len(drawn)


@pytest.mark.parametrize("size", [(64, 64), (65, 130), (300, 97)])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_any_size(size: tuple[int, int], split: str) -> None:
    for seed in range(4):
        image, mask = module.draw(np.random.default_rng(seed), size, split)
        assert image.shape == mask.shape == size
        assert (image.dtype, mask.dtype) == (np.uint16, np.uint8)
        assert mask.max() <= 1


def test_test_images_are_drawn_with_other_settings() -> None:
    train, validation, test = (
        module.draw(np.random.default_rng(0), (96, 96), s)[0] for s in ("train", "validation", "test")
    )
    assert np.array_equal(train, validation)
    assert not np.array_equal(train, test)


def test_vesicles_are_brighter_than_what_surrounds_them(drawn: list[Pair]) -> None:
    for image, mask in drawn:
        if mask.sum() > 50:
            near = (gaussian_filter(mask.astype(float), 4) > 0.02) & (mask == 0)
            assert image[mask > 0].mean() > image[near].mean()


def test_exposures_and_amounts_differ(drawn: list[Pair]) -> None:
    medians = [np.median(image) for image, _ in drawn]
    assert max(medians) > 20 * min(medians)
    covered = [mask.mean() for _, mask in drawn]
    assert max(covered) > 0.1
    assert 0 < min(covered) < 0.03
    for image, _ in drawn:
        assert (image == 65535).mean() < 0.5
        assert image.std() > 3


def test_radii_from_1_to_13_pixels() -> None:
    """For isolated discs, because touching ones merge in the mask."""
    radii = []
    for seed in range(12):
        labels, count = label(module.draw(np.random.default_rng(seed), (256, 256))[1])
        radii += np.sqrt(np.bincount(labels.ravel(), minlength=count + 1)[1:] / np.pi).tolist()
    assert min(radii) < 1.5
    assert np.quantile(radii, 0.98) > 8


# ------------------------------------------------------------------------------------------------------------ one disc


def one(radius: float, psf: float, light: float = 1000.0, place: tuple[float, float] = (40, 40)) -> Pair:
    """Return the blurred light of one disc on a dark background, without noise, and its mask."""
    camera = module._Camera(psf=psf, background=1.0, read=1.0, overexposed=False)
    vesicle = np.array([[*place, radius, light, 0.0]])
    picture = gaussian_filter(module._paint(vesicle[:, :4], (80, 80)), psf)
    dark, lamp = np.ones((80, 80), np.float32), np.ones((80, 80), np.float32)
    return picture, module._mask(vesicle, picture, dark, lamp, camera)


@pytest.mark.parametrize("radius", [1.0, 2.0, 3.5, 6.0, 13.0])
@pytest.mark.parametrize("place", [(40, 40), (40.25, 39.5)])
def test_a_disc_has_its_area_and_place(radius: float, place: tuple[float, float]) -> None:
    painted = module._paint(np.array([[*place, radius, 1.0]]), (80, 80))
    assert painted.sum() == pytest.approx(np.pi * radius**2, rel=0.08)
    rows, columns = np.indices(painted.shape)
    assert np.average(rows, weights=painted) == pytest.approx(place[0], abs=0.02)
    assert np.average(columns, weights=painted) == pytest.approx(place[1], abs=0.02)


@pytest.mark.parametrize("psf", [0.4, 1.0, 1.7])
@pytest.mark.parametrize("radius", [1.0, 1.5, 2.0, 4.0, 9.0, 13.0])
def test_the_mask_reaches_to_half_height(radius: float, psf: float) -> None:
    """On average over positions, because a single mask varies with the pixels at its border."""
    areas = []
    for row, column in itertools.product((40, 40.25, 40.5), repeat=2):
        light, mask = one(radius, psf, place=(row, column))
        areas.append(((light > light.max() / 2).sum(), mask.sum()))
    half, found = np.sqrt(np.mean(areas, axis=0) / np.pi)
    assert found == pytest.approx(half, abs=0.25)


def test_the_smallest_mask_has_five_pixels() -> None:
    mask = one(1.0, 0.4)[1]
    assert np.argwhere(mask).tolist() == [[39, 40], [40, 39], [40, 40], [40, 41], [41, 40]]


def test_what_noise_hides_is_not_in_the_mask() -> None:
    assert one(3.0, 1.0, light=0.5)[1].sum() == 0
    assert one(3.0, 1.0, light=50)[1].sum() > 20


def test_what_a_neighbor_outshines_is_not_in_the_mask() -> None:
    camera = module._Camera(psf=1.0, background=1.0, read=1.0, overexposed=False)
    dark, lamp = np.ones((80, 80), np.float32), np.ones((80, 80), np.float32)
    bright, faint = [40, 40, 6, 10000.0, 0], [40, 47, 3, 300.0, 0]

    def mask(*vesicles: list[float]) -> np.ndarray:
        array = np.array(vesicles, float)
        light = gaussian_filter(module._paint(array[:, :4], (80, 80)), camera.psf)
        return module._mask(array, light, dark, lamp, camera)

    alone, both = mask(bright), mask(bright, faint)
    assert mask(faint).sum() > 20
    assert both.sum() in (alone.sum(), (alone | mask(faint)).sum())
    faint[1] = 45  # inside
    assert np.array_equal(mask(bright, faint), alone)


def test_rings_are_dark_inside_and_whole_in_the_mask() -> None:
    ring = np.array([[40, 40, 8.0, 100.0, 0.8]])
    light = module._paint(ring[:, :4], (80, 80)) - module._paint(module._lumens(ring), (80, 80))
    assert light[40, 40] == pytest.approx(20)
    assert light[40, 47] == pytest.approx(100)
    camera = module._Camera(psf=0.5, background=1.0, read=1.0, overexposed=False)
    ones = np.ones((80, 80), np.float32)
    assert module._mask(ring, light, ones, ones, camera)[40, 40] == 1
