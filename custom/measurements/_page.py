"""What is measured on: the result of one page, and the image below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..ground.growing_table import Table

PixelSize: TypeAlias = tuple[float, float]
"""(row, column) in µm."""


@dataclass(frozen=True)
class Page:
    """The result of one page, everything of one size.

    Attributes:
        image: stored gray values, (H, W), any real dtype.
        mask: (H, W) uint8: not 0 in the foreground, or class numbers.
        probability: (H, W), or (C, H, W) with several classes; float, 0 to 1.
        labels: instances, (H, W) unsigned integer, 0 is background; None where there are none.
        pixel_size: (row, column) in µm, None if it is not known.
    """

    image: np.ndarray
    mask: np.ndarray
    probability: np.ndarray
    labels: np.ndarray | None = None
    pixel_size: PixelSize | None = None


Measure: TypeAlias = Callable[[Page], Table]
"""A function from a page to the table of its objects, with the same columns for every page."""
