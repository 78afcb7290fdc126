"""What of an image's statistics is compared with a training set, and how a difference is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ._statistics import SCALES

MANY = 100
"""Images of a training set from which on its rarest percent is known; of fewer, it is estimated from the spread."""


def _as_it_is(value: float) -> float:
    return value


def _noise_scale(value: float) -> float:
    """Logarithm, but below 0.3 % of the contrast less noise makes no difference."""
    return math.log(value + 0.003)


def _part_scale(value: float) -> float:
    """Decades, but a thousandth of the pixels is none."""
    return math.log10(value + 0.001)


@dataclass(frozen=True)
class Feature:
    """How one statistic is compared.

    Attributes:
        scale: from its value to a scale on which differences count alike everywhere.
        least: the least spread that a training set is credited with, on that scale.
        low, high: what an image is called whose value is too low, too high; empty where that is no reason.
        joint: whether it is also compared together with the others.
        fewest: images of a training set from which on it is compared; of fewer, its spread is not known well enough.
        rare: the part of a large training set that is beyond the limit on either side.
    """

    scale: Callable[[float], float]
    least: float
    low: str = ""
    high: str = ""
    joint: bool = False
    fewest: int = 0
    rare: float = 0.01


FEATURES: dict[str, Feature] = {
    "median": Feature(_as_it_is, 0.05, "mostly dark", "mostly bright", joint=True),
    "noise": Feature(_noise_scale, 0.1, "hardly any noise", "noisy", joint=True),
    **{f"sharpness_{k}px": Feature(math.log, 0.05, "blurred", "grainy or too sharp", joint=True) for k in SCALES},
    **{f"polarity_{k}px": Feature(_as_it_is, 0.05, "darker detail", "brighter detail", joint=True) for k in SCALES},
    "gray_levels": Feature(math.log2, 0.3, low="few gray levels"),
    "clipped_dark": Feature(_part_scale, 0.2, high="cut off in the dark"),
    "clipped_bright": Feature(_part_scale, 0.2, high="saturated"),
    "certainty": Feature(_as_it_is, 0.02, low="the network is unsure", rare=0.03),
    "undecided": Feature(math.log, 0.1, high="the network is undecided", fewest=MANY, rare=0.03),
}
JOINT = [name for name, feature in FEATURES.items() if feature.joint]


def scaled(numbers: Mapping[str, float], names: list[str]) -> np.ndarray:
    """Return statistics on the scales of their features, NaN where there is none."""
    return np.array([_scaled(name, numbers.get(name, math.nan)) for name in names])


def _scaled(name: str, value: float) -> float:
    return FEATURES[name].scale(value) if math.isfinite(value) and (value > 0 or name not in _LOGARITHMIC) else math.nan


_LOGARITHMIC = {name for name, feature in FEATURES.items() if feature.scale in (math.log, math.log2)}
