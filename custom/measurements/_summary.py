"""What a page holds altogether: how many objects, how much, and how they are in the mean."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ..ground.growing_table import Table

_TOTALS = ("area_px2", "area_um2", "length_px", "length_um")
_WITHOUT_MEAN = ("label", "class", "touches_border", "orientation_deg")  # axes have no mean that a sum gives


def summarize(table: Table, classes: Sequence[str] = ()) -> Table:
    """Return one row, or one for each class: ``objects``, their number, then totals and means of the columns.

    ``total_area_px2`` and, where there is a length, ``total_length_px`` (and µm) are sums; ``mean_…`` are means of all
    that can be averaged, over the objects that have a value; NaN without any.

    Args:
        table: of the objects of a page.
        classes: names in the column ``class``; each has a row, also without objects.
    """
    if not classes:
        return {name: np.array([value]) for name, value in _totals_and_means(table).items()}
    rows = [
        _totals_and_means({name: values[table["class"] == one] for name, values in table.items()}) for one in classes
    ]
    return {"class": np.array(classes)} | {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _totals_and_means(table: Table) -> dict[str, float]:
    """Return the name of each number with its value."""
    summary: dict[str, float] = {"objects": len(table["label"])}
    summary |= {f"total_{name}": float(table[name].sum()) for name in _TOTALS if name in table}
    averaged = [name for name in table if name not in _WITHOUT_MEAN and not name.startswith("centroid_")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing to average is NaN
        return summary | {f"mean_{name.removeprefix('mean_')}": float(np.nanmean(table[name])) for name in averaged}
