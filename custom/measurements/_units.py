"""Every length in pixels, and in µm where the pixel size is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ground.growing_table import Table
from ._page import PixelSize


def in_both_units(measure: Callable[[PixelSize], np.ndarray], name: str, pixel_size: PixelSize | None) -> Table:
    """Return the columns ``name_px`` and ``name_um`` of a length; µm is NaN where the pixel size is not known.

    Args:
        measure: function from the size of a pixel, (row, column), to the lengths in that unit, (N,).
        name: of the length.
        pixel_size: (row, column) in µm.
    """
    pixels = measure((1.0, 1.0))
    return {
        f"{name}_px": pixels,
        f"{name}_um": np.full(len(pixels), np.nan) if pixel_size is None else measure(pixel_size),
    }


def is_square(pixel_size: PixelSize) -> bool:
    """Return whether rows and columns are equally far apart, up to the rounding of a file's header."""
    return bool(np.isclose(*pixel_size, rtol=1e-3))
