"""What an image is like, in a few numbers that do not depend on its unit of brightness."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

LOW, HIGH = 1, 99.8
"""Percentiles: what counts as dark and as bright in an image. Its contrast is the distance between the two."""

MOST_GRAY_LEVELS = 256
"""More of them are not told apart: no network here gains by them."""

SCALES = (1, 2, 4, 8)
"""Pixels: widths of detail at which sharpness is measured, each relative to twice its width."""

_WINDOW = 512  # pixels, side of the windows that are looked at
_LARGEST = 4 * _WINDOW**2  # pixels; of a larger image, 4 × 4 windows
_INNER = 0.75  # part of the coefficients that noise is measured on: the smallest, where there is no structure
_INNER_VARIANCE = 0.3684  # of a normal distribution with standard deviation 1, without its outer quarter


def image_statistics(image: np.ndarray, pixel_size: float | None = None) -> dict[str, float]:
    """Return what an image is like; a factor on all gray values, or an offset, changes only ``low`` and ``high``.

    Of an image of more than four times 512 × 512 pixels, 16 windows on a regular grid are looked at.

    Args:
        image: (H, W), stored gray values, any real dtype, all finite.
        pixel_size: of a pixel's side in µm, the geometric mean of both; None if it is not known.

    Returns:
        - ``low``, ``high``: 1st and 99.8th percentile, in gray values; their distance is the contrast;
        - ``gray_levels``: number of different values from the one to the other, at most 256;
        - ``median``: the median, from 0 (as dark as ``low``) to 1 (as bright as ``high``);
        - ``clipped_dark``, ``clipped_bright``: part of the pixels that equal the smallest, the largest value;
        - ``noise``: its standard deviation, in parts of the contrast, from the diagonal differences of 2 × 2 pixels
          (as Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 1994, but by the mean
          of the inner three quarters: a median of whole numbers has steps);
        - ``sharpness_1px`` … ``sharpness_8px``: standard deviation of detail about 1, 2, 4, 8 pixels wide over that
          of detail twice as wide, from a Laplacian pyramid (Burt and Adelson, The Laplacian pyramid as a compact image
          code, IEEE Transactions on Communications 1983);
        - ``polarity_1px`` … ``polarity_8px``: whether that detail is bright on dark (1), dark on bright (-1), or both
          alike (0), by its energy;
        - ``pixel_size_um``.

        NaN is what an image has not: all that is relative to its contrast or its detail where it has none of it, a
        pixel size that is not known.

    Raises:
        ValueError: the image is empty or has other than two axes.
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
    """Return the image, or its windows where it is large."""
    if image.size <= _LARGEST:
        return [image]
    starts = (np.linspace(0, max(0, side - _WINDOW), 4).astype(int) for side in image.shape)
    tops, lefts = (sorted(set(start.tolist())) for start in starts)
    return [image[top : top + _WINDOW, left : left + _WINDOW] for top in tops for left in lefts]


def _gray_levels(values: np.ndarray, low: float, high: float) -> float:
    """Return the number of different values between two, counted on at most a million."""
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
    """Return the diagonal coefficients of the finest Haar wavelets, whose noise is that of the pixels."""
    rows, columns = (side // 2 * 2 for side in window.shape)
    a, b = window[0:rows:2, 0:columns:2], window[0:rows:2, 1:columns:2]
    c, d = window[1:rows:2, 0:columns:2], window[1:rows:2, 1:columns:2]
    return (a - b - c + d) / 2


def _detail(windows: list[np.ndarray]) -> dict[str, float]:
    """Return sharpness and polarity, by the sums of squares of each band of all windows, bright and dark ones."""
    bright, dark = np.sum([_band_energies(window) for window in windows], axis=0).T
    energies = bright + dark
    ratios = [math.sqrt(_ratio(fine, coarse)) for fine, coarse in pairwise(energies)]
    sharpness = {f"sharpness_{scale}px": ratio for scale, ratio in zip(SCALES, ratios, strict=True)}
    polarity = {f"polarity_{scale}px": _ratio(bright[k] - dark[k], energies[k]) for k, scale in enumerate(SCALES)}
    return sharpness | polarity


def _band_energies(window: np.ndarray) -> np.ndarray:
    """Return the mean squares of what is brighter and of what is darker than around it, 1, 2, 4, 8, 16 px wide."""
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
