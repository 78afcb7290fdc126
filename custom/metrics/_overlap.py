"""Overlap of two masks: Dice, IoU, pixel error, and Dice at many thresholds in a single pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._checks import Mask, check_masks, check_same_shape


def dice(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the Dice coefficient 2·|P ∩ R| / (|P| + |R|), which is the F-score of the foreground pixels.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels.

    Returns:
        0 to 1, higher is better; NaN if both masks are empty.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: The shapes differ.

    Reference: Dice, "Measures of the amount of ecologic association between species", Ecology 1945,
    doi:10.2307/1932409.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import dice
        >>> prediction, reference = np.array([[True, True, False, False]]), np.array([[False, True, True, False]])
        >>> dice(prediction, reference)
        0.5
    """
    both, predicted, true, _ = _counts(prediction, reference, valid)
    return _ratio(2 * both, predicted + true)


def iou(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the intersection over union (Jaccard index), |P ∩ R| / |P ∪ R|.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels.

    Returns:
        0 to 1, higher is better; NaN if both masks are empty.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: The shapes differ.

    Reference: Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 1912,
    doi:10.1111/j.1469-8137.1912.tb05611.x.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import iou
        >>> prediction, reference = np.array([[True, True, False, False]]), np.array([[False, True, True, False]])
        >>> round(iou(prediction, reference), 3)
        0.333
    """
    both, predicted, true, _ = _counts(prediction, reference, valid)
    return _ratio(both, predicted + true - both)


def pixel_error(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the fraction of misclassified pixels.

    The "pixel error" in the U-Net paper of Ronneberger et al. (2015) is a different metric: `pixel_f_score_error`.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels.

    Returns:
        0 to 1, lower is better; NaN if no pixel is evaluated.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: The shapes differ.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import pixel_error
        >>> prediction, reference = np.array([[True, True, False, False]]), np.array([[False, True, True, False]])
        >>> pixel_error(prediction, reference)
        0.5
    """
    both, predicted, true, pixels = _counts(prediction, reference, valid)
    return _ratio(predicted + true - 2 * both, pixels)


def dice_per_threshold(
    probability: npt.NDArray[np.floating],
    reference: Mask,
    thresholds: Sequence[float] | npt.NDArray[np.floating],
    valid: Mask | None = None,
) -> npt.NDArray[np.float64]:
    """Return `dice` of ``probability >= threshold`` at each threshold, in a single pass over the pixels.

    Args:
        probability: foreground probability, float (H, W); compared with the thresholds in float32.
        reference: true foreground, bool, same shape.
        thresholds: T thresholds, in any order.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels.

    Returns:
        float64 (T,), in the order of the thresholds; NaN where both prediction and reference are empty.

    Raises:
        TypeError: ``reference`` or ``valid`` is not boolean.
        ValueError: The shapes differ, or a probability is NaN.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import dice_per_threshold
        >>> probability, reference = np.array([[0.9, 0.6, 0.2]]), np.array([[True, False, True]])
        >>> dice_per_threshold(probability, reference, thresholds=(0.1, 0.5, 0.8)).round(3)
        array([0.8  , 0.5  , 0.667])
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
    """Return 1 minus the largest F-score (Dice) of the foreground pixels over the thresholds.

    The ISBI 2012 challenge and the U-Net paper call this "pixel error", with cells as foreground: ``probability`` is 1
    minus the membrane probability. `pixel_error` is the fraction of misclassified pixels.

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015, doi:10.1007/978-3-319-24574-4_28.

    Args:
        probability: foreground probability, float (H, W).
        reference: true foreground, bool, same shape.
        thresholds: T thresholds; foreground is ``probability >= threshold``.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels.

    Returns:
        0 to 1, lower is better; NaN if no threshold gives a score.

    Raises:
        TypeError: ``reference`` or ``valid`` is not boolean.
        ValueError: The shapes differ, or a probability is NaN.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import pixel_f_score_error
        >>> probability, reference = np.array([[0.9, 0.6, 0.2]]), np.array([[True, False, True]])
        >>> round(pixel_f_score_error(probability, reference, thresholds=(0.1, 0.5, 0.8)), 3)
        0.2
    """
    scores = dice_per_threshold(probability, reference, thresholds, valid)
    return math.nan if np.isnan(scores).all() else 1.0 - float(np.nanmax(scores))


def _counts(prediction: Mask, reference: Mask, valid: Mask | None) -> tuple[int, int, int, int]:
    """Count the pixels in both masks, in the prediction, in the reference, and all evaluated pixels."""
    check_masks(**_present(prediction=prediction, reference=reference, valid=valid))
    if valid is not None:
        prediction, reference = prediction[valid], reference[valid]
    both, predicted, true = (int(mask.sum()) for mask in (prediction & reference, prediction, reference))
    return both, predicted, true, prediction.size


def _counts_per_limit(
    probability: npt.NDArray[np.float32], reference: Mask, limits: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of true positives and of predicted pixels at each of the ascending limits."""
    # A pixel is foreground at all limits up to its probability; its bin is the number of these limits.
    bins = np.searchsorted(limits, probability.ravel(), side="right")
    size = limits.size + 1
    histograms = np.bincount(bins + size * reference.ravel(), minlength=2 * size).reshape(2, size)
    at_least = histograms[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return at_least[1], at_least.sum(axis=0)


def _present(**masks: Mask | None) -> dict[str, Mask]:
    return {name: mask for name, mask in masks.items() if mask is not None}


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else math.nan
