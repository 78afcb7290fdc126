"""The scores that configs name: functions of a prediction and a label, made from metrics and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from . import metrics
from .handlers.scores import Score, arrays


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
        ValueError: when a part is not annotated: segments cannot be compared there.
    """
    if not valid.all():
        raise ValueError("V-Rand compares whole segments and needs a label that is annotated everywhere.")
    return metrics.membrane_scores(membrane_probability, ~membrane, tuple(thresholds)).v_rand.curve
