"""How sure a network is of its own result."""

from __future__ import annotations

import numpy as np


def certainty(probability: np.ndarray) -> float:
    """Return the Dice coefficient that a prediction would have if its probabilities were true, 0 to 1.

    For a mask M of what is most probable, 2·Σ_M p / (Σ p + |M|); the mean over the classes that occur in the result.
    An expected value of this kind tells good from bad segmentations without a label (Jungo and Reyes, Assessing
    reliability and challenges of uncertainty estimations for medical image segmentation, MICCAI 2019).

    Args:
        probability: (1, H, W) or (H, W) of the foreground, or (C, H, W) of C classes, background first; 0 to 1.

    Returns:
        0 where nothing is found.
    """
    if probability.ndim == 2 or len(probability) == 1:
        foreground = probability.reshape(1, -1)
        masks = foreground >= 0.5
    else:
        foreground = probability[1:].reshape(len(probability) - 1, -1)
        masks = probability.argmax(axis=0).ravel() == np.arange(1, len(probability))[:, np.newaxis]
    inside = (foreground * masks).sum(axis=1, dtype=np.float64)
    sizes = masks.sum(axis=1)
    found = sizes > 0
    if not found.any():
        return 0.0
    return float(np.mean(2 * inside[found] / (foreground[found].sum(axis=1, dtype=np.float64) + sizes[found])))
