"""Splitting of touching round objects at their necks, on synthetic discs."""

from __future__ import annotations

import numpy as np
import pytest

from custom.instances import blobs

SIZE = (120, 150)
Disc = tuple[float, float, float]


def discs(*which: Disc, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a mask of discs, each given by row, column and radius in pixels."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    for row, column, radius in which:
        mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return mask


def pair(radius: float, other: float, overlap: float, angle: float) -> np.ndarray:
    """Return a mask of two discs that overlap by a fraction of the radius of the second."""
    distance = radius + (1 - overlap) * other
    return discs((60, 70, radius), (60 + distance * np.sin(angle), 70 + distance * np.cos(angle), other))


def field(seed: int, radii: tuple[float, float]) -> list[Disc]:
    """Return discs on a jittered grid that do not touch."""
    rng = np.random.default_rng(seed)
    places = [(row, column) for row in range(20, 110, 30) for column in range(20, 140, 30)]
    return [(row + rng.uniform(-1, 1), column + rng.uniform(-1, 1), rng.uniform(*radii)) for row, column in places]


@pytest.mark.parametrize("radius", [1, 1.5, 2, 2.5, 3, 4, 6, 9, 13])
def test_a_disc_is_one_object(radius: float) -> None:
    rng = np.random.default_rng(0)
    for row, column in rng.uniform(40, 60, size=(10, 2)):
        mask = discs((row, column, radius))
        labels = blobs(mask, 0.5, 1)
        assert np.array_equal(labels, mask)


@pytest.mark.parametrize("radius", [4, 5, 6, 8, 10, 13])
def test_discs_that_overlap_by_30_percent_are_split(radius: float) -> None:
    for angle in np.linspace(0, 2 * np.pi, 17):
        mask = pair(radius, radius, 0.3, angle)
        labels = blobs(mask, 0.5, 1)
        assert labels.max() == 2
        assert np.array_equal(labels > 0, mask)
        areas = np.bincount(labels.ravel())[1:]
        assert areas.min() > 0.7 * areas.max()


def test_a_smaller_neighbor_is_split_too() -> None:
    for angle in np.linspace(0, 2 * np.pi, 17):
        assert blobs(pair(10, 5, 0.3, angle), 0.5, 1).max() == 2


def test_discs_that_overlap_almost_entirely_are_one_object() -> None:
    assert blobs(pair(10, 10, 1.6, 0.3), 0.5, 1).max() == 1


def test_neck_controls_splitting() -> None:
    mask = pair(8, 8, 0.5, 0.7)
    assert [blobs(mask, 0.5, 1, neck=neck).max() for neck in (0.1, 0.5, 0.9)] == [1, 1, 2]
    for neck in (0, 1.1):
        with pytest.raises(ValueError, match="neck"):
            blobs(mask, 0.5, 1, neck=neck)


def test_probability_at_the_threshold_is_foreground() -> None:
    probability = np.array([[0.2, 0.5, 0.7, 0.49, 0.9]], np.float32)
    assert blobs(probability, 0.5, 1).tolist() == [[0, 1, 1, 0, 2]]


def test_small_objects_are_removed_and_the_others_numbered_from_1() -> None:
    mask = discs((10, 10, 1), (30, 30, 5), (60, 60, 1), (90, 90, 5))
    assert np.unique(blobs(mask, 0.5, 1)).tolist() == [0, 1, 2, 3, 4]
    labels = blobs(mask, 0.5, 6)  # the small ones have 5 pixels
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert labels[30, 30] == 1
    assert labels[90, 90] == 2


@pytest.mark.parametrize("filled", [False, True])
def test_empty_and_full_mask(filled: bool) -> None:
    labels = blobs(np.full((7, 9), filled), 0.5, 1)
    assert labels.dtype == np.uint16
    assert (labels == int(filled)).all()


def test_rotated_image_has_the_same_count() -> None:
    mask = discs(*field(0, (2, 13)))
    counts = {blobs(turned, 0.5, 1).max() for turned in (mask, mask.T, mask[::-1], mask[:, ::-1])}
    assert counts == {12}
