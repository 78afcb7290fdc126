"""Pictures of results: overlays, label colors, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from skimage.color import hsv2rgb
from skimage.segmentation import find_boundaries

Colors: TypeAlias = np.ndarray | Sequence[Sequence[int]]
"""Colors as (N, 3): red, green and blue from 0 to 255."""

CONTRAST_PERCENTILES = (0.5, 99.5)
"""Gray values at these percentiles become black and white in an overlay."""

# The hue advances by the golden ratio from label to label. Labels that differ by 8, 13 or 21 then have similar hues,
# so value and saturation change as well. Their steps maximize the smallest CIELAB distance between any two labels
# that differ by at most 30.
_HUE_STEP, _VALUE_STEP, _SATURATION_STEP = 0.618034, 0.821, 0.494


def overlay(image: np.ndarray, labels: np.ndarray, colors: Colors | None = None, alpha: float = 0.3) -> np.ndarray:
    """Return a gray image with translucent labels, each with a contour one pixel wide along its inside.

    Args:
        image: (H, W), any real dtype; its contrast is stretched between ``CONTRAST_PERCENTILES``.
        labels: (H, W) bool or integer: a binary mask, class numbers or instance labels; 0 is not colored.
        colors: (N, 3) from 0 to 255, the color of each label; by default those of `distinct_colors`.
        alpha: opacity of the fill, 0 to 1; contours are opaque.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the shapes differ, or a label has no color.

    Examples:
        >>> image, labels = np.full((4, 4), 50), np.zeros((4, 4), np.uint8)
        >>> labels[1:3, 1:3] = 1
        >>> picture = overlay(image, labels, colors=[(0, 0, 0), (255, 0, 0)])
        >>> picture[1, 1].tolist(), picture[0, 0].tolist()
        ([255, 0, 0], [0, 0, 0])
    """
    if image.shape != labels.shape or image.ndim != 2:
        raise ValueError(f"image {image.shape} and labels {labels.shape} must have the same shape (H, W)")
    gray = _stretched(image)
    names, index = np.unique(labels, return_inverse=True)
    if colors is not None and names[-1] >= len(colors):
        raise ValueError(f"label {names[-1]} has no color: there are only {len(colors)} colors")
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
    """Return a color for each label; it depends only on the number of the label.

    Args:
        labels: (N,) integers.

    Returns:
        (N, 3) uint8: red, green, blue.

    Examples:
        >>> distinct_colors(np.array([1, 2])).tolist()
        [[255, 107, 0], [55, 40, 161]]
    """
    after_first = labels.astype(np.float64) - 1  # label 1, the foreground of a binary mask, is orange
    hue = (0.07 + after_first * _HUE_STEP) % 1
    value = 1 - 0.45 * ((after_first * _VALUE_STEP) % 1)
    saturation = 1 - 0.5 * ((after_first * _SATURATION_STEP) % 1)
    hsv = np.stack([hue, saturation, value], axis=-1)
    return np.rint(hsv2rgb(hsv) * 255).astype(np.uint8)


def evenly_spaced(count: int, most: int = 9) -> list[int]:
    """Return up to ``most`` indices below ``count`` in even steps, including the first and the last.

    Examples:
        >>> evenly_spaced(100, most=3)
        [0, 50, 99]
    """
    return [round(index) for index in np.linspace(0, count - 1, min(count, most))]


def contact_sheet(pictures: Sequence[np.ndarray], columns: int = 3, gap: int = 8) -> np.ndarray:
    """Return a white sheet with several pictures in rows, ordered like text; smaller pictures are centered.

    Args:
        pictures: at least one, each (H, W, 3) uint8.
        columns: number of pictures per row.
        gap: space between pictures in pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: there are no pictures.

    Examples:
        >>> contact_sheet([np.zeros((10, 20, 3), np.uint8)] * 4, columns=2).shape
        (28, 48, 3)
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


def class_palette(classes: int) -> list[list[int]]:
    """Return a color for each of N classes, (N, 3) from 0 to 255: black for the background, distinct ones for others.

    Examples:
        >>> class_palette(3)[0]
        [0, 0, 0]
    """
    return [[0, 0, 0], *distinct_colors(np.arange(1, classes)).tolist()]
