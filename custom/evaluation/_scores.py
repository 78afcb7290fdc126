"""Scores used in configs: functions of a prediction and a label, made from metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skimage.segmentation import find_boundaries

from .. import metrics
from ..errors import InputError
from ..ground.score_tables import mean
from ._engine_metrics import Curve, Score, class_arrays, instance_arrays, mask_arrays


@dataclass(frozen=True)
class SplitScores:
    """Scores of a whole split that are not the mean of image scores, such as the maximum of a mean over thresholds.

    Args:
        collect: function of a prediction (C, H, W) and a label (1, H, W) that returns the data to keep of an image.
        summarize: function of the data of all images of a split that returns the scores of the split by name.
        of_image: function of the data of one image that returns the scores of the image by name; None: no such scores.
    """

    collect: Callable[[torch.Tensor, torch.Tensor], Any]
    summarize: Callable[[list[Any]], dict[str, float]]
    of_image: Callable[[Any], dict[str, float]] | None = None


Instances = Callable[[np.ndarray], np.ndarray]


def at_threshold(metric: Callable[..., float], threshold: float) -> Score:
    """Return a metric of two masks as a score of a probability map (1, H, W) and a label (1, H, W).

    Args:
        metric: function of two masks and ``valid``, for example `custom.metrics.dice`.
        threshold: pixels with this probability or more are foreground.

    Examples:
        >>> score = at_threshold(metrics.dice, 0.5)
        >>> score(torch.tensor([[[0.9, 0.8, 0.1]]]), torch.tensor([[[1, 1, 0]]]))
        1.0
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, reference, valid = mask_arrays(pred, label)
        return metric(probability >= threshold, reference, valid)

    return score


def of_logits(score: Score) -> Score:
    """Return a score of logits: that of their probabilities, the sigmoid.

    Args:
        score: of a probability (1, H, W) and a label (1, H, W).

    Examples:
        >>> import torch
        >>> from custom import metrics
        >>> from custom.evaluation import at_threshold, of_logits
        >>> logits, label = torch.tensor([[[-2.0, 3.0]]]), torch.tensor([[[0, 1]]])
        >>> of_logits(at_threshold(metrics.dice, 0.5))(logits, label)
        1.0
    """
    return lambda logits, label: score(logits.sigmoid(), label)


def of_cells(metric: Callable[[np.ndarray, np.ndarray], float], instances: Instances) -> Score:
    """Return a metric of two label images as a score of the cells between predicted membranes.

    Membranes are thinned to one pixel, see `custom.metrics.thin_borders`.

    Args:
        metric: function of two label images, for example `custom.metrics.rand_index`.
        instances: function from a membrane probability map (H, W) to instance labels (H, W).

    Raises:
        InputError: from the score, if the label is not annotated completely.
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, membrane, valid = mask_arrays(pred, label)
        _refuse_regions(valid)
        return metric(metrics.thin_borders(instances(probability)), metrics.label_cells(~membrane))

    return score


def warping_error(instances: Instances) -> Score:
    """Return `custom.metrics.warping_error` of the predicted cells as a score; touching cells are split by a line.

    Args:
        instances: as in `of_cells`.
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, membrane, valid = mask_arrays(pred, label)
        _refuse_regions(valid)
        labels = instances(probability)
        inside = (labels > 0) & ~find_boundaries(labels, connectivity=1, mode="outer", background=0)
        return metrics.warping_error(inside, ~membrane).error

    return score


def _refuse_regions(valid: np.ndarray) -> None:
    if not valid.all():
        raise InputError("manifest: found a region, expected none: scores of cells need completely annotated images.")


def v_rand_curve(
    membrane_probability: np.ndarray, membrane: np.ndarray, thresholds: Sequence[float], valid: np.ndarray
) -> np.ndarray:
    """Return V-Rand of the cells at each threshold, (T,).

    Args:
        membrane_probability: float (H, W), 0 to 1.
        membrane: the reference, bool (H, W).
        thresholds: thresholds of the probability, (T,).
        valid: annotated pixels, bool (H, W); all must be.

    Raises:
        InputError: the reference is not annotated completely.
    """
    _refuse_regions(valid)
    return metrics.membrane_scores(membrane_probability, ~membrane, tuple(thresholds)).v_rand.curve


def membrane_challenge() -> SplitScores:
    """Return the measures of ISBI 2012 for a stack of slices, as scores of a split; see `challenge_scores`."""

    def summarize(slices: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
        return challenge_scores([probability for probability, _, _ in slices], [membrane for _, membrane, _ in slices])

    return SplitScores(mask_arrays, summarize)


def challenge_scores(membrane_probabilities: list[np.ndarray], membranes: list[np.ndarray]) -> dict[str, float]:
    """Return the measures of ISBI 2012 for a stack of slices.

    Args:
        membrane_probabilities: slices, float (H, W), 0 to 1.
        membranes: references, bool (H, W).

    Returns:
        V-Rand and V-Info, each the maximum over thresholds of the mean over slices, with its threshold (see
        `custom.metrics.membrane_stack_scores`), and the mean of `custom.metrics.pixel_f_score_error` over slices.
    """
    scores = metrics.membrane_stack_scores(membrane_probabilities, [~membrane for membrane in membranes])
    pixels = [
        metrics.pixel_f_score_error(1 - probability, ~membrane, metrics.CHALLENGE_THRESHOLDS)
        for probability, membrane in zip(membrane_probabilities, membranes, strict=True)
    ]
    return {
        "v_rand_max": scores.v_rand.maximum,
        "v_rand_threshold": scores.v_rand.best_threshold,
        "v_info_max": scores.v_info.maximum,
        "v_info_threshold": scores.v_info.best_threshold,
        "pixel_f_score_error": float(np.nanmean(pixels)),
    }


# ------------------------------------------------------------------------------------------------------------- classes


def class_scores(names: Sequence[str]) -> SplitScores:
    """Return Dice and IoU of every class and their means, of each image and, as ``pooled_…``, of a whole split.

    A class in neither label nor prediction has the score NaN, which means ignore. ``pooled_…`` scores are computed from
    all pixels of a split; the data kept of an image is its confusion matrix.

    Args:
        names: names of the classes, by class number.

    Examples:
        >>> scores = class_scores(["background", "axon"])
        >>> kept = scores.collect(torch.eye(2)[:, None], torch.tensor([[[0, 1]]]))
        >>> scores.of_image(kept)["dice_axon"], scores.summarize([kept])["pooled_iou"]
        (1.0, 1.0)
    """

    def of_image(matrix: np.ndarray) -> dict[str, float]:
        return _class_numbers(matrix, names)

    def summarize(matrices: list[np.ndarray]) -> dict[str, float]:
        return {f"pooled_{name}": value for name, value in of_image(np.sum(matrices, axis=0)).items()}

    return SplitScores(_confusion, summarize, of_image)


def _confusion(pred: torch.Tensor, label: torch.Tensor) -> np.ndarray:
    predicted, reference, valid = class_arrays(pred, label)
    return metrics.confusion_matrix(predicted, reference, len(pred), valid)


def _class_numbers(matrix: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    numbers = {}
    for measure, per_class in (("dice", metrics.class_dice(matrix)), ("iou", metrics.class_iou(matrix))):
        numbers[measure] = mean([float(value) for value in per_class])
        numbers |= {f"{measure}_{name}": float(value) for name, value in zip(names, per_class, strict=True)}
    return numbers


# ----------------------------------------------------------------------------------------------------------- instances


def instance_scores(instances: Instances) -> SplitScores:
    """Return SEG, Dice, IoU, Rand index and Rand error of each image, and SEG of a split.

    If only some objects are annotated, the background is unknown: SEG and Rand index then compare annotated objects
    only, and Dice and IoU of the foreground are NaN. ``pooled_seg`` is the mean over all ``objects`` of a split, as in
    the Cell Tracking Challenge. The data kept of an image are its scores and the SEG of its objects.

    Args:
        instances: function from probabilities (C, H, W), background first, to instance labels (H, W).
    """

    def collect(pred: torch.Tensor, label: torch.Tensor) -> tuple[dict[str, float], np.ndarray]:
        probability, reference, valid = instance_arrays(pred, label)
        found = instances(probability)
        objects = metrics.seg_scores(found, reference)
        whole = bool(valid.all())
        rand = metrics.rand_index(found[valid], reference[valid])
        scores = {
            "seg": mean(list(objects)),
            "dice": metrics.dice(found > 0, reference > 0) if whole else float("nan"),
            "iou": metrics.iou(found > 0, reference > 0) if whole else float("nan"),
            "rand_index": rand,
            "rand_error": 1 - rand,
        }
        return scores, objects

    def summarize(kept: list[tuple[dict[str, float], np.ndarray]]) -> dict[str, float]:
        objects = np.concatenate([objects for _, objects in kept])
        return {"pooled_seg": mean(list(objects)), "objects": len(objects)}

    return SplitScores(collect, summarize, lambda kept: kept[0])


def seg_curve(instances: Callable[..., np.ndarray]) -> Curve:
    """Return a function for `ThresholdCurve` that computes SEG at each threshold, (T,).

    Args:
        instances: function of probabilities (C, H, W), background first, and ``threshold`` to instance labels (H, W).
    """

    def curve(
        probability: np.ndarray, reference: np.ndarray, thresholds: Sequence[float], valid: np.ndarray
    ) -> np.ndarray:
        return np.array([metrics.seg(instances(probability, threshold=float(t)), reference) for t in thresholds])

    return curve
