"""Summary of a page: number of objects, totals and means."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ..ground.growing_table import Table

_TOTALS = ("area_px2", "area_um2", "length_px", "length_um")
_WITHOUT_MEAN = ("label", "class", "touches_border", "whole_fiber", "enclosed")
_DIRECTIONS = ("orientation_deg",)  # an arithmetic mean of directions is meaningless


def summarize(table: Table, classes: Sequence[str] = ()) -> Table:
    """Return one row, or one row per class, with the number of ``objects`` and the totals and means of the columns.

    ``total_area_px2`` and, if the table has lengths, ``total_length_px`` are sums (also in µm). ``mean_…`` is the mean
    of each column that can be averaged, over the objects with a value; NaN if there are none. If there are fibers,
    ``whole_fibers`` is the number of whole ones, and ``mean_g_ratio`` is the mean over these alone.

    Args:
        table: the objects of a page.
        classes: class names in the column ``class``; each has a row, even without objects.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import summarize
        >>> summarize({"label": np.array([1, 2]), "area_px2": np.array([2.0, 4.0])})
        {'objects': array([2]), 'total_area_px2': array([6.]), 'mean_area_px2': array([3.])}
    """
    if not classes:
        return {name: np.array([value]) for name, value in _totals_and_means(table).items()}
    rows = [
        _totals_and_means({name: values[table["class"] == kind] for name, values in table.items()}) for kind in classes
    ]
    return {"class": np.array(classes)} | {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _totals_and_means(table: Table) -> dict[str, float]:
    """Return the values of the summary by column name."""
    summary: dict[str, float] = {"objects": len(table["label"])}
    summary |= {f"total_{name}": float(table[name].sum()) for name in _TOTALS if name in table}
    if "whole_fiber" in table:
        whole = table["whole_fiber"] == 1
        summary["whole_fibers"] = int(whole.sum())
        table = table | {"g_ratio": np.where(whole, table["g_ratio"], np.nan)}
    averaged = [name for name in table if name not in _WITHOUT_MEAN + _DIRECTIONS and not name.startswith("centroid_")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of no values is NaN
        return summary | {f"mean_{name.removeprefix('mean_')}": float(np.nanmean(table[name])) for name in averaged}
