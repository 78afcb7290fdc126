"""The scores that configs name, against values computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss

from custom import metrics, scoring
from custom.errors import InputError
from custom.losses import AnnotatedDiceCELoss
from custom.transforms import UNANNOTATED

SIZE = 16


def tensors(probability: np.ndarray, label: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both as (1, H, W), as the engines hand them over."""
    return torch.from_numpy(probability).float()[None], torch.from_numpy(label).to(torch.uint8)[None]


def wall(first: int, last: int | None = None, inside: float = 1.0, outside: float = 0.0) -> np.ndarray:
    """Return a map of a membrane that fills the columns from ``first`` to ``last``."""
    image = np.full((SIZE, SIZE), outside)
    image[:, first : (first if last is None else last) + 1] = inside
    return image


def cut(threshold: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that labels what lies below the threshold."""
    return lambda probability: metrics.label_cells(probability < threshold)


# ------------------------------------------------------------------------------------------------------- at a threshold


@pytest.mark.parametrize(("threshold", "dice"), [(0.1, 2 / 3), (0.5, 1.0), (0.50001, 2 / 3), (0.95, 0.0)])
def test_at_threshold(threshold: float, dice: float) -> None:
    probability = np.array([[0.9, 0.5, 0.2, 0.1]])
    score = scoring.at_threshold(metrics.dice, threshold)
    assert score(*tensors(probability, np.array([[1, 1, 0, 0]]))) == pytest.approx(dice)


@pytest.mark.parametrize(("metric", "value"), [(metrics.dice, 0.5), (metrics.iou, 1 / 3), (metrics.pixel_error, 0.5)])
def test_at_threshold_leaves_out_what_nobody_annotated(metric: object, value: float) -> None:
    label = np.array([[1, 1, 0, 0], [UNANNOTATED] * 4])
    score = scoring.at_threshold(metric, 0.5)
    for other in (0.0, 1.0):
        probability = np.array([[0.9, 0.1, 0.9, 0.1], [other] * 4])
        assert score(*tensors(probability, label)) == pytest.approx(value)


def test_at_threshold_takes_half_precision() -> None:
    probability, label = tensors(np.array([[0.9, 0.5]]), np.array([[1, 1]]))
    assert scoring.at_threshold(metrics.dice, 0.5)(probability.half(), label) == 1.0


# ------------------------------------------------------------------------------------------------------------- of cells


def test_of_cells_compares_labels() -> None:
    seen = []
    scoring.of_cells(lambda cells, reference: seen.append((cells, reference)) or 0.0, cut(0.5))(
        *tensors(wall(7), wall(7))
    )
    for labels in seen[0]:
        assert np.issubdtype(labels.dtype, np.integer)
        assert (labels[:, 7] == 0).all()
        assert len({labels[0, 0], labels[0, -1], 0}) == 3


@pytest.mark.parametrize(("first", "last"), [(7, 7), (6, 8), (5, 9)])
def test_of_cells_thins_the_membrane(first: int, last: int) -> None:
    """However thick the membrane is predicted, its middle line parts the cells."""
    score = scoring.of_cells(lambda cells, reference: float(np.mean((cells > 0) == (reference > 0))), cut(0.5))
    assert score(*tensors(wall(first, last, 0.8, 0.2), wall(7))) == 1.0
    rand = scoring.of_cells(metrics.rand_index, cut(0.5))
    assert rand(*tensors(wall(first, last, 0.8, 0.2), wall(7))) == 1.0


def test_of_cells_without_a_membrane() -> None:
    """Cells of 7 and 8 columns and the membrane are predicted as one: only pairs within each of the three are right."""
    left, right, membrane = 7 * SIZE, 8 * SIZE, SIZE
    expected = sum(math.comb(pixels, 2) for pixels in (left, right, membrane)) / math.comb(SIZE**2, 2)
    score = scoring.of_cells(metrics.rand_index, cut(0.5))
    assert score(*tensors(wall(7, inside=0.4), wall(7))) == pytest.approx(expected)
    assert scoring.of_cells(metrics.rand_index, cut(0.4))(*tensors(wall(7, inside=0.4), wall(7))) == 1.0


# -------------------------------------------------------------------------------------------------------- warping error


def test_warping_error_of_a_missing_membrane() -> None:
    assert scoring.warping_error(cut(0.5))(*tensors(wall(7, inside=0.4), wall(7))) == pytest.approx(1 / SIZE)


def test_warping_error_of_a_thicker_membrane_is_zero() -> None:
    assert scoring.warping_error(cut(0.5))(*tensors(wall(6, 9), wall(7))) == 0.0
    assert metrics.pixel_error(wall(6, 9) == 1, wall(7) == 1) > 0


def test_warping_error_parts_cells_that_touch() -> None:
    """Labels without a membrane between them are two cells, one too many where the reference has one."""

    def halves(probability: np.ndarray) -> np.ndarray:
        return np.where(np.arange(SIZE) < 8, 1, 2) * np.ones_like(probability, int)

    assert scoring.warping_error(halves)(*tensors(0 * wall(7), wall(7))) == 0.0
    assert scoring.warping_error(halves)(*tensors(0 * wall(7), 0 * wall(7))) > 0


# ----------------------------------------------------------------------------------------------------------------- loss


@pytest.mark.parametrize("loss", [DiceCELoss(sigmoid=True, batch=True), AnnotatedDiceCELoss(batch=True)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_loss_value(loss: torch.nn.Module, dtype: torch.dtype) -> None:
    """Of undecided logits: cross entropy log 2, and Dice of 0.5 everywhere with a label that fills one column."""
    logits, label = tensors(np.zeros((SIZE, SIZE)), wall(7))
    soft_dice = 1 - 2 * 0.5 * SIZE / (0.5 * SIZE**2 + SIZE)
    value = scoring.loss_value(loss)(logits.to(dtype), label)
    assert isinstance(value, float)
    assert value == pytest.approx(math.log(2) + soft_dice, abs=1e-5)


def test_loss_value_is_small_for_the_right_logits() -> None:
    logits, label = tensors(wall(7, inside=20.0, outside=-20.0), wall(7))
    score = scoring.loss_value(DiceCELoss(sigmoid=True))
    assert score(logits, label) < 1e-3
    assert score(-logits, label) > 5


# --------------------------------------------------------------------------------------------------------------- V-Rand


def test_v_rand_curve_is_the_loop_over_thresholds() -> None:
    generator = np.random.default_rng(0)
    membrane = (wall(5) + wall(11)) > 0
    probability = (0.5 * membrane + 0.5 * generator.random(membrane.shape)).astype(np.float32)
    thresholds = [0.45, 0.55, 0.7, 0.9]
    by_hand = [
        metrics.v_rand(
            metrics.thin_borders(metrics.label_cells(probability < threshold)), metrics.label_cells(~membrane)
        ).f_score
        for threshold in thresholds
    ]
    curve = scoring.v_rand_curve(probability, membrane, thresholds, np.ones_like(membrane))
    np.testing.assert_allclose(curve, by_hand, rtol=0, atol=1e-12)
    assert len(set(by_hand)) > 1


def test_v_rand_curve_of_a_perfect_map() -> None:
    membrane = wall(7) > 0
    curve = scoring.v_rand_curve(wall(7), membrane, (0.1, 0.5, 1.0), np.ones_like(membrane))
    np.testing.assert_array_equal(curve, [1.0, 1.0, 1.0])


def test_v_rand_curve_refuses_what_is_not_annotated() -> None:
    membrane = wall(7) > 0
    valid = np.ones_like(membrane)
    valid[0, 0] = False
    with pytest.raises(InputError, match="region"):
        scoring.v_rand_curve(wall(7), membrane, (0.5,), valid)


# ------------------------------------------------------------------------------------------------------------ ISBI 2012


def test_challenge_scores_of_perfect_maps() -> None:
    walls = [wall(7), wall(3)]
    scores = scoring.challenge_scores(walls, [image > 0 for image in walls])
    assert (scores["v_rand_max"], scores["v_info_max"]) == (1.0, 1.0)
    assert scores["pixel_f_score_error"] == 0.0
    assert scores["v_rand_threshold"] in metrics.CHALLENGE_THRESHOLDS
    assert scores["v_info_threshold"] in metrics.CHALLENGE_THRESHOLDS


def test_challenge_scores_take_one_threshold_for_all_slices() -> None:
    """The first slice is right at 0.3 and below, the second above 0.3 alone: no threshold serves both."""
    faint = wall(7, inside=0.35)
    busy = wall(7) + wall(3, inside=0.35)
    membranes = [wall(7) > 0] * 2
    alone = [scoring.challenge_scores([image], membranes[:1])["v_rand_max"] for image in (faint, busy)]
    both = scoring.challenge_scores([faint, busy], membranes)
    assert alone == [1.0, 1.0]
    curves = [
        scoring.v_rand_curve(m, membranes[0], metrics.CHALLENGE_THRESHOLDS, membranes[0] | True) for m in (faint, busy)
    ]
    assert both["v_rand_max"] == pytest.approx(np.mean(curves, axis=0).max())
    assert both["v_rand_max"] < 0.95


def test_challenge_scores_of_empty_maps() -> None:
    """Without a membrane, all is one cell; pixels of cells are the foreground of the pixel error."""
    scores = scoring.challenge_scores([0 * wall(7)], [wall(7) > 0])
    assert scores["v_rand_max"] < 0.9
    assert scores["pixel_f_score_error"] == pytest.approx(1 - 2 * 15 / (15 + 16))
