"""Lengths in pixels and, if the pixel size is known, in µm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ground.growing_table import Table
from ._page import PixelSize


def in_both_units(measure: Callable[[PixelSize], np.ndarray], name: str, pixel_size: PixelSize | None) -> Table:
    """Return the columns ``<name>_px`` and ``<name>_um`` of a length; the latter is NaN if the pixel size is unknown.

    Args:
        measure: function that returns the lengths, (N,), for a pixel size (row, column), in the same unit.
        name: name of the length.
        pixel_size: (row, column) in µm; None if unknown.
    """
    pixels = measure((1.0, 1.0))
    return {
        f"{name}_px": pixels,
        f"{name}_um": np.full(len(pixels), np.nan) if pixel_size is None else measure(pixel_size),
    }


def is_square(pixel_size: PixelSize) -> bool:
    """Return whether pixels are square, within the rounding error of a file header."""
    return bool(np.isclose(*pixel_size, rtol=1e-3))
