"""Cells from a foreground or border map: touching cells are split, single cells stay whole, labels are valid."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage.measure import label

from custom.instances import cells_with_borders, components, seeded_watershed
from custom.metrics import seg

THRESHOLD, SEED_DEPTH, SEED_THRESHOLD, MIN_AREA = 0.4, 5.0, 0.7, 150
SHAPE = (200, 320)


def by_components(foreground: np.ndarray, min_area: int = MIN_AREA) -> np.ndarray:
    return components(foreground.astype(np.float32), THRESHOLD, min_area)


def by_watershed(foreground: np.ndarray, min_area: int = MIN_AREA) -> np.ndarray:
    return seeded_watershed(foreground.astype(np.float32), THRESHOLD, SEED_DEPTH, min_area)


def by_borders(foreground: np.ndarray, border: np.ndarray | None = None, min_area: int = MIN_AREA) -> np.ndarray:
    """Return the cells for a network whose border probability is `border`, (H, W)."""
    border = np.zeros(foreground.shape) if border is None else border
    probabilities = np.stack([1 - foreground, foreground * (1 - border), foreground * border])
    return cells_with_borders(probabilities.astype(np.float32), THRESHOLD, SEED_THRESHOLD, min_area)


ALL_WAYS = pytest.mark.parametrize("cells", [by_components, by_watershed, by_borders])
PARTING_WAYS = pytest.mark.parametrize("cells", [by_watershed, by_borders])
Cells = Callable[[np.ndarray], np.ndarray]


def ellipse(center: tuple[int, int], axes: tuple[int, int], angle: float = 0) -> np.ndarray:
    """Return a filled ellipse, (H, W); center and axes are column, row."""
    return cv2.ellipse(np.zeros(SHAPE), center, axes, angle, 0, 360, 1.0, -1)


def dumbbell() -> np.ndarray:
    """Return two discs of radius 60, with centers 130 apart, joined by a neck of width 30."""
    discs = ellipse((95, 100), (60, 60)) + ellipse((225, 100), (60, 60))
    discs[85:115, 95:225] = 1
    return discs


def two_halves(line: float) -> np.ndarray:
    """Return a cell of 100 × 200 pixels, crossed by a line two pixels wide with probability ``line``."""
    cell = np.zeros(SHAPE)
    cell[50:150, 60:260] = 0.95
    cell[50:150, 159:161] = line
    return cell


# --------------------------------------------------------------------------------------------------- touching cells


def test_cells_are_split_at_the_neck() -> None:
    labels = by_watershed(dumbbell())
    assert labels.max() == 2
    assert labels[100, 95] != labels[100, 225]
    assert abs(np.flatnonzero(np.diff(labels[100, 95:225].astype(int)))[0] - 65) < 10
    np.testing.assert_array_equal(labels > 0, dumbbell() > 0)


def test_components_do_not_split_touching_cells() -> None:
    assert by_components(dumbbell()).max() == 1
    assert by_components(two_halves(0.45)).max() == 1
    assert by_components(two_halves(0.3)).max() == 2


def test_a_faint_line_separates_two_cells() -> None:
    """The line is above the threshold, so no background separates the cells."""
    labels = by_watershed(two_halves(0.5))
    assert labels.max() == 2
    assert (labels[50:150, 60:158] == labels[100, 60]).all()
    assert (labels[50:150, 162:260] == labels[100, 259]).all()
    assert by_watershed(two_halves(0.95)).max() == 1


def test_three_cells_around_a_gap() -> None:
    discs = [ellipse(center, (50, 50)) for center in ((110, 55), (210, 55), (160, 140))]
    labels = by_watershed(np.maximum.reduce(discs))
    assert labels.max() == 3
    assert seg(labels, np.argmax([0.5 * np.ones(SHAPE), *discs], axis=0)) > 0.95


def test_a_border_separates_two_cells_and_belongs_to_them() -> None:
    border = np.zeros(SHAPE)
    border[:, 157:163] = 0.9
    labels = by_borders(two_halves(0.95), border)
    assert labels.max() == 2
    np.testing.assert_array_equal(labels > 0, two_halves(1) > 0)
    assert abs(np.flatnonzero(np.diff(labels[100, 60:260].astype(int)))[0] - 99) < 4


def test_a_border_with_a_gap_does_not_split() -> None:
    border = np.zeros(SHAPE)
    border[:90, 157:163] = border[110:, 157:163] = 0.9
    assert by_borders(two_halves(0.95), border).max() == 1


# --------------------------------------------------------------------------------------------------------- single cells


@ALL_WAYS
@pytest.mark.parametrize("axes", [(60, 60), (90, 45), (120, 30)])
@pytest.mark.parametrize("angle", [0, 33, 90])
def test_an_ellipse_is_one_cell(cells: Cells, axes: tuple[int, int], angle: float) -> None:
    cell = ellipse((160, 100), axes, angle)
    np.testing.assert_array_equal(cells(cell), cell)


@ALL_WAYS
def test_a_ragged_outline_is_not_split(cells: Cells) -> None:
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    field = cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), 4)
    rough = np.hypot((rows - 100) / 60, (cols - 160) / 90) + 0.06 * field / field.std()
    assert cells((rough < 1).astype(float)).max() == 1


@ALL_WAYS
@pytest.mark.parametrize("depth", [0.0, 0.2, 0.5])
def test_a_hole_in_the_texture_is_filled_and_not_split(cells: Cells, depth: float) -> None:
    cell = 0.95 * ellipse((160, 100), (80, 50))
    holes = [ellipse((140, 100), (6, 6)), ellipse((165, 90), (4, 7)), ellipse((180, 110), (5, 5))]
    holed = np.where(np.maximum.reduce(holes) > 0, depth, cell)
    np.testing.assert_array_equal(cells(holed), cell > 0)


def test_a_patch_of_border_inside_a_cell_does_not_split() -> None:
    cell = ellipse((160, 100), (80, 50))
    np.testing.assert_array_equal(by_borders(cell, 0.9 * ellipse((160, 100), (3, 14))), cell)


@ALL_WAYS
def test_a_large_hole_is_background(cells: Cells) -> None:
    ring = ellipse((160, 100), (80, 80)) - ellipse((160, 100), (30, 30))
    np.testing.assert_array_equal(cells(ring) > 0, ring > 0)


# ------------------------------------------------------------------------------------------------- small, thin, extreme


@ALL_WAYS
def test_small_cells_are_removed(cells: Cells) -> None:
    cell = np.zeros(SHAPE)
    cell[10:20, 10:25] = 1.0  # 150 pixels
    cell[10:20, 40:54] = 1.0  # 140
    labels = cells(cell)
    assert labels.max() == 1
    assert (labels[10:20, 10:25] == 1).all()


@PARTING_WAYS
def test_a_cell_without_a_seed_is_kept(cells: Cells) -> None:
    """The cell is thinner than the seed depth, or its probability is below the seed threshold."""
    cell = ellipse((200, 100), (60, 60))
    cell[60:140, 20:24] = 0.5
    labels = cells(cell)
    assert labels.max() == 2
    assert len(np.unique(labels[60:140, 20:24])) == 1


@ALL_WAYS
def test_diagonal_neighbors_are_separate(cells: Cells) -> None:
    cell = np.zeros(SHAPE)
    cell[:50, :50] = cell[50:100, 50:100] = 1.0
    assert cells(cell).max() == 2


@ALL_WAYS
def test_empty_and_full_map(cells: Cells) -> None:
    for level in (0, 1):
        labels = cells(np.full(SHAPE, float(level)))
        assert labels.dtype == np.uint16
        np.testing.assert_array_equal(labels, np.full(SHAPE, level))


def test_many_cells_need_a_larger_type() -> None:
    foreground = np.zeros((520, 520))
    foreground[::2, ::2] = 1.0
    for labels in (by_components(foreground, 1), by_watershed(foreground, 1), by_borders(foreground, min_area=1)):
        assert labels.dtype == np.uint32
        assert labels.max() == 260 * 260


@pytest.mark.parametrize("shape", [(200, 320), (2, 200, 320), (4, 200, 320)])
def test_borders_need_three_probabilities(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="200"):
        cells_with_borders(np.zeros(shape, np.float32), THRESHOLD, SEED_THRESHOLD, MIN_AREA)


# ----------------------------------------------------------------------------------------------------------- properties


@ALL_WAYS
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma", [2, 8])
def test_labels_of_random_maps(cells: Cells, seed: int, sigma: float) -> None:
    field = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(181, 230)), (0, 0), sigma)
    probability = 1 / (1 + np.exp(-4 * field / field.std()))
    before = probability.copy()
    labels = cells(probability)
    np.testing.assert_array_equal(labels, cells(probability))
    np.testing.assert_array_equal(probability, before)
    assert labels.dtype == np.uint16
    assert labels.shape == probability.shape
    numbers = np.unique(labels)
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert len(numbers) > 1
    for number in numbers[1:]:
        area = labels == number
        assert label(area, connectivity=1).max() == 1
        assert area.sum() >= MIN_AREA
    left_out = label((probability >= THRESHOLD) & (labels == 0), connectivity=1)
    assert np.bincount(left_out.ravel())[1:].max(initial=0) < MIN_AREA


def test_crowded_cells() -> None:
    """On a map like a network's, blurred and with lower probability between cells, splitting restores the objects."""
    rng = np.random.default_rng(3)
    centers = np.stack(np.meshgrid(np.arange(55, 460, 88), np.arange(55, 460, 88)), -1).reshape(-1, 2)
    centers = centers + rng.uniform(-14, 14, centers.shape)
    rows, cols = np.mgrid[:512, :512]
    distances = np.stack([np.hypot(rows - row, cols - col) for row, col in centers])
    truth = np.where(distances.min(0) < 56, distances.argmin(0) + 1, 0).astype(np.uint16)
    nearest = np.sort(distances, axis=0)
    touch = (nearest[1] - nearest[0] < 4) & (truth > 0)
    foreground = cv2.GaussianBlur(np.where(truth > 0, 0.97, 0.03), (0, 0), 3)
    border = cv2.GaussianBlur(touch.astype(float), (0, 0), 2)
    noise = cv2.GaussianBlur(rng.normal(size=truth.shape), (0, 0), 6)
    uncertain = np.clip(foreground - 0.7 * border + 0.1 * noise / noise.std(), 0, 1)
    merged, split = by_components(uncertain), by_watershed(uncertain)
    assert seg(split, truth) > 0.85 > seg(merged, truth) + 0.3
    assert seg(by_borders(np.clip(foreground, 0, 1), border), truth) > 0.9
