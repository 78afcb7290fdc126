"""Classes of tissue: the objects of each, their diameters, and what an axon is to its myelin."""

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
    """Return a row for every 4-connected object of every class but the first; objects of one class that touch are one.

    After ``label`` comes ``class``; after the columns of `region_table` ``diameter_px`` and ``diameter_um``, of a disc
    of the same area, 2√(area/π). Where there are classes *axon* and *myelin*, ``g_ratio`` of every axon follows.

    Args:
        page: what to measure; its mask holds class numbers, its labels are not used.
        classes: names in the order of the numbers, the background first.
        min_area: smaller objects are left out, in pixels.
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
    """Return the g-ratio of each axon: its diameter over that of the fiber, which is axon and myelin together.

    Diameters are those of discs of the same area, so it is √(axon / (axon + myelin)) of the areas. Myelin belongs to
    the nearest axon that it is connected with through myelin; without such, to none.

    Args:
        axons: (H, W) integer, labels from 1 to ``count``, not all of which need be axons; 0 is background.
        myelin: (H, W) bool.
        count: N, of the labels.

    Returns:
        float (N,): NaN for a label that is no axon, and for an axon without myelin.
    """
    fibers = watershed(distance_transform_edt(axons == 0), axons, mask=myelin | (axons > 0))
    inner, outer = (np.bincount(labels.ravel(), minlength=count + 1)[1:] for labels in (axons, fibers))
    return np.sqrt(np.divide(inner, outer, out=np.full(count, np.nan), where=outer > inner))


def _class_numbers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the class of each label, in ascending order, without the background."""
    numbers, places = np.unique(labels, return_index=True)
    return classes.ravel()[places[numbers > 0]]
