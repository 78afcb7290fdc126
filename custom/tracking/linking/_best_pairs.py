"""The best one-to-one pairing of two groups, of which few pairs are possible."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Places = npt.NDArray[np.int64]


def best_pairs(rows: Places, columns: Places, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Choose pairs so that no row and no column is in two, and the sum of their weights is as large as possible.

    Args:
        rows: (P,) integer, a member of the one group in each possible pair, each pair once.
        columns: (P,) integer, the member of the other.
        weights: (P,) float64, 0 or more.

    Returns:
        (P,) bool, which pairs are chosen. Memory is linear in the pairs.
    """
    row_names, row_places = np.unique(rows, return_inverse=True)
    column_names, column_places = np.unique(columns, return_inverse=True)
    # Each row may stay alone, which is a pair of weight 0 with a column of its own; SciPy takes 0 for no pair, and a
    # number more in every row changes nothing.
    alone = np.arange(row_names.size)
    entries = np.concatenate((weights, np.zeros(alone.size))) + 1.0
    places = np.concatenate((row_places, alone)), np.concatenate((column_places, column_names.size + alone))
    graph = csr_array((entries, places), shape=(alone.size, column_names.size + alone.size))
    _, partners = min_weight_full_bipartite_matching(graph, maximize=True)
    return partners[row_places] == column_places
