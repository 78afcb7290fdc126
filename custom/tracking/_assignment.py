"""The cheapest set of one-to-one links among candidates, and how sure each of them is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from ._candidates import Candidates
from ._regions import Floats, Indices

# SciPy takes a weight of 0 for no edge. All matchings have one edge per source, so that the offset changes none.
_OFFSET = 1.0

# Difference in cost by which a link becomes e times as probable. With it, mean confidence and part of right links agree
# on two sequences with ground truth, also where only every second to sixth frame is taken.
_TEMPERATURE = 0.06


def assign(pairs: Candidates, costs: Floats, max_cost: float) -> npt.NDArray[np.bool_]:
    """Return which pairs are linked, bool (N,): no cell twice, and the sum of costs is least.

    A cell that stays without a link costs `max_cost`, so that no link is made that costs as much. A pair that gains
    more than the best other pair of its source and the best other one of its target together is in every optimum; what
    is left is solved exactly as a sparse problem (Jonker and Volgenant, 1987).

    Args:
        pairs: the candidates.
        costs: (N,) float64, finite.
        max_cost: above 0.
    """
    gains = max_cost - costs
    chosen = (gains > 0) & (gains > _others(pairs.sources, gains) + _others(pairs.targets, gains))
    taken_sources, taken_targets = (_marked(column, chosen) for column in (pairs.sources, pairs.targets))
    disputed = (gains > 0) & ~taken_sources[pairs.sources] & ~taken_targets[pairs.targets]
    chosen[disputed] = _matched(pairs.where(disputed), gains[disputed])
    return chosen


def _others(cells: Indices, gains: Floats) -> Floats:
    """Return for each pair the largest gain among the other pairs of its cell, at least 0."""
    best, second = np.zeros((2, cells.max(initial=-1) + 1))
    np.maximum.at(best, cells, gains)
    first = np.full(best.size, -1)
    first[cells[gains == best[cells]]] = np.flatnonzero(gains == best[cells])
    is_first = first[cells] == np.arange(cells.size)
    np.maximum.at(second, cells[~is_first], gains[~is_first])
    return np.where(is_first, second[cells], best[cells])


def _marked(cells: Indices, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which cells are in a chosen pair, by their places."""
    marks = np.zeros(cells.max(initial=-1) + 1, bool)
    marks[cells[chosen]] = True
    return marks


def _matched(pairs: Candidates, gains: Floats) -> npt.NDArray[np.bool_]:
    """Return which pairs, all of positive gain, are in the matching with the largest sum of gains."""
    sources, rows = np.unique(pairs.sources, return_inverse=True)
    targets, columns = np.unique(pairs.targets, return_inverse=True)
    nobody = np.arange(sources.size)  # for each source a target of its own: it stays without a link
    weights = np.concatenate((gains, np.zeros(sources.size))) + _OFFSET
    places = np.concatenate((rows, nobody)), np.concatenate((columns, targets.size + nobody))
    shape = (sources.size, targets.size + sources.size)
    graph = coo_array((weights, places), shape=shape).tocsr()
    _, matches = min_weight_full_bipartite_matching(graph, maximize=True)
    return matches[rows] == columns


def confidences(pairs: Candidates, costs: Floats, max_cost: float) -> Floats:
    """Return how sure each pair is against its alternatives, (N,) 0 to 1.

    The alternatives are the other pairs of its source, those of its target, and that there is no link. The probability
    of each falls exponentially with its cost; the confidence is the lesser of the two that source and target see.
    """
    odds = np.exp((max_cost - costs) / _TEMPERATURE)
    return np.minimum(odds / (1 + _sums(pairs.sources, odds)), odds / (1 + _sums(pairs.targets, odds)))


def _sums(groups: Indices, values: Floats) -> Floats:
    """Return for each value the sum of its group."""
    return np.bincount(groups, weights=values).astype(np.float64)[groups]
