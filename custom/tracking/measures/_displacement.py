"""How far the centroids of a result are from the true ones."""

from __future__ import annotations

import math

import numpy as np

from ._matching import Matching


def displacement_error(matching: Matching) -> float:
    """Return the mean distance of the centroids of unique matches, in pixels; NaN where there are none.

    Where the reference is markers, it includes how far a marker lies from the middle of its cell.
    """
    wanted = matching.reference.centroids[matching.unique]
    found = matching.result.centroids[matching.matches[matching.unique]]
    return float(np.linalg.norm(wanted - found, axis=1).mean()) if len(wanted) else math.nan
