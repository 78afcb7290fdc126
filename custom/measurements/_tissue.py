"""Objects of several tissue classes: diameters, and g-ratios of axons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.segmentation import watershed

from ..ground.growing_table import Table
from ._page import Page
from ._regions import region_table, without_small


def tissue(page: Page, classes: Sequence[str], min_area: int = 0) -> Table:
    """Return one row per 4-connected component of each class except the background.

    The columns are those of `region_table`, with ``class`` after ``label``, followed by ``diameter_px`` and
    ``diameter_um``, the diameter 2√(area/π) of a disc of equal area. If there are classes *axon* and *myelin*, the
    ``g_ratio`` of each axon follows.

    Args:
        page: the page to measure; its mask holds class numbers, its labels are not used.
        classes: class names in the order of the class numbers, background first.
        min_area: in pixels; smaller objects are removed.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, tissue
        >>> mask = np.full((11, 11), 2, np.uint8)  # myelin, 121 pixels …
        >>> mask[3:8, 3:8] = 1  # … with an axon of 25 pixels: √(25 / 121)
        >>> table = tissue(Page(image=mask, mask=mask, probability=mask / 2), ("background", "axon", "myelin"))
        >>> table["class"].tolist(), table["g_ratio"].round(3)
        (['myelin', 'axon'], array([  nan, 0.455]))
    """
    labels = without_small(label(page.mask, background=0, connectivity=1), min_area)
    table = region_table(labels, page.image, page.pixel_size)
    table = {"label": table.pop("label"), "class": np.array(classes)[_class_numbers(labels, page.mask)]} | table
    table |= {f"diameter_{unit}": 2 * np.sqrt(table[f"area_{unit}2"] / np.pi) for unit in ("px", "um")}
    if not {"axon", "myelin"} <= set(classes):
        return table
    axons, myelin = (page.mask == list(classes).index(name) for name in ("axon", "myelin"))
    return table | {"g_ratio": g_ratios(np.where(axons, labels, 0), myelin, len(table["label"]))}


def g_ratios(axons: np.ndarray, myelin: np.ndarray, count: int) -> np.ndarray:
    """Return the g-ratio of each axon: the diameter of the axon divided by the diameter of the fiber (axon and myelin).

    With diameters of discs of equal area, this is √(axon / (axon + myelin)) of the areas. Myelin is assigned to the
    nearest axon to which it is connected through myelin; other myelin is ignored.

    Args:
        axons: integer (H, W), labels from 1 to ``count``; 0 is background. Labels of other objects may be missing.
        myelin: bool (H, W).
        count: number of labels N.

    Returns:
        float64 (N,); NaN for labels that are not in ``axons``, and for axons without myelin.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import g_ratios
        >>> row, column = np.ogrid[-6:7, -6:7]
        >>> axon, fiber = (np.maximum(abs(row), abs(column)) <= radius for radius in (2, 4))
        >>> g_ratios(axon.astype(int), fiber & ~axon, count=1).round(3)  # √(25 / 81)
        array([0.556])
    """
    fibers = watershed(distance_transform_edt(axons == 0), axons, mask=myelin | (axons > 0))
    inner, outer = (np.bincount(labels.ravel(), minlength=count + 1)[1:] for labels in (axons, fibers))
    return np.sqrt(np.divide(inner, outer, out=np.full(count, np.nan), where=outer > inner))


def _class_numbers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the class number of each label above 0, in ascending order of the labels."""
    numbers, indices = np.unique(labels, return_index=True)
    return classes.ravel()[indices[numbers > 0]]
