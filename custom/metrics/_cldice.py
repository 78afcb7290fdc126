"""Centerline Dice: overlap of thin structures by length, not by area."""

from __future__ import annotations

import math

import numpy as np
from skimage.morphology import skeletonize

from ._checks import Mask, check_masks


def cl_dice(prediction: Mask, reference: Mask, valid: Mask | None = None) -> float:
    """Return the centerline Dice (clDice), the harmonic mean of topology precision and topology sensitivity.

    Precision is the fraction of the prediction's skeleton inside the reference, sensitivity the fraction of the
    reference's skeleton inside the prediction. A wrong filament width costs little (the skeletons differ at the ends
    only). A filament that is missed, falsely predicted, or shifted by more than half its width costs its length.

    Args:
        prediction: predicted foreground, bool (H, W).
        reference: true foreground, bool, same shape.
        valid: pixels to evaluate, bool, same shape; None evaluates all pixels. Other pixels are set to background in
            both masks.

    Returns:
        0 to 1, higher is better; NaN if both masks are empty, 0 if one is.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: The shapes differ, or are not (H, W).

    References: Shit et al., "clDice - a novel topology-preserving loss function for tubular structure segmentation",
    CVPR 2021, doi:10.1109/CVPR46437.2021.01629; here with hard skeletons of Zhang and Suen, "A fast parallel algorithm
    for thinning digital patterns", Communications of the ACM 1984, doi:10.1145/357994.358023.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import cl_dice
        >>> reference = np.zeros((5, 22), bool)
        >>> reference[2, 1:21] = True
        >>> prediction = reference & (np.arange(22) < 11)  # half of the line: precision 1, sensitivity 1/2
        >>> round(cl_dice(prediction, reference), 3)
        0.667
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
    """Return the fraction of the skeleton inside the mask; 0 for an empty skeleton."""
    return float(mask[skeleton].mean()) if skeleton.any() else 0.0
