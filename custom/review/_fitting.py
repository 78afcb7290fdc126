"""The fit of a reference to the statistics of training images, and its file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..ground.files import atomic_path
from ._features import FEATURES, JOINT, MANY, scaled
from ._reference import Reference, three

SPREADS = 3.5
"""Limit of a statistic with fewer than ``MANY`` training images, in standard deviations from the median; with more
images, percentiles are the limits (`Feature.rare`)."""

_QUANTILES = (0.05, 0.5, 0.95)
_NORMAL = 1.645  # standard deviations between the median and the 0.95 quantile of a normal distribution


def fit_reference(
    statistics: Sequence[Sequence[Mapping[str, float]]], results: Sequence[Mapping[str, float]] = ()
) -> Reference | None:
    """Return the reference of a training set, None if all its images are constant.

    Args:
        statistics: for each image, the `image_statistics` of the whole image and of its quarters.
        results: `result_statistics` of the predictions for the validation images and for their quarters.
    """
    rows = [numbers for image in statistics for numbers in image]
    joint = np.array([scaled(numbers, JOINT) for numbers in rows]).reshape(-1, len(JOINT))
    joint = joint[np.isfinite(joint).all(axis=1)]
    if not len(joint):
        return None
    columns = {name: _finite(name, [*rows, *results]) for name in (*FEATURES, "found")}
    quantiles = {name: three(np.quantile(values, _QUANTILES)) for name, values in columns.items() if len(values)}
    compared = [name for name in quantiles if name in FEATURES and len(statistics) >= FEATURES[name].min_images]
    limits = {name: _limits(name, columns[name], len(statistics)) for name in compared}
    sizes = [numbers["pixel_size_um"] for numbers in rows if math.isfinite(numbers["pixel_size_um"])]
    # Clipping at these percentiles keeps a few outliers, as in generated images, from widening the covariance.
    inner = np.clip(joint, *np.percentile(joint, (2, 98), axis=0))
    min_spreads = np.array([FEATURES[name].min_spread for name in JOINT])
    covariance = np.cov(inner.T, bias=True) + np.diag(min_spreads**2)
    pixel_sizes = (min(sizes), max(sizes)) if sizes else None
    return Reference(len(statistics), quantiles, limits, np.median(joint, axis=0), covariance, pixel_sizes)


def _finite(name: str, rows: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Return the values of a statistic that are defined on the scale of its feature."""
    values = np.array([numbers[name] for numbers in rows if name in numbers])
    on_scale = _on_scale(name, values) if name in FEATURES else values
    return values[np.isfinite(on_scale)]


def _on_scale(name: str, values: np.ndarray) -> np.ndarray:
    return np.array([scaled({name: value}, [name])[0] for value in values])


def _limits(name: str, values: np.ndarray, images: int) -> tuple[float, float]:
    """Return the lowest and the highest value that need no review, on the scale of the feature."""
    feature = FEATURES[name]
    on_scale = _on_scale(name, values)
    low, middle, high = np.quantile(on_scale, _QUANTILES)
    if images >= MANY:
        low, high = np.quantile(on_scale, (feature.rare, 1 - feature.rare))
        return float(min(low, middle - feature.min_spread)), float(max(high, middle + feature.min_spread))
    below, above = (max(feature.min_spread, abs(end - middle) / _NORMAL) for end in (low, high))
    return float(middle - SPREADS * below), float(middle + SPREADS * above)


def write_reference(file: Path, reference: Reference, bundle: str | None = None) -> None:
    """Write a reference as JSON, with the name of the bundle and the package versions that its numbers depend on."""
    content = ({} if bundle is None else {"bundle": bundle}) | {
        "images": reference.images,
        "quantiles": {name: _rounded(values) for name, values in reference.quantiles.items()},
        "limits_on_scale": {name: _rounded(values) for name, values in reference.limits.items()},
        "joint": JOINT,
        "center": _rounded(reference.center),
        "covariance": [_rounded(row) for row in reference.covariance],
        "pixel_sizes_um": reference.pixel_sizes,
        "versions": {name: version(name) for name in ("numpy", "opencv-python-headless")},
    }
    with atomic_path(file) as path:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _rounded(values: Sequence[float] | np.ndarray) -> list[float]:
    """Return values with seven significant digits."""
    return [float(f"{value:.7g}") for value in values]
