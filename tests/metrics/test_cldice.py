"""Centerline Dice of synthetic lines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.draw import line
from skimage.morphology import dilation, disk, skeletonize

from custom.metrics import cl_dice, dice

EMPTY = np.zeros((40, 60), bool)


def row(at: int, start: int = 10, stop: int = 50, thickness: int = 1) -> np.ndarray:
    """Return a horizontal line with round ends, centered on row ``at``."""
    mask = EMPTY.copy()
    mask[at, start:stop] = True
    return dilation(mask, disk(thickness // 2))


def test_equal_lines() -> None:
    assert cl_dice(row(20), row(20)) == 1.0


def test_half_of_a_line() -> None:
    # The whole prediction is on the line, half of the line is in the prediction: 2 · 1 · ½ / (1 + ½).
    assert cl_dice(row(20, 10, 30), row(20, 10, 50)) == pytest.approx(2 / 3)
    assert cl_dice(row(20, 10, 50), row(20, 10, 30)) == pytest.approx(2 / 3)


def test_one_missed_and_one_false_line() -> None:
    # Half of each skeleton is in the other mask.
    assert cl_dice(row(10) | row(30), row(10) | row(20)) == pytest.approx(0.5)
    # The one predicted line is correct, one of two lines is found.
    assert cl_dice(row(10), row(10) | row(20)) == pytest.approx(2 / 3)


def test_thickness_hardly_matters() -> None:
    thin, thick = row(20), row(20, thickness=7)
    assert (
        cl_dice(thick, thin) == cl_dice(thin, thick) == pytest.approx(1, abs=0.03)
    )  # the skeletons differ at the ends
    assert dice(thick, thin) < 0.3


@pytest.mark.parametrize(("shift", "expected"), [(1, 1.0), (2, 1.0), (3, 0.0)])
def test_a_shift_counts_beyond_the_half_width(shift: int, expected: float) -> None:
    assert cl_dice(row(20, thickness=5), row(20 + shift, thickness=5)) == expected


def test_disjoint_lines() -> None:
    assert cl_dice(row(10), row(20)) == 0.0


def test_empty_masks() -> None:
    assert math.isnan(cl_dice(EMPTY, EMPTY))
    assert cl_dice(EMPTY, row(20)) == 0.0
    assert cl_dice(row(20), EMPTY) == 0.0


def test_a_single_pixel_is_its_own_skeleton() -> None:
    dot = EMPTY.copy()
    dot[5, 5] = True
    assert cl_dice(dot, dot) == 1.0


def test_only_valid_pixels_count() -> None:
    valid = np.zeros_like(EMPTY)
    valid[:, :30] = True
    prediction = row(20, 10, 50) | row(35, 30, 60)
    assert cl_dice(prediction, row(20, 10, 30), valid) == 1.0
    assert cl_dice(prediction, row(20, 10, 30)) < 1.0
    assert math.isnan(cl_dice(row(10, 30, 60), row(20, 40, 60), valid))
    assert cl_dice(row(10, 10, 60), row(20, 40, 60), valid) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    masks = []
    for _ in range(2):
        mask = EMPTY.copy()
        for _ in range(4):
            rows, columns = random.integers(0, 40, 2), random.integers(0, 60, 2)
            mask[line(rows[0], columns[0], rows[1], columns[1])] = True
        masks.append(dilation(mask, disk(2)))
    prediction, reference = masks
    skeletons = skeletonize(prediction), skeletonize(reference)
    precision = (skeletons[0] & reference).sum() / skeletons[0].sum()
    sensitivity = (skeletons[1] & prediction).sum() / skeletons[1].sum()
    expected = 2 * precision * sensitivity / (precision + sensitivity)
    assert cl_dice(prediction, reference) == pytest.approx(expected)
    assert cl_dice(reference, prediction) == pytest.approx(expected)
    assert cl_dice(prediction.T, prediction.T) == 1.0


def test_invalid_input_is_rejected() -> None:
    with pytest.raises(TypeError, match="prediction must be a boolean array, not uint8"):
        cl_dice(row(20).astype(np.uint8), row(20))
    with pytest.raises(ValueError, match=r"\(40, 60\).*\(60, 40\)"):
        cl_dice(row(20), row(20).T)
    with pytest.raises(ValueError, match=r"\(1, 40, 60\)"):
        cl_dice(row(20)[None], row(20)[None])
