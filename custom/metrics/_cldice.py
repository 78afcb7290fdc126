"""Centreline Dice: overlap of thin structures that counts their length, not their area."""

from __future__ import annotations

import math

import numpy as np
from skimage.morphology import skeletonize

from ._checks import Mask, check_masks


def cl_dice(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the centreline Dice: harmonic mean of how much of each mask's skeleton lies in the other mask.

    A filament that is drawn too thick or too thin loses little, only where its ends are skeletonised otherwise; one
    that is missed, made up or shifted by more than its half width loses its length.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels that count, bool, same shape; all of them if None. The others are background in both masks.

    Returns:
        0 to 1, 1 is best; nan where both masks are empty, 0 where one is.

    Raises:
        TypeError: a mask is not boolean.
        ValueError: the shapes differ, or are not (H, W).

    Reference: Shit et al. (2021), clDice: a novel topology-preserving loss function for tubular structure segmentation,
    doi:10.1109/CVPR46437.2021.01629; here with hard skeletons (Zhang and Suen 1984).
    """
    valid = np.ones_like(reference, dtype=np.bool_) if valid is None else valid
    check_masks(prediction=prediction, reference=reference, valid=valid)
    if prediction.ndim != 2:
        raise ValueError(f"expected masks of shape (H, W), found shape {prediction.shape}.")
    prediction, reference = prediction & valid, reference & valid
    if not prediction.any() and not reference.any():
        return math.nan
    precision = _inside(skeletonize(prediction), reference)
    sensitivity = _inside(skeletonize(reference), prediction)
    return 2 * precision * sensitivity / (precision + sensitivity) if precision + sensitivity else 0.0


def _inside(skeleton: Mask, mask: Mask) -> float:
    """Return the fraction of a skeleton that lies in a mask; 0 without a skeleton."""
    return float(mask[skeleton].mean()) if skeleton.any() else 0.0
