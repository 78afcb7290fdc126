"""What a result is like, and how sure a network is of it."""

from __future__ import annotations

import math

import numpy as np

LITTLE = 0.001
"""Where a smaller part of the image is found, nothing is."""

_ENOUGH = 0.003  # part of the image from which on it can be told how sure a network is of what it found
_UNDECIDED = (0.1, 0.9)  # probabilities between which a pixel is neither


def result_statistics(probability: np.ndarray) -> dict[str, float]:
    """Return what a result is like, as numbers that do not depend on the image's size.

    Args:
        probability: (1, H, W) or (H, W) of the foreground, or (C, H, W) of C classes, background first; 0 to 1.

    Returns:
        - ``found``: part of the pixels whose most probable class is not the background;
        - ``certainty``: see `certainty`;
        - ``undecided``: number of pixels whose probability of being foreground lies between 0.1 and 0.9, over the
          number of those that are found.

        The last two are NaN where ``found`` is below 0.003.
    """
    foreground, masks = _classes(probability)
    found = float(masks.any(axis=0).mean())
    if found < _ENOUGH:
        return {"found": found, "certainty": math.nan, "undecided": math.nan}
    low, high = _UNDECIDED
    of_any = foreground.sum(axis=0)
    undecided = float(np.mean((of_any > low) & (of_any < high))) / found
    return {"found": found, "certainty": certainty(probability), "undecided": undecided}


def certainty(probability: np.ndarray) -> float:
    """Return the Dice coefficient that a prediction would have if its probabilities were true, 0 to 1.

    For a mask M of what is most probable, 2·Σ_M p / (Σ p + |M|); the mean over the classes that occur in the result.
    An expected value of this kind tells good from bad segmentations without a label (Jungo and Reyes, Assessing
    reliability and challenges of uncertainty estimations for medical image segmentation, MICCAI 2019).

    Args:
        probability: as in `result_statistics`.

    Returns:
        0 where nothing is found.
    """
    foreground, masks = _classes(probability)
    inside = (foreground * masks).sum(axis=1, dtype=np.float64)
    sizes = masks.sum(axis=1)
    found = sizes > 0
    if not found.any():
        return 0.0
    return float(np.mean(2 * inside[found] / (foreground[found].sum(axis=1, dtype=np.float64) + sizes[found])))


def _classes(probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of all classes but the background, and where each is the most probable; (C - 1, HW)."""
    if probability.ndim == 2 or len(probability) == 1:
        foreground = probability.reshape(1, -1)
        return foreground, foreground >= 0.5
    foreground = probability[1:].reshape(len(probability) - 1, -1)
    return foreground, probability.argmax(axis=0).ravel() == np.arange(1, len(probability))[:, np.newaxis]
