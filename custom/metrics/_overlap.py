"""Overlap of two masks: Dice, IoU, pixel error, and Dice at many thresholds in one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._checks import Mask, check_masks, check_same_shape


def dice(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the Dice coefficient, 2·|P ∩ R| / (|P| + |R|); the F-score of the foreground pixels.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels that count, bool, same shape; all of them if None.

    Returns:
        0 to 1, 1 is best; nan where both masks are empty, because nothing was there to be found.

    Raises:
        TypeError: a mask is not boolean.
        ValueError: the shapes differ.

    Reference: Dice (1945), Measures of the amount of ecologic association between species, doi:10.2307/1932409.
    """
    both, predicted, true, _ = _counts(prediction, reference, valid)
    return _ratio(2 * both, predicted + true)


def iou(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the intersection over union (the Jaccard index), |P ∩ R| / |P ∪ R|.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels that count, bool, same shape; all of them if None.

    Returns:
        0 to 1, 1 is best; nan where both masks are empty.

    Raises:
        TypeError: a mask is not boolean.
        ValueError: the shapes differ.
    """
    both, predicted, true, _ = _counts(prediction, reference, valid)
    return _ratio(both, predicted + true - both)


def pixel_error(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the fraction of pixels that are wrong.

    The "pixel error" in the table of Ronneberger et al. (2015, U-Net) is another measure: `pixel_f_score_error`.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels that count, bool, same shape; all of them if None.

    Returns:
        0 to 1, 0 is best; nan where no pixel counts.

    Raises:
        TypeError: a mask is not boolean.
        ValueError: the shapes differ.
    """
    both, predicted, true, pixels = _counts(prediction, reference, valid)
    return _ratio(predicted + true - 2 * both, pixels)


def dice_per_threshold(
    probability: npt.NDArray[np.floating],
    reference: Mask,
    thresholds: Sequence[float] | npt.NDArray[np.floating],
    valid: Mask | None = None,
) -> npt.NDArray[np.float64]:
    """Return `dice` for ``probability >= threshold`` at every threshold, in one pass over the pixels.

    Args:
        probability: probability of the foreground, float (H, W); compared with the thresholds in float32.
        reference: true foreground, bool, same shape.
        thresholds: T thresholds, in any order.
        valid: pixels that count, bool, same shape; all of them if None.

    Returns:
        float64 (T,), in the order of the thresholds; nan where prediction and reference are both empty.

    Raises:
        TypeError: `reference` or `valid` is not boolean.
        ValueError: the shapes differ, or a probability is nan.
    """
    check_same_shape(probability=probability, reference=reference)
    check_masks(**_present(reference=reference, valid=valid))
    if np.isnan(probability).any():
        raise ValueError("probability holds nan, which is neither foreground nor background.")
    if valid is not None:
        probability, reference = probability[valid], reference[valid]
    limits = np.asarray(thresholds, dtype=np.float32)
    order = np.argsort(limits)
    both, predicted = _counts_per_limit(probability.astype(np.float32, copy=False), reference, limits[order])
    total = predicted + np.count_nonzero(reference)
    scores = np.full(limits.size, np.nan)
    np.divide(2.0 * both, total, out=scores, where=total > 0)
    in_given_order = np.empty_like(scores)
    in_given_order[order] = scores
    return in_given_order


def pixel_f_score_error(
    probability: npt.NDArray[np.floating],
    reference: Mask,
    thresholds: Sequence[float] | npt.NDArray[np.floating],
    valid: Mask | None = None,
) -> float:
    """Return 1 − the largest F-score (Dice) of the foreground pixels over the thresholds.

    This is what the ISBI 2012 challenge and the table of Ronneberger et al. (2015, U-Net,
    doi:10.1007/978-3-319-24574-4_28) call "pixel error"; there the foreground is the cells, so `probability` is
    1 − the membrane's. The fraction of wrong pixels is `pixel_error`.

    Args:
        probability: probability of the foreground, float (H, W).
        reference: true foreground, bool, same shape.
        thresholds: where to cut the probability, ``probability >= threshold``.
        valid: pixels that count, bool, same shape; all of them if None.

    Returns:
        0 to 1, 0 is best; nan where no threshold gives a score.

    Raises:
        TypeError: `reference` or `valid` is not boolean.
        ValueError: the shapes differ, or a probability is nan.
    """
    scores = dice_per_threshold(probability, reference, thresholds, valid)
    return math.nan if np.isnan(scores).all() else 1.0 - float(np.nanmax(scores))


def _counts(prediction: Mask, reference: Mask, valid: Mask | None) -> tuple[int, int, int, int]:
    """Count the pixels in both masks, in the prediction, in the reference, and all that are valid."""
    check_masks(**_present(prediction=prediction, reference=reference, valid=valid))
    if valid is not None:
        prediction, reference = prediction[valid], reference[valid]
    both, predicted, true = (int(mask.sum()) for mask in (prediction & reference, prediction, reference))
    return both, predicted, true, prediction.size


def _counts_per_limit(
    probability: npt.NDArray[np.float32], reference: Mask, limits: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count, for ascending limits, the predicted pixels that are true, and all predicted pixels."""
    # A pixel is foreground at exactly the limits that are not above it: its bin is how many these are.
    bins = np.searchsorted(limits, probability.ravel(), side="right")
    size = limits.size + 1
    histograms = np.bincount(bins + size * reference.ravel(), minlength=2 * size).reshape(2, size)
    at_least = histograms[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return at_least[1], at_least.sum(axis=0)


def _present(**masks: Mask | None) -> dict[str, Mask]:
    return {name: mask for name, mask in masks.items() if mask is not None}


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else math.nan
