"""The scores that configs name: functions of a prediction and a label, made from metrics and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skimage.segmentation import find_boundaries
from torch import nn

from .. import metrics
from ..errors import InputError
from ..ground.score_tables import mean
from ._engine_metrics import Curve, Score, arrays, class_arrays, instance_arrays


@dataclass(frozen=True)
class SplitScores:
    """Scores of a whole split that are no mean of the images' own, such as a maximum over thresholds of the mean.

    Args:
        collect: function of a prediction (C, H, W) and a label (1, H, W) that returns what is kept of an image.
        summarise: function of what was kept of all images of a split that returns the scores by name.
        of_image: function of what was kept of one image that returns its own scores by name, or None.
    """

    collect: Callable[[torch.Tensor, torch.Tensor], Any]
    summarise: Callable[[list[Any]], dict[str, float]]
    of_image: Callable[[Any], dict[str, float]] | None = None


Instances = Callable[[np.ndarray], np.ndarray]


def at_threshold(metric: Callable[..., float], threshold: float) -> Score:
    """Return ``metric`` (of two masks) as a score of a probability map (1, H, W) and a label (1, H, W).

    Args:
        metric: for example `metrics.dice`; it is handed ``valid`` where not everything is annotated.
        threshold: a pixel is foreground when its probability reaches it.
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, reference, valid = arrays(pred, label)
        return metric(probability >= threshold, reference, valid)

    return score


def of_cells(metric: Callable[[np.ndarray, np.ndarray], float], instances: Instances) -> Score:
    """Return ``metric`` (of two label images) as a score of the cells that are found between the membranes.

    The membranes between them are thinned to one pixel, see `metrics.thin_borders`.

    Args:
        metric: for example `metrics.rand_index`.
        instances: function from a membrane probability map (H, W) to instance labels (H, W).
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, membrane, valid = arrays(pred, label)
        _refuse_regions(valid)
        return metric(metrics.thin_borders(instances(probability)), metrics.label_cells(~membrane))

    return score


def warping_error(instances: Instances) -> Score:
    """Return `metrics.warping_error` of the cells that are found, a line between those that touch; as `of_cells`."""

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, membrane, valid = arrays(pred, label)
        _refuse_regions(valid)
        labels = instances(probability)
        inside = (labels > 0) & ~find_boundaries(labels, connectivity=1, mode="outer", background=0)
        return metrics.warping_error(inside, ~membrane).error

    return score


def _refuse_regions(valid: np.ndarray) -> None:
    if not valid.all():
        raise InputError("The manifest names a region; the scores of cells compare whole ones and expect none.")


def loss_value(loss: nn.Module) -> Score:
    """Return ``loss`` as a score of logits (C, H, W) and a label (1, H, W)."""
    return lambda logits, label: float(loss(logits[None].float(), label[None]))


def v_rand_curve(
    membrane_probability: np.ndarray, membrane: np.ndarray, thresholds: Sequence[float], valid: np.ndarray
) -> np.ndarray:
    """Return the V-Rand of the cells at each threshold (T,); all of the label has to be annotated.

    Args:
        membrane_probability: float (H, W), 0 to 1.
        membrane: the reference, bool (H, W).
        thresholds: T of them.
        valid: where the reference is annotated, bool (H, W).

    Raises:
        InputError: when a part is not annotated.
    """
    _refuse_regions(valid)
    return metrics.membrane_scores(membrane_probability, ~membrane, tuple(thresholds)).v_rand.curve


def membrane_challenge() -> SplitScores:
    """Return the measures of ISBI 2012 for the slices of a stack, as scores of a split; see `challenge_scores`."""

    def summarise(slices: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
        return challenge_scores([probability for probability, _, _ in slices], [membrane for _, membrane, _ in slices])

    return SplitScores(arrays, summarise)


def challenge_scores(membrane_probabilities: list[np.ndarray], membranes: list[np.ndarray]) -> dict[str, float]:
    """Return the measures of ISBI 2012 for the slices of a stack: maximum over thresholds of the mean over slices.

    Args:
        membrane_probabilities: slices of float (H, W), 0 to 1.
        membranes: the references, bool (H, W).

    Returns:
        V-Rand and V-Info with the threshold of each, as `metrics.membrane_stack_scores` defines them, and the mean over
        the slices of `metrics.pixel_f_score_error`.
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
    """Return Dice and IoU of every class and their means: of each image, and ``pooled_…`` of all pixels of a split.

    A class that is neither in the label nor in the prediction has no score, NaN, and counts in no mean. What is kept of
    an image is its confusion matrix.

    Args:
        names: of the classes, by class number.
    """

    def of_image(matrix: np.ndarray) -> dict[str, float]:
        return _class_numbers(matrix, names)

    def summarise(matrices: list[np.ndarray]) -> dict[str, float]:
        return {f"pooled_{name}": value for name, value in of_image(np.sum(matrices, axis=0)).items()}

    return SplitScores(_confusion, summarise, of_image)


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
    """Return SEG, Dice and IoU of the foreground, Rand index and Rand error of each image, and SEG of a split.

    Only what is annotated counts. Where not all objects are annotated no background is either, and Dice and IoU, which
    need it, are NaN; SEG and Rand then compare the annotated objects alone. ``pooled_seg`` is taken over all
    ``objects`` of a split, as the Cell Tracking Challenge does. What is kept of an image is its scores and SEG's of
    its objects.

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

    def summarise(kept: list[tuple[dict[str, float], np.ndarray]]) -> dict[str, float]:
        objects = np.concatenate([objects for _, objects in kept])
        return {"pooled_seg": mean(list(objects)), "objects": len(objects)}

    return SplitScores(collect, summarise, lambda kept: kept[0])


def seg_curve(instances: Callable[..., np.ndarray]) -> Curve:
    """Return SEG at each of several thresholds, as a curve of probabilities (C, H, W) and reference labels (H, W).

    Args:
        instances: as in `instance_scores`, with an argument ``threshold``.
    """

    def curve(
        probability: np.ndarray, reference: np.ndarray, thresholds: Sequence[float], valid: np.ndarray
    ) -> np.ndarray:
        return np.array([metrics.seg(instances(probability, threshold=float(t)), reference) for t in thresholds])

    return curve
