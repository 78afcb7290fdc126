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

ENCLOSED = 0.8
"""Share of an axon's border that must be myelin for a whole fiber."""

SMALLEST_FIBER = 0.2
"""In µm², the area of the smallest axon of a whole fiber, a disc of 0.5 µm in diameter; smaller ones are mostly crumbs
of the segmentation, with g-ratios around 0.4."""

SMALLEST = (0.05, 20)
"""Default smallest object in µm², a disc of 0.25 µm in diameter, and in pixels if the pixel size is unknown."""


def tissue_labels(
    mask: np.ndarray, min_area: int | None = 0, pixel_size: tuple[float, float] | None = None
) -> np.ndarray:
    """Return the 4-connected components of each class except the background, numbered from 1, integer (H, W).

    Args:
        mask: class numbers (H, W).
        min_area: in pixels; smaller objects are removed; None: `SMALLEST`.
        pixel_size: (row, column) in µm; None if unknown.

    Examples:
        >>> import numpy as np
        >>> tissue_labels(np.array([[1, 1, 0, 2]]), min_area=2).tolist()
        [[1, 1, 0, 0]]
    """
    if min_area is None:
        area, pixels = SMALLEST
        min_area = pixels if pixel_size is None else max(1, round(area / (pixel_size[0] * pixel_size[1])))
    return without_small(label(mask, background=0, connectivity=1), min_area)


def tissue(page: Page, classes: Sequence[str], min_area: int | None = 0) -> Table:
    """Return one row per 4-connected component of each class except the background.

    The columns are those of `region_table`, with ``class`` after ``label``, followed by ``diameter_px`` and
    ``diameter_um``, the diameter 2√(area/π) of a disc of equal area. If there are classes *axon* and *myelin*, the
    ``g_ratio`` of each axon follows, ``enclosed``, the share of its border that is myelin, and ``whole_fiber``, 1 if
    that is at least `ENCLOSED`, the axon does not touch the border of the image, and its area is at least
    `SMALLEST_FIBER`, if the pixel size is known.

    Args:
        page: the page to measure; its mask holds class numbers, its labels are those of `tissue_labels`, or None to
            compute them.
        classes: class names in the order of the class numbers, background first.
        min_area: in pixels; smaller objects are removed; None: `SMALLEST`.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, tissue
        >>> mask = np.full((11, 11), 2, np.uint8)  # myelin, 121 pixels …
        >>> mask[3:8, 3:8] = 1  # … with an axon of 25 pixels: √(25 / 121)
        >>> table = tissue(Page(image=mask, mask=mask, probability=mask / 2), ("background", "axon", "myelin"))
        >>> table["class"].tolist(), table["g_ratio"].round(3), table["whole_fiber"]
        (['myelin', 'axon'], array([  nan, 0.455]), array([0, 1]))
    """
    labels = tissue_labels(page.mask, min_area, page.pixel_size) if page.labels is None else page.labels
    table = region_table(labels, page.image, page.pixel_size)
    table = {"label": table.pop("label"), "class": np.array(classes)[_class_numbers(labels, page.mask)]} | table
    table |= {f"diameter_{unit}": 2 * np.sqrt(table[f"area_{unit}2"] / np.pi) for unit in ("px", "um")}
    if not {"axon", "myelin"} <= set(classes):
        return table
    axons, myelin = (page.mask == list(classes).index(name) for name in ("axon", "myelin"))
    numbered, count = np.where(axons, labels, 0), int(labels.max(initial=0))
    g_ratio, enclosed = (
        values[table["label"] - 1]
        for values in (g_ratios(numbered, myelin, count), enclosed_shares(numbered, myelin, count))
    )
    whole = (enclosed >= ENCLOSED) & (table["touches_border"] == 0) & ~(table["area_um2"] < SMALLEST_FIBER)
    return table | {"g_ratio": g_ratio, "enclosed": enclosed, "whole_fiber": whole.astype(int)}


def enclosed_shares(axons: np.ndarray, myelin: np.ndarray, count: int) -> np.ndarray:
    """Return the share of the border of each axon, in sides of pixels, on whose other side is myelin.

    Args:
        axons: integer (H, W), labels from 1 to ``count``; 0 is background. Labels of other objects may be missing.
        myelin: bool (H, W).
        count: number of labels N.

    Returns:
        float64 (N,), 0 to 1; NaN for labels that are not in ``axons``. The border of the image does not count.

    Examples:
        >>> import numpy as np
        >>> axons, myelin = np.array([[0, 1, 0]]), np.array([[True, False, False]])
        >>> enclosed_shares(axons, myelin, count=1)
        array([0.5])
    """
    sides, enclosed = np.zeros(count + 1), np.zeros(count + 1)
    for axis in (0, 1):
        for inner, outer in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            here, there = (
                ((inner, slice(None)), (outer, slice(None)))
                if axis == 0
                else ((slice(None), inner), (slice(None), outer))
            )
            border = (axons[here] > 0) & (axons[there] != axons[here])
            sides += np.bincount(axons[here][border], minlength=count + 1)
            enclosed += np.bincount(axons[here][border & myelin[there]], minlength=count + 1)
    return np.divide(enclosed, sides, out=np.full(count + 1, np.nan), where=sides > 0)[1:]


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
