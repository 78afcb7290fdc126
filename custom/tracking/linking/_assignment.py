"""Minimum-cost one-to-one assignment of sparse candidate pairs, and the confidence of each link."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from ._candidates import Candidates
from ._regions import Floats, Indices

# Difference in cost by which a link becomes e times as probable. With this value the mean confidence agrees with the
# fraction of correct links on two sequences with ground truth, also if only every second to sixth frame is used.
_TEMPERATURE = 0.06


def assign(pairs: Candidates, costs: Floats, max_cost: float) -> npt.NDArray[np.bool_]:
    """Choose the links with the smallest total cost; no cell is in two links.

    A cell without a link costs `max_cost`, so a link that costs as much is never chosen. A pair whose gain exceeds the
    sum of the best other pair of its source and the best other pair of its target is part of every optimum; the
    remaining pairs are solved exactly as a sparse problem.

    Args:
        pairs: the N candidates.
        costs: (N,) float64, finite.
        max_cost: cost of a cell without a link, above 0.

    Returns:
        (N,) bool, the chosen pairs.

    Reference: Jonker and Volgenant (1987), A shortest augmenting path algorithm for dense and sparse linear assignment
    problems, doi:10.1007/BF02278710.

    Examples:
        >>> pairs = Candidates(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
        >>> assign(pairs, np.array([0.1, 0.2, 0.2, 0.9]), max_cost=1.0).tolist()
        [False, True, True, False]
    """
    gains = max_cost - costs
    chosen = (gains > 0) & (gains > _best_other(pairs.sources, gains) + _best_other(pairs.targets, gains))
    taken_sources, taken_targets = (_marked(column, chosen) for column in (pairs.sources, pairs.targets))
    disputed = (gains > 0) & ~taken_sources[pairs.sources] & ~taken_targets[pairs.targets]
    chosen[disputed] = best_pairs(pairs.sources[disputed], pairs.targets[disputed], gains[disputed])
    return chosen


def best_pairs(rows: Indices, columns: Indices, weights: Floats) -> npt.NDArray[np.bool_]:
    """Choose pairs with the largest total weight; no row and no column is in two pairs.

    Memory grows linearly with the number of pairs.

    Args:
        rows: (P,) integer, the row of each possible pair; each pair occurs once.
        columns: (P,) integer, its column.
        weights: (P,) float64, 0 or more.

    Returns:
        (P,) bool, the chosen pairs.

    Examples:
        >>> best_pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([3.0, 2.0, 2.0])).tolist()
        [False, True, True]
    """
    row_names, row_indices = np.unique(rows, return_inverse=True)
    column_names, column_indices = np.unique(columns, return_inverse=True)
    # An unpaired row is paired with a column of its own, with weight 0. SciPy takes 0 for a missing pair, so 1 is added
    # to all weights; every row has exactly one pair, so the choice does not change.
    unpaired = np.arange(row_names.size)
    entries = np.concatenate((weights, np.zeros(unpaired.size))) + 1.0
    indices = np.concatenate((row_indices, unpaired)), np.concatenate((column_indices, column_names.size + unpaired))
    graph = csr_array((entries, indices), shape=(unpaired.size, column_names.size + unpaired.size))
    _, partners = min_weight_full_bipartite_matching(graph, maximize=True)
    return partners[row_indices] == column_indices


def confidences(pairs: Candidates, costs: Floats, max_cost: float) -> Floats:
    """Return the confidence of each pair against its alternatives, (N,) float64 from 0 to 1.

    The alternatives are the other pairs of its source, the other pairs of its target, and no link. Probabilities
    decrease exponentially with the cost; the confidence is the smaller of the probabilities at source and target.
    """
    odds = np.exp((max_cost - costs) / _TEMPERATURE)
    return np.minimum(odds / (1 + _group_sums(pairs.sources, odds)), odds / (1 + _group_sums(pairs.targets, odds)))


def _best_other(cells: Indices, gains: Floats) -> Floats:
    """Return for each pair the largest gain among the other pairs of its cell, at least 0."""
    best, second = np.zeros((2, cells.max(initial=-1) + 1))
    np.maximum.at(best, cells, gains)
    first = np.full(best.size, -1)
    first[cells[gains == best[cells]]] = np.flatnonzero(gains == best[cells])
    is_first = first[cells] == np.arange(cells.size)
    np.maximum.at(second, cells[~is_first], gains[~is_first])
    return np.where(is_first, second[cells], best[cells])


def _marked(cells: Indices, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each cell index whether the cell is in a chosen pair."""
    marks = np.zeros(cells.max(initial=-1) + 1, bool)
    marks[cells[chosen]] = True
    return marks


def _group_sums(groups: Indices, values: Floats) -> Floats:
    """Return for each value the sum of its group."""
    return np.bincount(groups, weights=values).astype(np.float64)[groups]
