"""Pictures of results: overlays, colors of labels, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from skimage.color import hsv2rgb
from skimage.segmentation import find_boundaries

Colors: TypeAlias = np.ndarray | Sequence[Sequence[int]]
"""Colours as (N, 3), red, green and blue from 0 to 255."""

CONTRAST_PERCENTILES = (0.5, 99.5)
"""Gray values between these percentiles fill the range from black to white in an overlay."""

# Per label, hue goes on by the golden ratio. Labels 8, 13 or 21 apart then come close in hue, so value and saturation
# change too, by steps searched for the largest CIELAB distance between any two labels up to 30 apart.
_HUE_STEP, _VALUE_STEP, _SATURATION_STEP = 0.618034, 0.821, 0.494


def overlay(image: np.ndarray, labels: np.ndarray, colors: Colors | None = None, alpha: float = 0.3) -> np.ndarray:
    """Return the gray image with its labels in translucent colour and a contour one pixel wide inside each of them.

    Args:
        image: (H, W), any real dtype; shown with the contrast of ``CONTRAST_PERCENTILES``.
        labels: (H, W) bool or integer: a binary mask, class numbers or instance labels; 0 is not coloured.
        colors: (N, 3) from 0 to 255, the colour of each label; by default each has its own, always the same.
        alpha: opacity of the fill, 0...1.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the shapes differ, or a label has no colour.
    """
    if image.shape != labels.shape or image.ndim != 2:
        raise ValueError(f"image {image.shape} and labels {labels.shape} are not two pictures of one shape (H, W)")
    gray = _stretched(image)
    names, index = np.unique(labels, return_inverse=True)
    if colors is not None and names[-1] >= len(colors):
        raise ValueError(f"label {names[-1]} has no colour, there are {len(colors)}")
    palette = distinct_colors(names) if colors is None else np.asarray(colors)[names.astype(np.int64)]
    opacity = np.where(find_boundaries(labels, mode="inner"), 1.0, alpha)
    opacity = np.where(labels == 0, 0.0, opacity).astype(np.float32)[..., np.newaxis]
    color = palette.astype(np.float32)[index.reshape(labels.shape)]
    return np.rint(gray[..., np.newaxis] * (1 - opacity) + color * opacity).astype(np.uint8)


def _stretched(image: np.ndarray) -> np.ndarray:
    """Return the image as float32 from 0 to 255."""
    low, high = np.percentile(image, CONTRAST_PERCENTILES)
    scale = 255 / (high - low) if high > low else 1.0
    return np.clip((image.astype(np.float32) - low) * scale, 0, 255).astype(np.float32)


def distinct_colors(labels: np.ndarray) -> np.ndarray:
    """Return (N, 3) uint8 colours that depend on each label's number alone."""
    after_first = labels.astype(np.float64) - 1  # label 1, the foreground of a binary mask, is a full orange
    hue = (0.07 + after_first * _HUE_STEP) % 1
    value = 1 - 0.45 * ((after_first * _VALUE_STEP) % 1)
    saturation = 1 - 0.5 * ((after_first * _SATURATION_STEP) % 1)
    hsv = np.stack([hue, saturation, value], axis=-1)
    return np.rint(hsv2rgb(hsv) * 255).astype(np.uint8)


def evenly_spaced(count: int, most: int = 9) -> list[int]:
    """Return at most ``most`` different indices below ``count``, from the first to the last in even steps."""
    return [round(index) for index in np.linspace(0, count - 1, min(count, most))]


def contact_sheet(pictures: Sequence[np.ndarray], columns: int = 3, gap: int = 8) -> np.ndarray:
    """Return one picture that shows several in rows, read like text; smaller ones are centred in their white field.

    Args:
        pictures: (H, W, 3) uint8, at least one.
        columns: pictures per row.
        gap: white pixels between them.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: there are no pictures.
    """
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    height = max(picture.shape[0] for picture in pictures)
    width = max(picture.shape[1] for picture in pictures)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top = row * (height + gap) + (height - picture.shape[0]) // 2
        left = column * (width + gap) + (width - picture.shape[1]) // 2
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet
