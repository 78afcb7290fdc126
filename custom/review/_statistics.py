"""Image statistics that do not depend on the unit of brightness."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

LOW, HIGH = 1, 99.8
"""Percentiles that define the dark and the bright end of an image; its contrast is their distance."""

MOST_GRAY_LEVELS = 256
"""Upper limit of the count: no network here benefits from more gray levels."""

SCALES = (1, 2, 4, 8)
"""Widths of detail, in pixels, at which sharpness is measured relative to detail of double width."""

_WINDOW = 512  # pixels, side of a window
_LARGEST = 4 * _WINDOW**2  # pixels; larger images are measured in 4 × 4 windows
_INNER = 0.75  # fraction of the coefficients used for noise: the smallest, which contain no structure
_INNER_VARIANCE = 0.3684  # variance of a standard normal distribution without its outer quarter


def image_statistics(image: np.ndarray, pixel_size: float | None = None) -> dict[str, float]:
    """Return image statistics; scaling or shifting all gray values changes only ``low`` and ``high``.

    Images larger than four windows of 512 × 512 pixels are measured in 16 such windows on a regular grid.

    Args:
        image: (H, W), stored gray values, any real dtype, all finite.
        pixel_size: side of a pixel in µm, the geometric mean of both sides; None if unknown.

    Returns:
        - ``low``, ``high``: 1st and 99.8th percentile, in gray values; their distance is the contrast;
        - ``gray_levels``: number of different gray values between the two, at most 256;
        - ``median``: position of the median between ``low`` (0) and ``high`` (1);
        - ``clipped_dark``, ``clipped_bright``: fraction of the pixels with the smallest and the largest value;
        - ``noise``: standard deviation of the noise as a fraction of the contrast, from the diagonal differences of
          2 × 2 pixels (Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 1994, but with
          the mean of the inner three quarters, because the median of integers is a step function);
        - ``sharpness_1px`` … ``sharpness_8px``: standard deviation of detail 1, 2, 4, 8 pixels wide relative to detail
          of double width, from a Laplacian pyramid (Burt and Adelson, The Laplacian pyramid as a compact image code,
          IEEE Transactions on Communications 1983);
        - ``polarity_1px`` … ``polarity_8px``: whether this detail is bright on dark (1), dark on bright (-1) or equally
          both (0), weighted by energy;
        - ``pixel_size_um``.

        NaN where a number is undefined: without contrast, without detail, or if the pixel size is unknown.

    Raises:
        ValueError: the image is empty or does not have two axes.

    Examples:
        >>> numbers = image_statistics(np.tile(np.arange(100.0), (100, 1)))
        >>> [round(numbers[name], 2) for name in ("low", "high", "gray_levels", "median", "noise")]
        [0.99, 99.0, 99.0, 0.49, 0.0]
    """
    if image.ndim != 2 or not image.size:
        raise ValueError(f"expected an image (H, W), got shape {image.shape}.")
    windows = _windows(image)
    values = np.concatenate([window.ravel() for window in windows])
    low, middle, high = (float(value) for value in np.percentile(values, (LOW, 50, HIGH)))
    contrast = high - low
    floats = [window.astype(np.float32) for window in windows]
    return {
        "low": low,
        "high": high,
        "gray_levels": _gray_levels(values, low, high),
        "median": _ratio(middle - low, contrast),
        "clipped_dark": float(np.mean(values == values.min())),
        "clipped_bright": float(np.mean(values == values.max())),
        "noise": _ratio(_noise(floats), contrast),
        **_detail(floats),
        "pixel_size_um": math.nan if pixel_size is None else pixel_size,
    }


def _windows(image: np.ndarray) -> list[np.ndarray]:
    """Return the image itself, or windows of a large image."""
    if image.size <= _LARGEST:
        return [image]
    starts = (np.linspace(0, max(0, side - _WINDOW), 4).astype(int) for side in image.shape)
    tops, lefts = (sorted(set(start.tolist())) for start in starts)
    return [image[top : top + _WINDOW, left : left + _WINDOW] for top in tops for left in lefts]


def _gray_levels(values: np.ndarray, low: float, high: float) -> float:
    """Return the number of different values between two, counted in at most a million pixels."""
    inside = values[(values >= low) & (values <= high)]
    return float(min(MOST_GRAY_LEVELS, len(np.unique(inside[:: 1 + len(inside) // 10**6]))))


def _noise(windows: list[np.ndarray]) -> float:
    """Return the standard deviation of white noise, in gray values."""
    squares = np.concatenate([_diagonal(window).ravel() ** 2 for window in windows])
    count = int(_INNER * len(squares))
    if not count:
        return math.nan
    return math.sqrt(float(np.partition(squares, count - 1)[:count].mean(dtype=np.float64)) / _INNER_VARIANCE)


def _diagonal(window: np.ndarray) -> np.ndarray:
    """Return the diagonal coefficients of the finest Haar wavelets, which have the noise of single pixels."""
    rows, columns = (side // 2 * 2 for side in window.shape)
    a, b = window[0:rows:2, 0:columns:2], window[0:rows:2, 1:columns:2]
    c, d = window[1:rows:2, 0:columns:2], window[1:rows:2, 1:columns:2]
    return (a - b - c + d) / 2


def _detail(windows: list[np.ndarray]) -> dict[str, float]:
    """Return sharpness and polarity from the energies of the bands, summed over all windows."""
    bright, dark = np.sum([_band_energies(window) for window in windows], axis=0).T
    energies = bright + dark
    ratios = [math.sqrt(_ratio(fine, coarse)) for fine, coarse in pairwise(energies)]
    sharpness = {f"sharpness_{scale}px": ratio for scale, ratio in zip(SCALES, ratios, strict=True)}
    polarity = {f"polarity_{scale}px": _ratio(bright[k] - dark[k], energies[k]) for k, scale in enumerate(SCALES)}
    return sharpness | polarity


def _band_energies(window: np.ndarray) -> np.ndarray:
    """Return the mean squares of detail 1, 2, 4, 8, 16 px wide, (5, 2): brighter and darker than its surroundings."""
    energies = []
    for _ in range(len(SCALES) + 1):
        coarser = cv2.pyrDown(window)
        detail = window - cv2.pyrUp(coarser, dstsize=window.shape[::-1])
        signed = np.mean(detail * np.abs(detail), dtype=np.float64)
        both = np.mean(detail**2, dtype=np.float64)
        energies.append(((both + signed) / 2, (both - signed) / 2))
        window = coarser
    return np.array(energies)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else math.nan
