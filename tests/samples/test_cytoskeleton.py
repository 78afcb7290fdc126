"""Sample data of `cytoskeleton`: known geometry and light, contents of the mask, files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from custom.data import datalist, open_datasets
from custom.samples import cytoskeleton, make_samples
from custom.samples._fields import blur
from custom.samples._filaments import STEP, Filaments, branches, network, splat, strands, walks

SIZE = (96, 128)


def straight(row: float, light: float = 1.0) -> Filaments:
    """Return a horizontal filament across the whole width of `SIZE`."""
    columns = np.arange(-20, 150, STEP, dtype=np.float32)
    points = np.stack([np.full_like(columns, row), columns], axis=1)[None]
    return Filaments(points, np.full(points.shape[:2], light, np.float32), np.full(points.shape[:2], STEP, np.float32))


def sharp_light(filaments: list[Filaments], psf: float) -> np.ndarray:
    """Return the light of filaments in focus, computed from its definition."""
    parts = [splat(f.points.reshape(-1, 2), (f.light * f.spacing).ravel(), SIZE) for f in filaments]
    return blur(np.sum(parts, axis=0), psf) * np.float32(psf * np.sqrt(2 * np.pi))


def mask_of(filaments: list[Filaments], psf: float = 1.6, background: float = 1.0, **camera: float) -> np.ndarray:
    """Return the mask of filaments on a uniform background, by default with a good camera."""
    settings = {"photons": 1000, "read": 1, "grain": 0, "black": 0, "white": 100, "brightest": 65535} | camera
    sharp = sharp_light(filaments, psf)
    return cytoskeleton._mask(filaments, sharp, sharp + background, cytoskeleton._Camera(**settings), psf)


# ----------------------------------------------------------------------------------------------------------- filaments


def test_a_point_is_shared_by_the_four_pixels_around_it() -> None:
    image = splat(np.float32([[3.25, 4.5], [-1, 2], [2, 9]]), np.float32([8, 1, 1]), (6, 10))
    expected = np.zeros((6, 10))
    expected[3, 4:6], expected[4, 4:6] = 3, 1
    np.testing.assert_array_equal(image, expected)


def test_a_walk_that_does_not_bend_is_a_line() -> None:
    starts = np.float32([[5, 7], [50, 60]])
    line = walks(np.random.default_rng(0), starts, np.float32([0, np.pi / 2]), (30, 30), bend=0)
    steps = STEP * np.arange(1, line.light.shape[1] + 1)
    np.testing.assert_allclose(line.points[0], np.stack([np.full_like(steps, 5), 7 + steps], axis=1), atol=1e-3)
    np.testing.assert_allclose(line.points[1], np.stack([50 + steps, np.full_like(steps, 60)], axis=1), atol=1e-3)
    np.testing.assert_allclose((line.light * line.spacing).sum(axis=1), 30)


def test_a_walk_turns_as_much_as_it_says() -> None:
    walk = walks(np.random.default_rng(0), np.zeros((4000, 2), np.float32), np.zeros(4000, np.float32), (100, 100), 0.5)
    ahead = np.diff(walk.points[:, -2:], axis=1)[:, 0]
    assert 0.45 < np.arctan2(*ahead.T).std() < 0.7
    np.testing.assert_allclose(np.linalg.norm(np.diff(walk.points, axis=1), axis=2), STEP, rtol=1e-3)


def test_light_is_the_height_of_a_filament() -> None:
    for psf in (1.15, 2.3):
        light = sharp_light([straight(40.0, light=0.7)], psf)
        np.testing.assert_allclose(light[35:45, 20:100].max(axis=0), 0.7, rtol=0.08)
        np.testing.assert_allclose(light[:, 20:100].sum(axis=0), 0.7 * psf * np.sqrt(2 * np.pi), rtol=0.04)


def test_branches_begin_on_their_stems_and_are_dimmer() -> None:
    stem = straight(40)
    twigs = branches(np.random.default_rng(0), stem, 50, (10, 20), 0.5)
    assert np.abs(twigs.points[:, 0, 0] - 40).max() <= STEP
    assert np.abs(twigs.points[:, 5, 0] - 40).min() > 0.5
    assert twigs.light.max() < 1


def test_a_network_joins_neighbors_that_are_near() -> None:
    nodes = np.float32([[0, 0], [0, 30], [0, 100]])
    edges = network(np.random.default_rng(0), nodes, 2, 50.0)
    assert len(edges.points) == 1
    np.testing.assert_allclose(edges.points[0, [0, -1]], nodes[:2], atol=1e-4)
    np.testing.assert_allclose(edges.spacing.sum(), 30, rtol=1e-5)


def test_strands_share_the_light_of_their_filament() -> None:
    bundle = strands(np.random.default_rng(0), straight(40), 3, 1.0)
    assert len(bundle.points) == 3
    np.testing.assert_allclose(bundle.light.sum(axis=0), 1, rtol=1e-5)
    assert 0.5 < (bundle.points[..., 0] - 40).std() < 2


# ---------------------------------------------------------------------------------------------------------------- mask


@pytest.mark.parametrize(("psf", "width"), [(1.0, 3), (1.5, 4), (2.3, 5)])
def test_mask_is_as_wide_as_the_filament_at_half_its_height(psf: float, width: int) -> None:
    mask = mask_of([straight(40.0)], psf)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    assert np.abs(mask[:, 10:118].sum(axis=0) - float(width)).max() <= 1
    assert abs(np.flatnonzero(mask.any(axis=1)).mean() - 40) < 0.6


def test_mask_has_no_filament_that_is_lost() -> None:
    bright, dim = straight(30.0), straight(60.0, light=0.05)
    assert mask_of([bright, dim])[25:35].any()
    assert not mask_of([bright, dim])[50:70].any()  # too little contrast
    assert mask_of([bright, dim], background=0.1)[50:70].any()
    assert not mask_of([bright], photons=1, background=4.0).any()  # lost in noise
    assert not mask_of([bright], white=0.9).any()  # all is saturated
    assert not mask_of([bright], black=2.1).any()  # all is cut off
    out_of_focus = np.zeros(SIZE, np.float32)
    camera = cytoskeleton._Camera(1000, 1, 0, 0, 100, 65535)
    assert not cytoskeleton._mask([bright], out_of_focus, out_of_focus + 1, camera, 1.6).any()


def test_mask_keeps_filaments_apart_that_can_be_told_apart() -> None:
    mask = mask_of([straight(40.0), straight(47.0)], psf=1.3)
    assert mask[[40, 47], 20:100].all()
    assert not mask[43:45, 20:100].any()


# --------------------------------------------------------------------------------------------------------------- images


@pytest.fixture(scope="module")
def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    return [cytoskeleton.draw(np.random.default_rng([5, i]), (160, 192)) for i in range(40)]


def test_draw_gives_what_it_says(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for image, mask in pairs:
        assert image.dtype == np.uint16
        assert mask.dtype == np.uint8
        assert image.shape == mask.shape == (160, 192)
        assert mask.max() <= 1


def test_draw_depends_on_the_generator_and_the_split_alone() -> None:
    first, again, test = (
        cytoskeleton.draw(np.random.default_rng(3), SIZE, split) for split in ("train", "train", "test")
    )
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != test[0]).any()
    np.testing.assert_array_equal(cytoskeleton.draw(np.random.default_rng(3), SIZE, "validation")[0], first[0])


def test_images_are_of_every_density_and_exposure(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    covered = np.array([mask.mean() for _, mask in pairs])
    assert (covered < 0.03).sum() >= 3
    assert (covered > 0.15).sum() >= 3
    assert 0.03 < np.median(covered) < 0.2
    brightest = np.array([image.max() for image, _ in pairs])
    assert 10 <= (brightest <= 255).sum() <= 30
    assert (brightest > 2000).sum() >= 5
    assert sum(np.mean(image == 0) > 0.2 for image, _ in pairs) >= 4


def test_filaments_are_brighter_than_what_is_beside_them(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    brighter = []
    for image, mask in pairs:
        beside = (cv2.dilate(mask, np.ones((9, 9), np.uint8)) - cv2.dilate(mask, np.ones((3, 3), np.uint8))) > 0
        if mask.sum() > 200:
            brighter.append(image[mask > 0].mean() > image[beside].mean())
    assert len(brighter) > 25
    assert np.mean(brighter) > 0.95


@pytest.mark.parametrize("scene", ["_network", "_stress_fibers", "_mesh", "_curves"])
def test_scenes_work_in_the_smallest_field(scene: str) -> None:
    for seed in range(15):
        drawn = getattr(cytoskeleton, scene)(np.random.default_rng(seed), (64, 64), 1.0)
        assert drawn.body.shape == drawn.haze.shape == (64, 64)
        assert min(drawn.body.min(), drawn.haze.min(), *(f.light.min() for f in drawn.filaments if f.light.size)) >= 0
        assert np.isfinite(drawn.body + drawn.haze).all()


# ---------------------------------------------------------------------------------------------------------------- files


def test_the_small_set(tmp_path: Path) -> None:
    folder = make_samples("cytoskeleton", tmp_path / "set")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == cytoskeleton.MANIFEST
    for (image_folder, mask_folder), count in zip(
        (split["folders"] for split in manifest["splits"].values()), (24, 6, 6), strict=True
    ):
        images, masks = sorted((folder / image_folder).iterdir()), sorted((folder / mask_folder).iterdir())
        assert [p.stem for p in images] == [p.stem for p in masks]
        assert len(images) == count
        image, mask = tifffile.imread(images[0]), np.load(masks[0])
        assert (image.dtype, mask.dtype) == (np.uint16, np.uint8)
        assert image.shape == mask.shape == (256, 256)
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 10e6
    items = datalist(open_datasets([folder], None, "none"), "validation")
    assert [item["name"] for item in items] == ["00025", "00026", "00027", "00028", "00029", "00030"]
    assert {item["pixel_size"] for item in items} == {(0.075, 0.075)}
