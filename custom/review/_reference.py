"""The reference: statistics of a training set, stored next to the weights, with which images are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..ground.json_files import read_object
from ..ground.wording import plain_number
from ._features import FEATURES, JOINT, scaled
from ._result import LITTLE

REFERENCE_FILE = "reference.json"

JOINT_SPREADS = 2.0
"""Limit of all statistics together: root mean square deviation along the principal axes of the training set."""

PIXEL_SIZE_RATIO = 1.5
"""Limit of the pixel size, relative to the largest and the smallest of the training set."""

_MOST_REASONS = 3


@dataclass(frozen=True)
class Reference:
    """The statistics of a training set.

    Attributes:
        images: number of images.
        quantiles: name of a statistic → its quantiles 0.05, 0.5 and 0.95 over the images and their quarters, in its own
            unit.
        limits: name of a statistic → the lowest and the highest value that need no review, on the scale of the feature.
        center: medians of the features in ``JOINT``, on their scales, (F,).
        covariance: covariance of these features, (F, F), regularized by their minimum spreads.
        pixel_sizes: smallest and largest, in µm; None if unknown.
    """

    images: int
    quantiles: dict[str, tuple[float, float, float]]
    limits: dict[str, tuple[float, float]]
    center: np.ndarray
    covariance: np.ndarray
    pixel_sizes: tuple[float, float] | None

    def differences(self, numbers: Mapping[str, float]) -> list[str]:
        """Return how an image differs from the training set, the largest difference first; empty if it does not.

        Args:
            numbers: `image_statistics` and `result_statistics`; NaN and missing ones are not compared.
        """
        offsets = {name: self._offset(name, numbers[name]) for name in self.limits if name in numbers}
        far = sorted((name for name in offsets if abs(offsets[name]) > 1), key=lambda name: -abs(offsets[name]))
        reasons = self._nothing_found(numbers.get("found", math.nan))
        reasons += [self._reason(name, numbers[name], offsets[name]) for name in far[:_MOST_REASONS]]
        reasons += self._pixel_size(numbers.get("pixel_size_um", math.nan))
        return reasons or self._combination(numbers)

    def _offset(self, name: str, value: float) -> float:
        """Return the difference from the median, ±1 at the limits; 0 for NaN, or if that side is no reason."""
        feature = FEATURES[name]
        here, middle = scaled({name: value}, [name])[0], scaled({name: self.quantiles[name][1]}, [name])[0]
        if not (feature.low if here < middle else feature.high):
            return 0.0
        low, high = self.limits[name]
        return float(np.nan_to_num((here - middle) / (middle - low if here < middle else high - middle)))

    def _nothing_found(self, found: float) -> list[str]:
        if not found < LITTLE:
            return []
        low, _, high = (_short(100 * value) for value in self.quantiles.get("found", (0.0, 0.0, 1.0)))
        return [f"nothing found: {_short(100 * found)} % of the image, training range {low} % to {high} %"]

    def _reason(self, name: str, value: float, offset: float) -> str:
        low, _, high = map(_short, self.quantiles[name])
        words = FEATURES[name].low if offset < 0 else FEATURES[name].high
        return f"{words}: {name} {_short(value)}, training range {low} to {high}"

    def _combination(self, numbers: Mapping[str, float]) -> list[str]:
        """Return the statistic that is least likely given all others, if their combination is unusual."""
        offset = scaled(numbers, JOINT) - self.center
        precision = np.linalg.inv(self.covariance)
        pulls = precision @ offset
        if not math.sqrt(max(0.0, float(offset @ pulls)) / len(JOINT)) > JOINT_SPREADS:  # also if one is NaN
            return []
        oddest = int(np.argmax(np.abs(pulls) / np.sqrt(np.diag(precision))))
        feature = FEATURES[JOINT[oddest]]
        words = feature.low if pulls[oddest] < 0 else feature.high
        return [f"{words}, given its other statistics: {JOINT[oddest]} {_short(numbers[JOINT[oddest]])}"]

    def _pixel_size(self, size: float) -> list[str]:
        if self.pixel_sizes is None or not math.isfinite(size):
            return []
        smallest, largest = self.pixel_sizes
        if smallest / PIXEL_SIZE_RATIO <= size <= largest * PIXEL_SIZE_RATIO:
            return []
        words = "larger" if size > largest else "smaller"
        training = f"{plain_number(smallest)} to {plain_number(largest)} µm"
        return [f"{words} pixels: {plain_number(size)} µm, training range {training}"]


def _short(value: float) -> str:
    return plain_number(value, digits=2)


def read_reference(weights: Path) -> Reference | None:
    """Return the reference stored next to a file of weights, None if there is none.

    Raises:
        InputError: it is damaged, or it was written by another version.
    """
    file = weights.with_name(REFERENCE_FILE)
    if not file.is_file():
        return None
    expected = "statistics of a training set, as written by training"
    content = read_object(file, expected)
    try:
        return _from_json(content)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InputError.about(file, f"other content ({error})", expected) from error


def _from_json(content: Mapping[str, Any]) -> Reference:
    if content["joint"] != JOINT or not set(content["limits_on_scale"]) <= set(content["quantiles"]) & set(FEATURES):
        raise ValueError("other statistics")
    quantiles = {name: three(values) for name, values in content["quantiles"].items()}
    limits = {name: _two(values) for name, values in content["limits_on_scale"].items()}
    center, covariance = np.array(content["center"], float), np.array(content["covariance"], float)
    sizes = content["pixel_sizes_um"]
    sizes = None if sizes is None else _two(sizes)
    if center.shape != (len(JOINT),) or covariance.shape != (len(JOINT), len(JOINT)):
        raise ValueError("the wrong number of statistics")
    np.linalg.cholesky(covariance)  # raises LinAlgError, a ValueError, unless it is positive definite
    return Reference(int(content["images"]), quantiles, limits, center, covariance, sizes)


def _two(values: Sequence[Any]) -> tuple[float, float]:
    low, high = map(float, values)
    return low, high


def three(values: Sequence[Any] | np.ndarray) -> tuple[float, float, float]:
    low, middle, high = map(float, values)  # raises ValueError unless there are three
    return low, middle, high
