"""The scores that configs name: functions of a prediction and a label, made from metrics and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from skimage.segmentation import find_boundaries
from torch import nn

from . import metrics
from .errors import InputError
from .handlers.scores import Score, arrays

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
