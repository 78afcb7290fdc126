"""Vesicles: how large, and how sure."""

from __future__ import annotations

import numpy as np
from skimage.measure import regionprops_table

from ..ground.growing_table import Table
from ._page import Page
from ._regions import objects


def vesicles(page: Page) -> Table:
    """Return a row for every instance: the columns of `region_table`, and radius and probability.

    ``radius_px`` and ``radius_um`` are those of a disc of the same area, √(area/π); ``mean_probability`` is the mean of
    the network's over the vesicle.

    Args:
        page: what to measure; it has labels and one probability.
    """
    table = objects(page)
    table |= {f"radius_{unit}": np.sqrt(table[f"area_{unit}2"] / np.pi) for unit in ("px", "um")}
    means = regionprops_table(page.labels, page.probability, properties=("intensity_mean",))
    return table | {"mean_probability": means["intensity_mean"]}
