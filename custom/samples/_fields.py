"""Random fields and noise that the sample data of all tasks are made from."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

_COARSE_SIGMA = 2.0  # fields are blurred on a coarse grid, where this many nodes are one sigma


def smooth_line(rng: np.random.Generator, length: int, sigma: float) -> NDArray[np.float64]:
    """Return smooth random values along a line.

    Args:
        rng: where the random numbers come from.
        length: number of values.
        sigma: correlation length, in samples.

    Returns:
        (length,) float64, mean about 0, standard deviation about 1.
    """
    return np.asarray(gaussian_filter1d(rng.normal(size=length), sigma, mode="wrap") * _gain(sigma))


def smooth_field(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    """Return a smooth random image.

    Args:
        rng: where the random numbers come from.
        shape: (H, W) in pixels.
        sigma: correlation length, in pixels.

    Returns:
        (H, W) float32, mean about 0, standard deviation about 1.
    """
    return smooth_stack(rng, (1, *shape), sigma, 0.0)[0]


def smooth_stack(
    rng: np.random.Generator, shape: tuple[int, int, int], sigma: float, sigma_pages: float
) -> NDArray[np.float32]:
    """Return smooth random pages that change slowly from one to the next.

    Args:
        rng: where the random numbers come from.
        shape: (Z, H, W): pages, and pixels of a page.
        sigma: correlation length within a page, in pixels.
        sigma_pages: correlation length across pages, in pages; 0 for pages that have nothing in common.

    Returns:
        (Z, H, W) float32, mean about 0, standard deviation about 1.
    """
    pages, height, width = shape
    step = max(1.0, sigma / _COARSE_SIGMA)
    coarse = (pages, math.ceil(height / step) + 1, math.ceil(width / step) + 1)
    sigmas = (sigma_pages, sigma / step, sigma / step)
    noise = gaussian_filter(rng.normal(size=coarse), sigmas, mode="wrap").astype(np.float32)
    noise *= math.prod(_gain(s) for s in sigmas)
    return np.stack([cv2.resize(page, (width, height), interpolation=cv2.INTER_CUBIC) for page in noise])


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number whose logarithm is evenly distributed."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return `image` (H, W) float32 after a Gaussian blur of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)


def to_uint8(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return `image` rounded and clipped to 0…255, as a detector that saturates does."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _gain(sigma: float) -> float:
    """Return what white noise must be multiplied by after a Gaussian filter, to have unit variance again."""
    return max(1.0, math.sqrt(2 * sigma * math.sqrt(math.pi)))
