"""What the images of a training set are like, stored beside the weights, and which images are unlike them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..ground.json_files import read_object
from ._features import FEATURES, JOINT, scaled
from ._result import LITTLE

REFERENCE_FILE = "reference.json"

JOINT_SPREADS = 2.0
"""An image is unlike a training set where its numbers together lie so many standard deviations from its medians: root
mean square over them, along the principal axes of the training set."""

PIXEL_SIZE_RATIO = 1.5
"""… or where pixels are by this factor larger than the largest of the training set, or smaller than the smallest."""

_MOST_REASONS = 3


@dataclass(frozen=True)
class Reference:
    """The statistics of a training set.

    Attributes:
        images: how many it has.
        quantiles: name of a statistic → its quantiles 0.05, 0.5 and 0.95 over the images and their quarters, in its own
            unit.
        limits: name of a statistic → the lowest and the highest value that are like the training, on its scale.
        center: medians of the features in ``JOINT``, on their scales, (F,).
        covariance: of the same, (F, F), with the least spreads on its diagonal.
        pixel_sizes: smallest and largest, in µm; None if none is known.
    """

    images: int
    quantiles: dict[str, tuple[float, float, float]]
    limits: dict[str, tuple[float, float]]
    center: np.ndarray
    covariance: np.ndarray
    pixel_sizes: tuple[float, float] | None

    def differences(self, numbers: Mapping[str, float]) -> list[str]:
        """Return in plain words how an image differs from the training set, what differs most first; none if not.

        Args:
            numbers: of `image_statistics` and `result_statistics`. What is NaN or missing is not compared.
        """
        offsets = {name: self._offset(name, numbers[name]) for name in self.limits if name in numbers}
        far = sorted((name for name in offsets if abs(offsets[name]) > 1), key=lambda name: -abs(offsets[name]))
        reasons = self._nothing(numbers.get("found", math.nan))
        reasons += [self._sentence(name, numbers[name], offsets[name]) for name in far[:_MOST_REASONS]]
        reasons += self._pixel_size(numbers.get("pixel_size_um", math.nan))
        return reasons or self._together(numbers)

    def _offset(self, name: str, value: float) -> float:
        """Return how far a value lies above the median, 1 at the limit; 0 where that is no reason, or NaN."""
        feature = FEATURES[name]
        here, middle = scaled({name: value}, [name])[0], scaled({name: self.quantiles[name][1]}, [name])[0]
        if not (feature.low if here < middle else feature.high):
            return 0.0
        low, high = self.limits[name]
        return float(np.nan_to_num((here - middle) / (middle - low if here < middle else high - middle)))

    def _nothing(self, found: float) -> list[str]:
        if not found < LITTLE:
            return []
        low, _, high = self.quantiles.get("found", (0.0, 0.0, 1.0))
        return [f"nothing found: {found:.2%} of the image, training {low:.1%} to {high:.1%}"]

    def _sentence(self, name: str, value: float, offset: float) -> str:
        low, _, high = self.quantiles[name]
        words = FEATURES[name].low if offset < 0 else FEATURES[name].high
        return f"{words}: {name} {value:.2g}, training {low:.2g} to {high:.2g}"

    def _together(self, numbers: Mapping[str, float]) -> list[str]:
        """Return what is least likely given all other numbers, if these are unusual together."""
        offset = scaled(numbers, JOINT) - self.center
        precision = np.linalg.inv(self.covariance)
        pulls = precision @ offset
        if not math.sqrt(max(0.0, float(offset @ pulls)) / len(JOINT)) > JOINT_SPREADS:  # also where one is NaN
            return []
        oddest = int(np.argmax(np.abs(pulls) / np.sqrt(np.diag(precision))))
        feature = FEATURES[JOINT[oddest]]
        words = feature.low if pulls[oddest] < 0 else feature.high
        return [f"{words} beside its other numbers: {JOINT[oddest]} {numbers[JOINT[oddest]]:.2g}"]

    def _pixel_size(self, size: float) -> list[str]:
        if self.pixel_sizes is None or not math.isfinite(size):
            return []
        smallest, largest = self.pixel_sizes
        if smallest / PIXEL_SIZE_RATIO <= size <= largest * PIXEL_SIZE_RATIO:
            return []
        words = "larger" if size > largest else "smaller"
        return [f"{words} pixels: {size:.3g} µm, training {smallest:.3g} to {largest:.3g} µm"]


def read_reference(weights: Path) -> Reference | None:
    """Return the reference that lies beside a file of weights, None if there is none.

    Raises:
        InputError: it is damaged, or of another version.
    """
    file = weights.with_name(REFERENCE_FILE)
    if not file.is_file():
        return None
    expected = "the statistics of a training set, as a training writes them"
    content = read_object(file, expected)
    try:
        return _from_json(content)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InputError.about(file, f"something else ({error})", expected) from error


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
    np.linalg.cholesky(covariance)  # a LinAlgError, which is a ValueError, unless it is one
    return Reference(int(content["images"]), quantiles, limits, center, covariance, sizes)


def _two(values: Sequence[Any]) -> tuple[float, float]:
    low, high = map(float, values)
    return low, high


def three(values: Sequence[Any] | np.ndarray) -> tuple[float, float, float]:
    low, middle, high = map(float, values)  # a ValueError unless there are three
    return low, middle, high
