"""Filaments, cut where they cross and branch: length, direction, width of every segment."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.segmentation import watershed

from ..ground.growing_table import Table
from ._centerlines import Branch, branch_lengths, centerlines, without_crossings
from ._page import Page
from ._regions import region_table, without_small
from ._units import in_both_units


def filaments(page: Page, min_area: int = 0) -> Table:
    """Return a row for every segment between two places where filaments cross, branch or end.

    After the columns of `region_table`, of which ``orientation_deg`` is the direction of the segment, come
    ``length_px`` and ``length_um`` of the middle line (see `centerlines`), and ``mean_width_px`` and ``mean_width_um``,
    the area over the length. Every pixel of the mask belongs to the segment whose middle line is nearest.

    Args:
        page: what to measure; its labels are not used.
        min_area: smaller connected pieces of the mask are left out, in pixels.
    """
    mask = without_small(label(page.mask > 0, connectivity=2), min_area) > 0
    segments = without_crossings(centerlines(mask), mask)
    table = region_table(_nearest(segments, mask), page.image, page.pixel_size)
    table |= in_both_units(lambda size: branch_lengths(segments, mask, size), "length", page.pixel_size)
    return table | {f"mean_width_{unit}": table[f"area_{unit}2"] / table[f"length_{unit}"] for unit in ("px", "um")}


def _nearest(segments: list[Branch], mask: np.ndarray) -> np.ndarray:
    """Return the number, from 1, of the segment whose middle line is nearest within the mask, (H, W) int."""
    lines = np.zeros(mask.shape, dtype=np.int32)
    for number, segment in enumerate(segments, start=1):
        lines[tuple(segment.path.T)] = number
    return np.asarray(watershed(distance_transform_edt(lines == 0), lines, connectivity=2, mask=mask))
