"""Regions: known answers, comparison with scikit-image, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import regionprops

from custom.tracking import Regions, measure_regions


def test_known_answers() -> None:
    labels = np.array([[7, 7, 0, 3], [7, 7, 0, 0], [0, 0, 0, 3]], np.uint16)
    image = np.array([[1, 3, 9, 5], [1, 3, 9, 9], [9, 9, 9, 7]])
    regions = measure_regions(labels, image)
    assert regions.labels.tolist() == [3, 7]
    assert regions.areas is not None
    assert regions.areas.tolist() == [2, 4]
    assert regions.centroids.tolist() == [[1, 3], [0.5, 0.5]]
    np.testing.assert_allclose(regions.brightness, [[6, 1], [2, 1]])
    np.testing.assert_allclose(regions.diameters((1, 1)), 2 * np.sqrt(np.array([2, 4]) / np.pi))
    np.testing.assert_allclose(regions.diameters((2, 0.5)), regions.diameters((1, 1)))


def test_a_row_ends_at_the_border() -> None:
    """Equal labels at the end of a row and at the start of the next are not a run."""
    regions = measure_regions(np.array([[0, 0, 1], [1, 0, 0]], np.uint8))
    assert regions.centroids.tolist() == [[0.5, 1]]


@pytest.mark.parametrize("shape", [(30, 40), (5, 12, 14)])
def test_equals_scikit_image(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(shape) < 0.6, rng.integers(0, 9, shape), 5) * 3000
    image = rng.normal(1000, 30, shape)
    regions, wanted = measure_regions(labels, image), regionprops(labels, image)
    assert regions.areas is not None
    assert regions.labels.tolist() == [one.label for one in wanted]
    assert regions.areas.tolist() == [one.area for one in wanted]
    np.testing.assert_allclose(regions.centroids, [one.centroid for one in wanted])
    np.testing.assert_allclose(
        regions.brightness, [(one.mean_intensity, one.image_intensity[one.image].std()) for one in wanted]
    )
    if len(shape) == 3:
        np.testing.assert_allclose(regions.diameters((1, 1, 1)), [one.equivalent_diameter_area for one in wanted])


@pytest.mark.parametrize("shape", [(0, 4), (3, 4), (2, 3, 4)])
def test_no_cells(shape: tuple[int, ...]) -> None:
    regions = measure_regions(np.zeros(shape, np.uint16), np.zeros(shape))
    assert len(regions) == 0
    assert regions.centroids.shape == (0, len(shape))
    assert regions.brightness is not None
    assert regions.brightness.shape == (0, 2)


def test_invalid_labels() -> None:
    with pytest.raises(TypeError, match="float64"):
        measure_regions(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="-1"):
        measure_regions(np.full((3, 3), -1))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        measure_regions(np.zeros(3, int))
    with pytest.raises(ValueError, match="shape"):
        measure_regions(np.zeros((3, 3), int), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="diameter"):
        Regions(np.ones(1, np.int64), np.zeros((1, 2))).diameters((1, 1))
