"""Random fields and noise for the sample data of all tasks."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

_COARSE_SIGMA = 2.0  # fields are blurred on a coarse grid, with this sigma in grid nodes


def smooth_line(rng: np.random.Generator, length: int, sigma: float) -> NDArray[np.float64]:
    """Return smooth random values along a line.

    Args:
        rng: random generator.
        length: number of values.
        sigma: correlation length, in samples.

    Returns:
        (length,) float64 with a mean of about 0 and a standard deviation of about 1.
    """
    return np.asarray(gaussian_filter1d(rng.normal(size=length), sigma, mode="wrap") * _gain(sigma))


def smooth_field(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    """Return a smooth random image.

    Args:
        rng: random generator.
        shape: (H, W) in pixels.
        sigma: correlation length, in pixels.

    Returns:
        (H, W) float32 with a mean of about 0 and a standard deviation of about 1.
    """
    return smooth_stack(rng, (1, *shape), sigma, 0.0)[0]


def smooth_stack(
    rng: np.random.Generator, shape: tuple[int, int, int], sigma: float, sigma_pages: float
) -> NDArray[np.float32]:
    """Return a stack of smooth random images that change slowly from page to page.

    Args:
        rng: random generator.
        shape: (Z, H, W) in pages and pixels.
        sigma: correlation length within a page, in pixels.
        sigma_pages: correlation length across pages, in pages; 0 for independent pages.

    Returns:
        (Z, H, W) float32 with a mean of about 0 and a standard deviation of about 1.
    """
    pages, height, width = shape
    step = max(1.0, sigma / _COARSE_SIGMA)
    coarse = (pages, math.ceil(height / step) + 1, math.ceil(width / step) + 1)
    sigmas = (sigma_pages, sigma / step, sigma / step)
    noise = gaussian_filter(rng.normal(size=coarse), sigmas, mode="wrap").astype(np.float32)
    noise *= math.prod(_gain(s) for s in sigmas)
    return np.stack([cv2.resize(page, (width, height), interpolation=cv2.INTER_CUBIC) for page in noise])


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a random number from ``low`` to ``high`` whose logarithm is uniformly distributed."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return ``image`` (H, W) float32 after a Gaussian blur of ``sigma`` pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)


def to_uint8(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return ``image`` rounded and clipped to 0…255, like a detector that saturates."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _gain(sigma: float) -> float:
    """Return the factor that restores unit variance of white noise after a Gaussian filter."""
    return max(1.0, math.sqrt(2 * sigma * math.sqrt(math.pi)))
