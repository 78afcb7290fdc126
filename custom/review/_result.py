"""Statistics of a result, and how certain the network is of it."""

from __future__ import annotations

import math

import numpy as np

LITTLE = 0.001
"""Fraction of the image; a result with less foreground counts as empty."""

_ENOUGH = 0.003  # fraction of the image; with less foreground, certainty is not defined
_UNDECIDED = (0.1, 0.9)  # probabilities between which a pixel is undecided


def result_statistics(probability: np.ndarray) -> dict[str, float]:
    """Return statistics of a result that do not depend on the size of the image.

    Args:
        probability: of the foreground, (H, W) or (1, H, W), or of C classes, background first, (C, H, W); 0 to 1.

    Returns:
        - ``found``: fraction of the pixels whose most probable class is not the background;
        - ``certainty``: see `certainty`;
        - ``undecided``: number of pixels with a foreground probability between 0.1 and 0.9, divided by the number of
          pixels found.

        The last two are NaN if ``found`` is below 0.003.

    Examples:
        >>> {name: round(value, 3) for name, value in result_statistics(np.array([[0.95, 0.6, 0.2, 0.0]])).items()}
        {'found': 0.5, 'certainty': 0.827, 'undecided': 1.0}
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
    """Return the Dice coefficient that a prediction would have if its probabilities were correct, 0 to 1.

    For the mask M of the most probable class it is 2·Σ_M p / (Σ p + |M|), averaged over the classes in the result. Such
    an expected score separates good from bad segmentations without a label (Jungo and Reyes, Assessing reliability and
    challenges of uncertainty estimations for medical image segmentation, MICCAI 2019).

    Args:
        probability: as in `result_statistics`.

    Returns:
        The expected Dice coefficient; 0 if nothing is found.

    Examples:
        >>> certainty(np.array([[1.0, 1.0, 0.0]])), round(certainty(np.array([[1.0, 0.6, 0.2, 0.0]])), 3)
        (1.0, 0.842)
    """
    foreground, masks = _classes(probability)
    inside = (foreground * masks).sum(axis=1, dtype=np.float64)
    sizes = masks.sum(axis=1)
    found = sizes > 0
    if not found.any():
        return 0.0
    return float(np.mean(2 * inside[found] / (foreground[found].sum(axis=1, dtype=np.float64) + sizes[found])))


def _classes(probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of all classes but the background, and where each is most probable; both (C - 1, HW)."""
    if probability.ndim == 2 or len(probability) == 1:
        foreground = probability.reshape(1, -1)
        return foreground, foreground >= 0.5
    foreground = probability[1:].reshape(len(probability) - 1, -1)
    return foreground, probability.argmax(axis=0).ravel() == np.arange(1, len(probability))[:, np.newaxis]
