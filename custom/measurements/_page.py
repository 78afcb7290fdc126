"""Input of all measurements: the prediction for one page and its image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..ground.growing_table import Table

PixelSize: TypeAlias = tuple[float, float]
"""Pixel size (row, column) in µm."""


@dataclass(frozen=True)
class Page:
    """The prediction for one page and its image; all arrays have the same height and width.

    Attributes:
        image: gray values as stored in the file, (H, W), any real dtype.
        mask: uint8 (H, W): non-zero in the foreground, or class numbers.
        probability: float (H, W), or (C, H, W) for several classes, 0 to 1.
        labels: instance labels, unsigned integer (H, W), 0 is background; None if the task has no instances.
        pixel_size: (row, column) in µm; None if unknown.
    """

    image: np.ndarray
    mask: np.ndarray
    probability: np.ndarray
    labels: np.ndarray | None = None
    pixel_size: PixelSize | None = None


Measure: TypeAlias = Callable[[Page], Table]
"""A function that returns the table of objects of a page, with the same columns for every page."""
