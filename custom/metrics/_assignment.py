"""The best one-to-one pairing of two groups, of which few pairs are possible."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from ._matching import Choice, Floats, Places


def best_pairs(rows: Places, columns: Places, weights: Floats) -> Choice:
    """Choose pairs so that no row and no column is in two, and the sum of their weights is as large as possible.

    Args:
        rows: (P,) integer, a member of the one group in each possible pair, each pair once.
        columns: (P,) integer, the member of the other.
        weights: (P,) float64, 0 or more.

    Returns:
        (P,) bool, which pairs are chosen. Memory is linear in the pairs.
    """
    chosen = np.zeros(rows.size, np.bool_)
    if not rows.size:
        return chosen
    _, row_places = np.unique(rows, return_inverse=True)
    _, column_places = np.unique(columns, return_inverse=True)
    height, width = int(row_places.max()) + 1, int(column_places.max()) + 1
    # Each row may stay alone, which is a pair of weight 0 with a column of its own; SciPy takes 0 for no pair, and a
    # number more in every row changes nothing.
    alone = np.arange(height)
    entries = np.concatenate((weights, np.zeros(height))) + 1.0
    places = (np.concatenate((row_places, alone)), np.concatenate((column_places, width + alone)))
    graph = csr_array((entries, places), shape=(height, width + height))
    _, partners = min_weight_full_bipartite_matching(graph, maximize=True)
    chosen[:] = partners[row_places] == column_places
    return chosen
