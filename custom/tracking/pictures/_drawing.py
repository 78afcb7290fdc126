"""Drawing primitives of the pictures of tracked cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..linking._result import Position
from ._colors import Color

SMALLEST_SIDE = 512
"""Minimum length of the longer side of a picture in pixels, so that numbers are legible in small cells."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT = 22.0  # height of a digit at scale 1, in pixels


def max_projection(image: np.ndarray) -> np.ndarray:
    """Return a frame as (H, W): the maximum over Z if it is (Z, H, W)."""
    return image.max(axis=0) if image.ndim == 3 else image


def scale_for(shape: tuple[int, ...], smallest_side: int = SMALLEST_SIDE) -> int:
    """Return the integer scale at which a frame (H, W) becomes a large enough picture."""
    return max(1, math.ceil(smallest_side / max(shape)))


def enlarged(image: np.ndarray, scale: int) -> np.ndarray:
    """Return a gray image (H, W) as float32 (scale·H, scale·W), interpolated."""
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)


def enlarged_labels(labels: np.ndarray, scale: int) -> np.ndarray:
    """Return labels (H, W) as (scale·H, scale·W), without interpolation."""
    return labels.repeat(scale, axis=0).repeat(scale, axis=1)


def to_picture(position: Position, scale: int) -> tuple[float, float]:
    """Convert a position in a frame to (column, row) in the enlarged picture."""
    row, column = np.asarray(position, float)[-2:] * scale + (scale - 1) / 2
    return float(column), float(row)


def write_text(picture: np.ndarray, text: str, center: tuple[float, float], height: float) -> None:
    """Write white text with a black outline into a picture.

    Args:
        picture: (H, W, 3) uint8, changed in place.
        text: ASCII text.
        center: (column, row) of the center of the text.
        height: height of a digit, in pixels.
    """
    size = height / _FONT_HEIGHT
    (width, drawn_height), _ = cv2.getTextSize(text, _FONT, size, 1)
    corner = (round(center[0] - width / 2), round(center[1] + drawn_height / 2))
    cv2.putText(picture, text, corner, _FONT, size, BLACK, 3, cv2.LINE_AA)
    cv2.putText(picture, text, corner, _FONT, size, WHITE, 1, cv2.LINE_AA)


def text_strip(width: int, entries: Sequence[tuple[str, Color]], height: int = 30) -> np.ndarray:
    """Return a dark strip (height, width, 3) uint8 with evenly spaced texts, each in its color."""
    picture = np.full((height, width, 3), 30, np.uint8)
    for index, (text, color) in enumerate(entries):
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, 0.55, 1)
        column = round((index + 0.5) * width / len(entries) - text_width / 2)
        cv2.putText(picture, text, (column, (height + text_height) // 2), _FONT, 0.55, color, 1, cv2.LINE_AA)
    return picture
