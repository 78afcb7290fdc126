"""Radius and detection probability of vesicles."""

from __future__ import annotations

import numpy as np
from skimage.measure import regionprops_table

from ..ground.growing_table import Table
from ._page import Page
from ._regions import objects


def vesicles(page: Page) -> Table:
    """Return one row per instance: the columns of `region_table`, radius and probability.

    ``radius_px`` and ``radius_um`` are the radius √(area/π) of a disc of equal area; ``mean_probability`` is the mean
    predicted probability over the vesicle.

    Args:
        page: the page to measure, with labels and a probability map (H, W).

    Raises:
        ValueError: The page has no labels.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, vesicles
        >>> row, column = np.ogrid[-9:10, -9:10]
        >>> labels = (np.hypot(row, column) <= 6).astype(np.uint16)
        >>> table = vesicles(Page(labels, labels > 0, probability=0.8 * labels, labels=labels, pixel_size=(0.1, 0.1)))
        >>> table["radius_px"].round(1), table["radius_um"].round(2), table["mean_probability"].round(2)
        (array([6.]), array([0.6]), array([0.8]))
    """
    table = objects(page)
    table |= {f"radius_{unit}": np.sqrt(table[f"area_{unit}2"] / np.pi) for unit in ("px", "um")}
    means = regionprops_table(page.labels, page.probability, properties=("intensity_mean",))
    return table | {"mean_probability": means["intensity_mean"]}
