"""Colors of tracks, and drawing primitives of the pictures of tracked cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
from skimage.color import hsv2rgb

from ..ctc._format import Track
from ..ctc._lineage import Lineage
from ..linking._result import Position

Color: TypeAlias = tuple[int, int, int]
"""Red, green and blue from 0 to 255."""

SMALLEST_SIDE = 512
"""Minimum length of the longer side of a picture in pixels, so that numbers are legible in small cells."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT = 22.0  # height of a digit at scale 1, in pixels

# Between families the hue changes by the golden ratio, which separates any number of hues. Saturation and value have
# other step sizes, because the hues of families 8, 13 or 21 labels apart are similar.
_HUE_STEP, _SATURATION_STEP, _VALUE_STEP = 0.618034, 0.494, 0.821
_DAUGHTER_HUE_SPREAD = 0.13  # fraction of the color circle between the daughters of a first division
_SPREAD_FACTOR = 0.7  # from one generation to the next


def track_colors(tracks: Iterable[Track]) -> dict[int, Color]:
    """Return the color of each track, derived from its label or from the color of its mother.

    A cell keeps its color over a gap. The hues of daughters are on both sides of the hue of the mother; one daughter is
    lighter, one darker.

    Args:
        tracks: all tracks of a sequence, in any order.

    Examples:
        >>> colors = track_colors([Track(1, 0, 3), Track(2, 6, 9, parent=1), Track(3, 0, 9)])
        >>> colors[1] == colors[2], colors[1] == colors[3]  # track 2 continues track 1 after a gap
        (True, False)
    """
    lineage = Lineage(tracks)
    hsv: dict[int, tuple[float, float, float]] = {}
    spreads: dict[int, float] = {}
    for label in lineage:
        parent = lineage.parent(label)
        if parent is None:
            hsv[label], spreads[label] = _root_color(label), _DAUGHTER_HUE_SPREAD
        elif lineage.continues(label):
            hsv[label], spreads[label] = hsv[parent], spreads[parent]
        else:
            sisters = lineage.children[parent]
            position = sisters.index(label)
            side = position / (len(sisters) - 1) - 0.5
            saturation, value = ((1.0, 0.75), (0.5, 1.0))[position % 2]
            hsv[label] = ((hsv[parent][0] + side * spreads[parent]) % 1, saturation, value)
            spreads[label] = spreads[parent] * _SPREAD_FACTOR
    return {label: _rgb(hsv[label]) for label in sorted(hsv)}


def _root_color(label: int) -> tuple[float, float, float]:
    step = label - 1
    saturation = 1 - 0.4 * ((step * _SATURATION_STEP) % 1)
    value = 1 - 0.3 * ((step * _VALUE_STEP) % 1)
    return (0.07 + step * _HUE_STEP) % 1, saturation, value


def _rgb(hsv: tuple[float, float, float]) -> Color:
    red, green, blue = np.rint(hsv2rgb(np.array(hsv)) * 255).astype(int).tolist()
    return red, green, blue


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
