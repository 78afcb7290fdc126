"""Links and divisions between two frames, chosen together by integer linear programming with the package motile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from motile import Solver, TrackGraph
from motile.constraints import MaxChildren, MaxParents
from motile.costs import Cost, EdgeSelectedCost, Weight
from motile.variables import EdgeSelected, EdgeSplitPair

from ._candidates import Candidates, Scale
from ._divisions import division_scores, link_pairs
from ._regions import Floats, Indices, Regions
from ._settings import LinkingSettings

_FORBIDDEN_COST = 1e3  # cost of two links with the same source that are not a possible division

Edge = tuple[int, int]


def assign_with_divisions(
    before: Regions, after: Regions, pairs: Candidates, costs: Floats, scale: Scale, settings: LinkingSettings
) -> npt.NDArray[np.bool_]:
    """Choose links and divisions with the largest total gain, and return the one-to-one links.

    The gain of a link is `max_cost` minus its cost. The gain of a division is the gain of the better of its two links
    plus its score minus `division_threshold`, so a poor link does not take a daughter from her mother. All cells are
    kept, so the frames of a movie can be optimized pair by pair: the optimum of each pair is the optimum of the movie.

    Args:
        before: the cells of a frame.
        after: the cells of the next frame.
        pairs: the N candidates between them.
        costs: (N,) float64, costs of the pairs.
        scale: maximum distance and spacing.
        settings: `max_cost` and `division_threshold`.

    Returns:
        (N,) bool, the links, including the better link of each division; the other daughter has no link.

    Reference: Malin-Mayor et al. (2023), Automated reconstruction of whole-embryo cell lineages by learning from sparse
    annotations, doi:10.1038/s41587-022-01427-7.
    """
    triplets = link_pairs(pairs, np.arange(len(pairs)))
    excess = division_scores(before, after, pairs, triplets, scale) - settings.division_threshold
    triplets, excess = triplets[excess > 0], excess[excess > 0]
    gains = settings.max_cost - costs
    better = np.maximum(gains[triplets].max(axis=1, initial=-np.inf), 0)
    linked, divided = maximize_gains(pairs, gains, triplets, better + excess)
    linked[triplets[divided, np.argmax(gains[triplets[divided]], axis=1)]] = True
    return linked


def maximize_gains(
    pairs: Candidates, gains: Floats, triplets: Indices, division_gains: Floats
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the links and divisions with the largest total gain; no cell is in two of them.

    Args:
        pairs: the N candidates.
        gains: (N,) float64, gain of each candidate as a one-to-one link.
        triplets: (M, 2) int64, indices of two pairs with the same source, the mother.
        division_gains: (M,) float64, gain of each triplet as a division.

    Returns:
        (N,) and (M,) bool, the chosen links and divisions. The pairs of a division are not links.
    """
    useful = gains > 0
    useful[triplets] = True
    if not useful.any():
        return useful, np.zeros(len(triplets), bool)
    first_target = pairs.sources.max() + 1
    edges: list[Edge] = list(zip(pairs.sources.tolist(), (first_target + pairs.targets).tolist(), strict=True))
    surplus = division_gains - gains[triplets].sum(axis=1)
    forks = [(edges[first], edges[second]) for first, second in triplets.tolist()]
    solver = Solver(_graph(edges, useful, gains))
    solver.add_cost(EdgeSelectedCost(attribute="cost"))
    solver.add_cost(_DivisionCost(dict(zip(forks, (-surplus).tolist(), strict=True))))
    solver.add_constraint(MaxChildren(2))
    solver.add_constraint(MaxParents(1))
    solution = solver.solve()
    selected, split = solver.get_variables(EdgeSelected), solver.get_variables(EdgeSplitPair)
    divided = np.array([solution[split[fork]] > 0.5 for fork in forks], bool)
    linked = np.zeros(len(pairs), bool)
    linked[useful] = [solution[selected[edges[index]]] > 0.5 for index in np.flatnonzero(useful)]
    linked[triplets[divided]] = False
    return linked, divided


def _graph(edges: list[Edge], useful: npt.NDArray[np.bool_], gains: Floats) -> TrackGraph:
    """Return the useful pairs as edges between cells of frame 0 and frame 1."""
    graph = TrackGraph(frame_attribute="frame")
    for index in np.flatnonzero(useful).tolist():
        for frame, cell in enumerate(edges[index]):
            graph.add_node(cell, {"frame": frame})
        graph.add_edge(edges[index], {"cost": -gains[index]})
    return graph


class _DivisionCost(Cost):
    """Additional cost of two links with the same source.

    Args:
        costs: two edges, in the order of their targets → cost; all other combinations are forbidden.
    """

    def __init__(self, costs: Mapping[tuple[Edge, Edge], float]) -> None:
        self.weight = Weight(1)
        self._costs = costs

    def apply(self, solver: Solver) -> None:
        """Add the costs to a solver."""
        for edges, variable in solver.get_variables(EdgeSplitPair).items():
            solver.add_variable_cost(variable, self._costs.get(edges, _FORBIDDEN_COST), self.weight)
