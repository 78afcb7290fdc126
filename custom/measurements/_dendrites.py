"""Dendrites: how long and how wide."""

from __future__ import annotations

import numpy as np
from skimage.measure import label

from ..ground.growing_table import Table
from ._centerlines import branch_lengths, centerlines
from ._page import Page
from ._regions import region_table, without_small
from ._units import in_both_units


def dendrites(page: Page, min_area: int = 0) -> Table:
    """Return a row for every connected piece of the mask; pixels that touch at a corner are connected.

    After the columns of `region_table` come ``branches``, ``length_px`` and ``length_um`` of all its middle lines
    together (see `centerlines`; a spine that is longer than the dendrite's half width counts), and ``mean_width_px``
    and ``mean_width_um``, its area over its length.

    Args:
        page: what to measure; its labels are not used.
        min_area: smaller pieces are left out, in pixels.
    """
    labels = without_small(label(page.mask > 0, connectivity=2), min_area)
    mask = labels > 0
    table = region_table(labels, page.image, page.pixel_size)
    branches = centerlines(mask)
    pieces = np.array([labels[tuple(branch.path[0])] for branch in branches], dtype=int)
    count = len(table["label"]) + 1

    def length(size: tuple[float, float]) -> np.ndarray:
        return np.bincount(pieces, branch_lengths(branches, mask, size), minlength=count)[1:]

    table["branches"] = np.bincount(pieces, minlength=count)[1:]
    table |= in_both_units(length, "length", page.pixel_size)
    return table | {f"mean_width_{unit}": table[f"area_{unit}2"] / table[f"length_{unit}"] for unit in ("px", "um")}
