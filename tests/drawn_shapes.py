"""Masks of shapes of known size, for the tests of the measurements."""

from __future__ import annotations

import numpy as np

from custom.measurements import Page, PixelSize

SIZE = (160, 200)


def grid(size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns from the middle."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(float)
    return rows - (size[0] - 1) / 2, columns - (size[1] - 1) / 2


def disc(radius: float, row: float = 0, column: float = 0) -> np.ndarray:
    """Return the mask of a disc; its center is given from the middle."""
    rows, columns = grid()
    return np.hypot(rows - row, columns - column) <= radius


def ellipse(major: float, minor: float, angle: float, pixel_size: PixelSize = (1, 1)) -> np.ndarray:
    """Return the mask of an ellipse by its whole axes, turned by degrees, in the unit of the pixel size."""
    along, across = turned(angle, pixel_size)
    return (2 * along / major) ** 2 + (2 * across / minor) ** 2 <= 1


def bar(length: float, width: float, angle: float, pixel_size: PixelSize = (1, 1)) -> np.ndarray:
    """Return the mask of a straight line, turned by degrees, in the unit of the pixel size."""
    along, across = turned(angle, pixel_size)
    return (abs(along) <= length / 2) & (abs(across) <= width / 2)


def arc(radius: float, width: float, angle: float) -> np.ndarray:
    """Return the mask of a part of a ring, so many degrees of it."""
    rows, columns = grid()
    turn = np.degrees(np.arctan2(-rows, columns)) % 360
    return (abs(np.hypot(rows, columns) - radius) <= width / 2) & (turn <= angle)


def turned(angle: float, pixel_size: PixelSize = (1, 1)) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates along and across a direction, in degrees counter-clockwise from the horizontal."""
    rows, columns = grid()
    up, right = -rows * pixel_size[0], columns * pixel_size[1]
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return right * cosine + up * sine, up * cosine - right * sine


def page_of(mask: np.ndarray, labels: np.ndarray | None = None, pixel_size: PixelSize | None = None) -> Page:
    """Return a page to measure, with an image of ones, and the mask as probability."""
    return Page(np.ones(mask.shape, np.uint8), mask.astype(np.uint8), mask.astype(float), labels, pixel_size)
