"""Cells from a membrane map: cells are split at faint gaps, unseeded cells are kept, labels are valid."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from skimage.measure import label

from custom.instances import cells_from_membrane

THRESHOLD, SEED_THRESHOLD, MIN_AREA = 0.5, 0.25, 4


def cells(probability: np.ndarray, min_area: int = MIN_AREA) -> np.ndarray:
    return cells_from_membrane(probability.astype(np.float32), THRESHOLD, SEED_THRESHOLD, min_area)


def two_rooms(gap: float) -> np.ndarray:
    """Return two rooms whose wall has a gap of two pixels, where the probability is ``gap``."""
    probability = np.zeros((9, 13))
    probability[:, 6] = 0.9
    probability[4:6, 6] = gap
    return probability


def noisy(seed: int) -> np.ndarray:
    """Return a smooth random map with cells of all sizes."""
    coarse = np.random.default_rng(seed).random((14, 11))
    return np.kron(coarse, np.ones((3, 4)))


# ---------------------------------------------------------------------------------------------------------------- cells


def test_a_faint_gap_separates_two_cells() -> None:
    labels = cells(two_rooms(0.4))
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert (labels[:, :6] == labels[0, 0]).all()
    assert (labels[:, 7:] == labels[0, -1]).all()
    assert labels[0, 0] != labels[0, -1]
    assert set(labels[4:6, 6]) <= {1, 2}  # the gap itself is below the threshold and belongs to a cell
    np.testing.assert_array_equal(labels == 0, two_rooms(0.4) >= THRESHOLD)


def test_an_open_gap_does_not_split() -> None:
    assert cells(two_rooms(0.1)).max() == 1


def test_a_closed_wall_separates_two_cells() -> None:
    labels = cells(two_rooms(0.5))
    np.testing.assert_array_equal(labels == 0, two_rooms(0.5) >= THRESHOLD)
    assert labels.max() == 2


def test_a_cell_without_a_seed_is_kept() -> None:
    probability = two_rooms(0.9)
    probability[:, 7:] = 0.3
    labels = cells(probability)
    assert labels.max() == 2
    assert len(np.unique(labels[:, 7:])) == 1
    assert labels[0, 0] != labels[0, -1] != 0


def test_a_small_seed_does_not_split() -> None:
    """A dark spot of three pixels in a gray room is not a seed, one of four pixels is."""
    probability = np.full((7, 15), 0.3)
    probability[1:6, 1:4] = 0.0
    probability[1, 10:13] = 0.0
    assert cells(probability).max() == 1
    probability[2, 10] = 0.0
    assert cells(probability).max() == 2


def test_seeds_never_merge_cells_that_a_membrane_separates() -> None:
    """A seed threshold above the membrane threshold has the effect of the membrane threshold."""
    probability = two_rooms(0.6).astype(np.float32)
    labels = cells_from_membrane(probability, THRESHOLD, 0.7, MIN_AREA)
    np.testing.assert_array_equal(labels, cells_from_membrane(probability, THRESHOLD, THRESHOLD, MIN_AREA))
    assert labels.max() == 2


def test_small_cells_are_removed() -> None:
    probability = np.ones((5, 12))
    probability[1, 1:4] = 0.0  # three pixels
    probability[1, 5:9] = 0.0  # four
    labels = cells(probability)
    assert (labels[1, 1:4] == 0).all()
    assert (labels[1, 5:9] == 1).all()
    assert np.count_nonzero(labels) == 4


@pytest.mark.parametrize("min_area", [0, 1])
def test_without_a_minimum_area_all_cells_are_kept(min_area: int) -> None:
    probability = np.ones((3, 5))
    probability[1, 1] = probability[1, 3] = 0.0
    assert cells(probability, min_area).max() == 2


def test_a_diagonal_membrane_separates_cells() -> None:
    labels = cells(np.eye(9))
    assert labels.max() == 2
    assert labels[0, -1] != labels[-1, 0]


# ------------------------------------------------------------------------------------------------------------- extremes


def test_nothing_but_membrane() -> None:
    labels = cells(np.ones((6, 8)))
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, np.zeros((6, 8)))


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_no_membrane_at_all(level: float) -> None:
    labels = cells(np.full((6, 8), level))
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, np.ones((6, 8)))


def test_a_single_cell_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cells(two_rooms(0.1)).max() == 1


def test_many_cells_need_a_larger_type() -> None:
    probability = np.ones((2 * 260, 2 * 260), np.float32)
    probability[::2, ::2] = 0.0
    labels = cells(probability, min_area=1)
    assert labels.dtype == np.uint32
    assert labels.max() == 260 * 260


# ----------------------------------------------------------------------------------------------------------- properties


@pytest.mark.parametrize("seed", range(5))
def test_labels_of_random_maps(seed: int) -> None:
    probability = noisy(seed)
    labels = cells(probability, min_area=20)
    numbers = np.unique(labels)
    assert labels.dtype == np.uint16
    assert labels.shape == probability.shape
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert len(numbers) > 2
    assert (labels[probability >= THRESHOLD] == 0).all()
    for number in numbers[1:]:
        area = labels == number
        assert label(area, connectivity=1).max() == 1
        assert area.sum() >= 20


def test_the_same_map_gives_the_same_labels() -> None:
    np.testing.assert_array_equal(cells(noisy(1)), cells(noisy(1)))
