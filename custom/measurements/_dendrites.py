"""Length and width of dendrites."""

from __future__ import annotations

import numpy as np
from skimage.measure import label

from ..ground.growing_table import Table
from ._centerlines import branch_lengths, centerlines
from ._page import Page
from ._regions import region_table, without_small
from ._units import in_both_units


def dendrites(page: Page, min_area: int = 0) -> Table:
    """Return one row per 8-connected component of the mask.

    The columns of `region_table` are followed by the number of ``branches``, the total length ``length_px`` and
    ``length_um`` of all centerlines (see `centerlines`; spines longer than half the dendrite's width are included), and
    ``mean_width_px`` and ``mean_width_um``, area divided by length.

    Args:
        page: the page to measure; its labels are not used.
        min_area: in pixels; smaller components are removed.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, dendrites
        >>> mask = np.zeros((7, 30), np.uint8)
        >>> mask[2:5, 2:28] = 1  # 26 × 3 pixels
        >>> table = dendrites(Page(image=mask, mask=mask, probability=mask.astype(float), pixel_size=(0.5, 0.5)))
        >>> table["length_px"].round(1), table["length_um"].round(1), table["mean_width_px"].round(1)
        (array([25.1]), array([12.6]), array([3.1]))
    """
    labels = without_small(label(page.mask > 0, connectivity=2), min_area)
    mask = labels > 0
    table = region_table(labels, page.image, page.pixel_size)
    branches = centerlines(mask)
    components = np.array([labels[tuple(branch.path[0])] for branch in branches], dtype=int)
    count = len(table["label"]) + 1

    def length(size: tuple[float, float]) -> np.ndarray:
        return np.bincount(components, branch_lengths(branches, mask, size), minlength=count)[1:]

    table["branches"] = np.bincount(components, minlength=count)[1:]
    table |= in_both_units(length, "length", page.pixel_size)
    return table | {f"mean_width_{unit}": table[f"area_{unit}2"] / table[f"length_{unit}"] for unit in ("px", "um")}
