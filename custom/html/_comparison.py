"""A picture with a slider: the image, and what lies over it on the two sides, small enough to be in a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ..images import Colors, overlay
from ._page import encoded

SIDE = 400
"""Pixels: no side of a picture in a page is longer."""

_JPEG_QUALITY = 75
_FILL = 0.3  # opacity of what is within a contour
_VEIL = (120, 130, 145, 0.5)  # color and opacity of what lies where nobody annotated
_OPACITIES = 3  # of contours, besides none: a smooth edge that stays small as a file
_FINE_ENOUGH = 4  # contours are drawn at no more than so many times the side of the picture


@dataclass(frozen=True)
class Comparison:
    """What a picture with a slider shows.

    Attributes:
        name: of the image.
        width, height: in pixels, of the picture.
        image: source of the image itself.
        right: source of what lies over it on the right side of the slider, transparent.
        left: the same on the left side; None: nothing.
        caption: what is said of it.
        warnings: sentences that stand out.
    """

    name: str
    width: int
    height: int
    image: str
    right: str
    left: str | None = None
    caption: str = ""
    warnings: Sequence[str] = ()


def picture_size(shape: Sequence[int]) -> tuple[int, int]:
    """Return the height and width of the picture of an image (H, W): its own, or smaller."""
    scale = min(1.0, SIDE / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def photograph(image: np.ndarray, size: tuple[int, int]) -> str:
    """Return the source of a gray picture of an image.

    Args:
        image: (H, W), any real dtype; shown with the contrast of overlays.
        size: height and width of the picture.
    """
    small = cv2.resize(image.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    gray = overlay(small, np.zeros(size, dtype=bool))[..., 0]
    return encoded(gray, "JPEG", quality=_JPEG_QUALITY)


def contours(
    truth: np.ndarray,
    found: np.ndarray,
    colors: Sequence[Sequence[int]],
    size: tuple[int, int],
    annotated: np.ndarray | None = None,
) -> str:
    """Return the source of a transparent picture of the contours of truth and result.

    Args:
        truth, found: labels (H, W), bool or integer; 0 is background.
        colors: of the truth, of the result, and of where their contours meet; each red, green, blue from 0 to 255.
        size: height and width of the picture.
        annotated: bool (H, W); a gray veil lies where this is False.
    """
    lines = np.stack([_lines(truth, size), _lines(found, size)])
    which = (lines > 0).astype(np.uint8)
    palette = np.array([(0, 0, 0), *colors], np.float32)  # nothing, truth, result, both
    color, opacity = palette[which[0] + 2 * which[1]], lines.max(axis=0)
    if annotated is not None and not annotated.all():
        bare = (_nearest(annotated, size) == 0) & (opacity == 0)
        color[bare], opacity[bare] = _VEIL[:3], _VEIL[3]
    return _transparent(color, opacity)


def filled(labels: np.ndarray, size: tuple[int, int], colors: Colors | None = None) -> str:
    """Return the source of a transparent picture of labels in color, with their contours.

    Args:
        labels: (H, W) bool or integer; 0 is transparent.
        size: height and width of the picture.
        colors: as in `writers.overlay`.
    """
    small = _nearest(labels, size)
    color = overlay(np.zeros(size, np.float32), small, colors=colors, alpha=1.0)
    opacity = np.where(find_boundaries(small, mode="inner"), 1.0, _FILL)
    return _transparent(color, np.where(small > 0, opacity, 0))


def _lines(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the opacity of the inner borders of labels, at the size of the picture; thin ones stay visible."""
    step = max(1, max(labels.shape) // (_FINE_ENOUGH * SIDE))
    borders = find_boundaries(labels[::step, ::step], mode="inner").astype(np.float32)
    shrunk = max(1.0, borders.shape[0] / size[0], borders.shape[1] / size[1])
    opacity = np.minimum(cv2.resize(borders, size[::-1], interpolation=cv2.INTER_AREA) * np.float32(shrunk), 1)
    return np.rint(opacity * _OPACITIES) / _OPACITIES


def _nearest(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return labels at another size, by the nearest pixel, as integers."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, labels.shape, strict=True))
    return labels[np.ix_(rows, columns)].astype(np.int64)


def _transparent(color: np.ndarray, opacity: np.ndarray) -> str:
    rgba = np.dstack([color, opacity * 255])
    rgba[opacity == 0] = 0  # one value for all that is not seen: smaller files
    return encoded(np.rint(rgba).astype(np.uint8), "WEBP", lossless=True, quality=0, method=0)
