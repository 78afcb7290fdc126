"""Which statistics are compared with the training set, on which scale, and how a difference is described."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ._statistics import SCALES

MANY = 100
"""Number of training images from which percentiles are used as limits; with fewer, limits follow from the spread."""


def _identity(value: float) -> float:
    return value


def _noise_scale(value: float) -> float:
    """Logarithm that saturates where noise is below 0.3 % of the contrast."""
    return math.log(value + 0.003)


def _fraction_scale(value: float) -> float:
    """Decades, saturating at one pixel in a thousand."""
    return math.log10(value + 0.001)


@dataclass(frozen=True)
class Feature:
    """How one statistic is compared.

    Attributes:
        scale: maps its value to a scale on which equal differences are equally important.
        min_spread: lower limit of the spread of a training set, on that scale.
        low, high: description of an image whose value is too low or too high; empty if that is no reason to review.
        joint: whether it is also compared jointly with the other statistics.
        min_images: number of training images needed to compare it; with fewer, its spread is not known well enough.
        rare: fraction of a large training set beyond the limit on either side.
    """

    scale: Callable[[float], float]
    min_spread: float
    low: str = ""
    high: str = ""
    joint: bool = False
    min_images: int = 0
    rare: float = 0.01


_SHARP = "noisier or sharper than the training images"

FEATURES: dict[str, Feature] = {
    "median": Feature(_identity, 0.05, "mostly dark", "mostly bright", joint=True),
    "noise": Feature(_noise_scale, 0.1, "hardly any noise", "noisy", joint=True),
    **{f"sharpness_{k}px": Feature(math.log, 0.05, "blurred", _SHARP, joint=True) for k in SCALES},
    **{f"polarity_{k}px": Feature(_identity, 0.05, "darker detail", "brighter detail", joint=True) for k in SCALES},
    "gray_levels": Feature(math.log2, 0.3, low="few gray levels"),
    "clipped_dark": Feature(_fraction_scale, 0.2, high="dark pixels clipped"),
    "clipped_bright": Feature(_fraction_scale, 0.2, high="saturated"),
    "certainty": Feature(_identity, 0.02, low="network is unsure", rare=0.03),
    "undecided": Feature(math.log, 0.1, high="many undecided pixels", min_images=MANY, rare=0.03),
}
"""Statistics that are compared: name → how."""

JOINT = [name for name, feature in FEATURES.items() if feature.joint]


def scaled(numbers: Mapping[str, float], names: list[str]) -> np.ndarray:
    """Return statistics on the scales of their features, NaN where one is undefined."""
    return np.array([_scaled(name, numbers.get(name, math.nan)) for name in names])


def _scaled(name: str, value: float) -> float:
    return FEATURES[name].scale(value) if math.isfinite(value) and (value > 0 or name not in _LOGARITHMIC) else math.nan


_LOGARITHMIC = {name for name, feature in FEATURES.items() if feature.scale in (math.log, math.log2)}
