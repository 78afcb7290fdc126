"""Length and width of dendrites."""

from __future__ import annotations

import numpy as np
from skimage.measure import label

from ..ground.growing_table import Table
from ._centerlines import branch_lengths, centerlines
from ._page import Page
from ._regions import region_table, without_small
from ._units import in_both_units


def dendrite_labels(mask: np.ndarray, min_area: int = 0) -> np.ndarray:
    """Return the 8-connected components of a mask (H, W) of at least ``min_area`` pixels, numbered from 1.

    Examples:
        >>> import numpy as np
        >>> dendrite_labels(np.array([[255, 0, 0, 0], [0, 255, 0, 255]]), min_area=2).tolist()
        [[1, 0, 0, 0], [0, 1, 0, 0]]
    """
    return without_small(label(mask > 0, connectivity=2), min_area)


def dendrites(page: Page, min_area: int = 0) -> Table:
    """Return one row per 8-connected component of the mask.

    The columns of `region_table` are followed by the number of ``branches``, the total length ``length_px`` and
    ``length_um`` of all centerlines (see `centerlines`; spines longer than half the dendrite's width are included), and
    ``mean_width_px`` and ``mean_width_um``, area divided by length.

    Args:
        page: the page to measure; its labels are those of `dendrite_labels`, or None to compute them.
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
    labels = dendrite_labels(page.mask, min_area) if page.labels is None else page.labels
    mask = labels > 0
    table = region_table(labels, page.image, page.pixel_size)
    branches = centerlines(mask)
    components = np.array([labels[tuple(branch.path[0])] for branch in branches], dtype=int)
    count = int(labels.max(initial=0)) + 1
    present = table["label"]

    def length(size: tuple[float, float]) -> np.ndarray:
        return np.bincount(components, branch_lengths(branches, mask, size), minlength=count)[present]

    table["branches"] = np.bincount(components, minlength=count)[present]
    table |= in_both_units(length, "length", page.pixel_size)
    return table | {f"mean_width_{unit}": table[f"area_{unit}2"] / table[f"length_{unit}"] for unit in ("px", "um")}
