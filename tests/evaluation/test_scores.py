"""The scores that configs name, against values computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain

import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss

from custom import evaluation, metrics
from custom.errors import InputError
from custom.evaluation import SplitScores, ValidationLoss
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
    score = evaluation.at_threshold(metrics.dice, threshold)
    assert score(*tensors(probability, np.array([[1, 1, 0, 0]]))) == pytest.approx(dice)


@pytest.mark.parametrize(("metric", "value"), [(metrics.dice, 0.5), (metrics.iou, 1 / 3), (metrics.pixel_error, 0.5)])
def test_at_threshold_leaves_out_what_nobody_annotated(metric: object, value: float) -> None:
    label = np.array([[1, 1, 0, 0], [UNANNOTATED] * 4])
    score = evaluation.at_threshold(metric, 0.5)
    for other in (0.0, 1.0):
        probability = np.array([[0.9, 0.1, 0.9, 0.1], [other] * 4])
        assert score(*tensors(probability, label)) == pytest.approx(value)


def test_at_threshold_takes_half_precision() -> None:
    probability, label = tensors(np.array([[0.9, 0.5]]), np.array([[1, 1]]))
    assert evaluation.at_threshold(metrics.dice, 0.5)(probability.half(), label) == 1.0


# ------------------------------------------------------------------------------------------------------------- of cells


def test_of_cells_compares_labels() -> None:
    seen = []
    evaluation.of_cells(lambda cells, reference: seen.append((cells, reference)) or 0.0, cut(0.5))(
        *tensors(wall(7), wall(7))
    )
    for labels in seen[0]:
        assert np.issubdtype(labels.dtype, np.integer)
        assert (labels[:, 7] == 0).all()
        assert len({labels[0, 0], labels[0, -1], 0}) == 3


@pytest.mark.parametrize(("first", "last"), [(7, 7), (6, 8), (5, 9)])
def test_of_cells_thins_the_membrane(first: int, last: int) -> None:
    """However thick the membrane is predicted, its middle line parts the cells."""
    score = evaluation.of_cells(lambda cells, reference: float(np.mean((cells > 0) == (reference > 0))), cut(0.5))
    assert score(*tensors(wall(first, last, 0.8, 0.2), wall(7))) == 1.0
    rand = evaluation.of_cells(metrics.rand_index, cut(0.5))
    assert rand(*tensors(wall(first, last, 0.8, 0.2), wall(7))) == 1.0


def test_of_cells_without_a_membrane() -> None:
    """Cells of 7 and 8 columns and the membrane are predicted as one: only pairs within each of the three are right."""
    left, right, membrane = 7 * SIZE, 8 * SIZE, SIZE
    expected = sum(math.comb(pixels, 2) for pixels in (left, right, membrane)) / math.comb(SIZE**2, 2)
    score = evaluation.of_cells(metrics.rand_index, cut(0.5))
    assert score(*tensors(wall(7, inside=0.4), wall(7))) == pytest.approx(expected)
    assert evaluation.of_cells(metrics.rand_index, cut(0.4))(*tensors(wall(7, inside=0.4), wall(7))) == 1.0


# -------------------------------------------------------------------------------------------------------- warping error


def test_warping_error_of_a_missing_membrane() -> None:
    assert evaluation.warping_error(cut(0.5))(*tensors(wall(7, inside=0.4), wall(7))) == pytest.approx(1 / SIZE)


def test_warping_error_of_a_thicker_membrane_is_zero() -> None:
    assert evaluation.warping_error(cut(0.5))(*tensors(wall(6, 9), wall(7))) == 0.0
    assert metrics.pixel_error(wall(6, 9) == 1, wall(7) == 1) > 0


def test_warping_error_parts_cells_that_touch() -> None:
    """Labels without a membrane between them are two cells, one too many where the reference has one."""

    def halves(probability: np.ndarray) -> np.ndarray:
        return np.where(np.arange(SIZE) < 8, 1, 2) * np.ones_like(probability, int)

    assert evaluation.warping_error(halves)(*tensors(0 * wall(7), wall(7))) == 0.0
    assert evaluation.warping_error(halves)(*tensors(0 * wall(7), 0 * wall(7))) > 0


# ----------------------------------------------------------------------------------------------------------------- loss


def validation_loss(loss: torch.nn.Module, logits: torch.Tensor, label: torch.Tensor) -> float:
    metric = ValidationLoss(loss)
    metric.update([[logits], [label]])
    return metric.compute()


@pytest.mark.parametrize("loss", [DiceCELoss(sigmoid=True, batch=True), AnnotatedDiceCELoss(batch=True)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_validation_loss(loss: torch.nn.Module, dtype: torch.dtype) -> None:
    """Logits of 0: cross entropy log 2, and Dice of 0.5 everywhere with a label that fills one column."""
    logits, label = tensors(np.zeros((SIZE, SIZE)), wall(7))
    soft_dice = 1 - 2 * 0.5 * SIZE / (0.5 * SIZE**2 + SIZE)
    value = validation_loss(loss, logits.to(dtype), label)
    assert isinstance(value, float)
    assert value == pytest.approx(math.log(2) + soft_dice, abs=1e-5)


def test_validation_loss_is_small_for_the_right_logits() -> None:
    logits, label = tensors(wall(7, inside=20.0, outside=-20.0), wall(7))
    loss = DiceCELoss(sigmoid=True)
    assert validation_loss(loss, logits, label) < 1e-3
    assert validation_loss(loss, -logits, label) > 5


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
    curve = evaluation.v_rand_curve(probability, membrane, thresholds, np.ones_like(membrane))
    np.testing.assert_allclose(curve, by_hand, rtol=0, atol=1e-12)
    assert len(set(by_hand)) > 1


def test_v_rand_curve_of_a_perfect_map() -> None:
    membrane = wall(7) > 0
    curve = evaluation.v_rand_curve(wall(7), membrane, (0.1, 0.5, 1.0), np.ones_like(membrane))
    np.testing.assert_array_equal(curve, [1.0, 1.0, 1.0])


def test_v_rand_curve_refuses_what_is_not_annotated() -> None:
    membrane = wall(7) > 0
    valid = np.ones_like(membrane)
    valid[0, 0] = False
    with pytest.raises(InputError, match="region"):
        evaluation.v_rand_curve(wall(7), membrane, (0.5,), valid)


# ------------------------------------------------------------------------------------------------------------ ISBI 2012


def test_challenge_scores_of_perfect_maps() -> None:
    walls = [wall(7), wall(3)]
    scores = evaluation.challenge_scores(walls, [image > 0 for image in walls])
    assert (scores["v_rand_max"], scores["v_info_max"]) == (1.0, 1.0)
    assert scores["pixel_f_score_error"] == 0.0
    assert scores["v_rand_threshold"] in metrics.CHALLENGE_THRESHOLDS
    assert scores["v_info_threshold"] in metrics.CHALLENGE_THRESHOLDS


def test_challenge_scores_take_one_threshold_for_all_slices() -> None:
    """The first slice is right at 0.3 and below, the second above 0.3 alone: no threshold serves both."""
    faint = wall(7, inside=0.35)
    busy = wall(7) + wall(3, inside=0.35)
    membranes = [wall(7) > 0] * 2
    alone = [evaluation.challenge_scores([image], membranes[:1])["v_rand_max"] for image in (faint, busy)]
    both = evaluation.challenge_scores([faint, busy], membranes)
    assert alone == [1.0, 1.0]
    curves = [
        evaluation.v_rand_curve(m, membranes[0], metrics.CHALLENGE_THRESHOLDS, membranes[0] | True)
        for m in (faint, busy)
    ]
    assert both["v_rand_max"] == pytest.approx(np.mean(curves, axis=0).max())
    assert both["v_rand_max"] < 0.95


def test_challenge_scores_of_empty_maps() -> None:
    """Without a membrane, all is one cell; pixels of cells are the foreground of the pixel error."""
    scores = evaluation.challenge_scores([0 * wall(7)], [wall(7) > 0])
    assert scores["v_rand_max"] < 0.9
    assert scores["pixel_f_score_error"] == pytest.approx(1 - 2 * 15 / (15 + 16))


# -------------------------------------------------------------------------------------------------------------- classes

NAMES = ("background", "axon", "vessel")


def of_image(scores: SplitScores, pred: torch.Tensor, label: torch.Tensor) -> dict[str, float]:
    """Return the scores of one image, as the table of an evaluation takes them."""
    return dict(scores.of_image(scores.collect(pred, label)))


def class_tensors(found: list[int], true: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return probabilities (3, 1, W) of the found classes and the label (1, 1, W)."""
    logits = 4 * torch.nn.functional.one_hot(torch.tensor([found]), len(NAMES)).permute(2, 0, 1).float()
    return logits.softmax(dim=0), torch.tensor([[true]], dtype=torch.uint8)


def test_class_scores() -> None:
    """Background: 1 right of 1 found and 2 true; axon: 2 right of 3 and 2; there is no vessel, and none was found."""
    scores = of_image(evaluation.class_scores(NAMES), *class_tensors([0, 1, 1, 1], [0, 0, 1, 1]))
    assert list(scores) == [
        f"{measure}{name}" for measure in ("dice", "iou") for name in ("", *(f"_{n}" for n in NAMES))
    ]
    expected = {"dice_background": 2 / 3, "dice_axon": 4 / 5, "dice_vessel": math.nan, "dice": (2 / 3 + 4 / 5) / 2}
    expected |= {"iou_background": 1 / 2, "iou_axon": 2 / 3, "iou_vessel": math.nan, "iou": (1 / 2 + 2 / 3) / 2}
    assert scores == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("found", "true"), [([0, 2], [0, 0]), ([0, 0], [0, 2])])
def test_a_class_that_is_found_or_true_alone_is_no_free_score(found: list[int], true: list[int]) -> None:
    scores = of_image(evaluation.class_scores(NAMES), *class_tensors(found, true))
    assert scores["dice_vessel"] == scores["iou_vessel"] == 0
    assert math.isnan(scores["dice_axon"])
    assert scores["dice"] == pytest.approx((2 / 3 + 0) / 2)
    assert scores["iou"] == pytest.approx((1 / 2 + 0) / 2)


def test_class_scores_leave_out_what_nobody_annotated() -> None:
    for other in range(3):
        scores = of_image(evaluation.class_scores(NAMES), *class_tensors([0, 1, other], [0, 1, UNANNOTATED]))
        assert (scores["dice"], scores["iou"]) == (1.0, 1.0)
        assert math.isnan(scores["dice_vessel"])
    scores = of_image(evaluation.class_scores(NAMES), *class_tensors([0, 1], [UNANNOTATED] * 2))
    assert all(math.isnan(value) for value in scores.values())


def test_a_name_for_each_class() -> None:
    with pytest.raises(ValueError, match="argument"):
        of_image(evaluation.class_scores(NAMES[:2]), *class_tensors([0], [0]))


def test_pooled_classes_are_those_of_all_pixels_together() -> None:
    images = [([0, 1, 1, 1], [0, 0, 1, 1]), ([0, 0, 0, 0], [0, 0, 0, UNANNOTATED]), ([2], [2])]
    of_split = evaluation.class_scores(NAMES)
    pooled = of_split.summarize([of_split.collect(*class_tensors(*image)) for image in images])
    together = [list(chain(*parts)) for parts in zip(*images, strict=True)]
    expected = of_image(evaluation.class_scores(NAMES), *class_tensors(*together))
    assert pooled == pytest.approx({f"pooled_{name}": value for name, value in expected.items()})
    assert pooled["pooled_dice_background"] == pytest.approx(2 * 4 / (4 + 5))
    assert pooled["pooled_dice"] == pytest.approx((8 / 9 + 4 / 5 + 1) / 3)


def test_pooled_classes_without_one_of_them() -> None:
    of_split = evaluation.class_scores(NAMES)
    pooled = of_split.summarize([of_split.collect(*class_tensors([0, 1], [0, 1]))] * 2)
    assert math.isnan(pooled["pooled_dice_vessel"])
    assert pooled["pooled_dice"] == 1


# ------------------------------------------------------------------------------------------------------------ instances


def instance_tensors(found: list[int], true: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a prediction (2, 1, W), whose second channel holds what `second` shall find, and the label (1, 1, W)."""
    return torch.tensor([[[0] * len(found)], [found]]).float(), torch.tensor([[true]], dtype=torch.int32)


def second(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[1].astype(np.uint16)


def test_instance_scores_of_a_fully_annotated_frame() -> None:
    """Of 28 pairs of pixels, the fourth pixel is wrong with the first three and with the two of the background."""
    scores = of_image(
        evaluation.instance_scores(second), *instance_tensors([5, 5, 5, 0, 0, 0, 2, 2], [1, 1, 1, 1, 0, 0, 2, 2])
    )
    assert scores == pytest.approx(
        {
            "seg": (3 / 4 + 1) / 2,
            "dice": 2 * 5 / (5 + 6),
            "iou": 5 / 6,
            "rand_index": 1 - 5 / 28,
            "rand_error": 5 / 28,
        }
    )


def test_instance_scores_of_a_partly_annotated_frame() -> None:
    """The background is not known: no Dice, no IoU; and of 15 pairs of annotated pixels three are wrong."""
    for other in (0, 9):
        found, true = [5, 5, 5, 0, other, other, 2, 2], [1, 1, 1, 1, -1, -1, 2, 2]
        scores = of_image(evaluation.instance_scores(second), *instance_tensors(found, true))
        assert scores.pop("seg") == pytest.approx((3 / 4 + 1) / 2)
        assert scores.pop("rand_index") == pytest.approx(1 - 3 / 15)
        assert scores.pop("rand_error") == pytest.approx(3 / 15)
        assert scores.keys() == {"dice", "iou"}
        assert all(math.isnan(value) for value in scores.values())


def test_instance_scores_of_a_frame_that_nobody_annotated() -> None:
    scores = of_image(evaluation.instance_scores(second), *instance_tensors([1, 1, 0], [-1, -1, -1]))
    assert all(math.isnan(value) for value in scores.values())


def test_pooled_seg_is_the_mean_over_objects_not_frames() -> None:
    """One object of a frame is found, of three in another frame half of one; in a third there is nothing to find."""
    frames = [([1, 1, 0], [4, 4, 0]), ([2, 2, 2, 0, 0, 0], [1, 1, 1, 1, 2, 3]), ([1, 0], [0, 0]), ([1, 0], [-1, -1])]
    of_split = evaluation.instance_scores(second)
    kept = [of_split.collect(*instance_tensors(*frame)) for frame in frames]
    assert [list(scores) for _, scores in kept] == [[1], [0.75, 0, 0], [], []]
    assert of_split.summarize(kept) == {"pooled_seg": pytest.approx(1.75 / 4), "objects": 4}
    means = [metrics.seg(np.array(found), np.array(true)) for found, true in frames]
    assert np.nanmean(means) == pytest.approx((1 + 0.25) / 2)


def test_pooled_seg_without_objects() -> None:
    of_split = evaluation.instance_scores(second)
    scores = of_split.summarize([of_split.collect(*instance_tensors([1, 0], [0, 0]))])
    assert math.isnan(scores["pooled_seg"])
    assert scores["objects"] == 0


def test_seg_curve_is_the_loop_over_thresholds() -> None:
    probability = np.array([[[0.0] * 8], [[0.9, 0.9, 0.6, 0.3, 0.1, 0.1, 0.6, 0.6]]])
    reference = np.array([[1, 1, 1, 1, -1, 0, 2, 2]])

    def instances(probabilities: np.ndarray, threshold: float) -> np.ndarray:
        return metrics.label_cells(probabilities[1] >= threshold)

    curve = evaluation.seg_curve(instances)(probability, reference, (0.2, 0.5, 0.8), valid=reference >= 0)
    np.testing.assert_allclose(curve, [1, (3 / 4 + 1) / 2, 0])
    nothing = evaluation.seg_curve(instances)(probability, 0 * reference, (0.2, 0.5), valid=reference >= 0)
    assert np.isnan(nothing).all()


def test_logits_are_scored_as_their_probabilities() -> None:
    """Also where rounding makes one 0.5 that is slightly less."""
    score = evaluation.at_threshold(metrics.dice, 0.5)
    logits, label = torch.tensor([[[-2.0, -1e-9, 3.0]]]), torch.tensor([[[0, 1, 1]]])
    assert evaluation.of_logits(score)(logits, label) == score(logits.sigmoid(), label) == 1
