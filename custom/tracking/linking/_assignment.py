"""The cheapest set of one-to-one links among candidates, and how sure each of them is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._best_pairs import best_pairs
from ._candidates import Candidates
from ._regions import Floats, Indices

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
    chosen[disputed] = best_pairs(pairs.sources[disputed], pairs.targets[disputed], gains[disputed])
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
