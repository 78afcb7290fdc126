"""Links and divisions between two frames chosen at once, by integer linear programming with the package motile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from motile import Solver, TrackGraph
from motile.constraints import MaxChildren, MaxParents
from motile.costs import Cost, EdgeSelectedCost, Weight
from motile.variables import EdgeSelected, EdgeSplitPair

from ._candidates import Candidates, Scale
from ._divisions import couples, division_scores
from ._regions import Floats, Indices, Regions
from ._settings import Settings

_NEVER = 1e3  # cost of two links that are no division

Edge = tuple[int, int]


def assign_with_divisions(
    before: Regions, after: Regions, pairs: Candidates, costs: Floats, scale: Scale, settings: Settings
) -> npt.NDArray[np.bool_]:
    """Return which pairs are linked one to one, bool (N,), so that the gains of links and divisions are largest.

    A link gains what it costs less than `max_cost`; a division gains what the better of its two links does, and what
    its score exceeds `division_threshold` by. So a poor link does not take a daughter from her mother. Every cell is
    kept, which makes a movie fall apart into its pairs of frames: what is best for each is best for all.

    Args:
        before: the cells of a frame.
        after: those of the next.
        pairs: the candidates between them.
        costs: (N,) float64 of the pairs.
        scale: reach and spacing.
        settings: `max_cost` and `division_threshold`.

    Returns:
        The links, with the better one of each division among them; its other daughter has none.

    Reference: Malin-Mayor et al. (2023), Automated reconstruction of whole-embryo cell lineages by learning from sparse
    annotations, doi:10.1038/s41587-022-01427-7.
    """
    trios = couples(pairs, np.arange(len(pairs)))
    excess = division_scores(before, after, pairs, trios, scale) - settings.division_threshold
    trios, excess = trios[excess > 0], excess[excess > 0]
    gains = settings.max_cost - costs
    better = np.maximum(gains[trios].max(axis=1, initial=-np.inf), 0)
    linked, divided = choose(pairs, gains, trios, better + excess)
    linked[trios[divided, np.argmax(gains[trios[divided]], axis=1)]] = True
    return linked


def choose(
    pairs: Candidates, gains: Floats, trios: Indices, division_gains: Floats
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the links and divisions whose gains have the largest sum, no cell in two of them.

    Args:
        pairs: the candidates.
        gains: (N,) float64 of each as a link one to one.
        trios: (M, 2) places of two pairs with the same source, the mother.
        division_gains: (M,) float64 of each as a division.

    Returns:
        bool (N,) and (M,). The pairs of a division are no links.
    """
    useful = gains > 0
    useful[trios] = True
    if not useful.any():
        return useful, np.zeros(len(trios), bool)
    first_target = pairs.sources.max() + 1
    edges: list[Edge] = list(zip(pairs.sources.tolist(), (first_target + pairs.targets).tolist(), strict=True))
    surplus = division_gains - gains[trios].sum(axis=1)
    forks = [(edges[first], edges[second]) for first, second in trios.tolist()]
    solver = Solver(_graph(edges, useful, gains))
    solver.add_cost(EdgeSelectedCost(attribute="cost"))
    solver.add_cost(_DivisionCost(dict(zip(forks, (-surplus).tolist(), strict=True))))
    solver.add_constraint(MaxChildren(2))
    solver.add_constraint(MaxParents(1))
    solution = solver.solve()
    selected, split = solver.get_variables(EdgeSelected), solver.get_variables(EdgeSplitPair)
    divided = np.array([solution[split[fork]] > 0.5 for fork in forks], bool)
    linked = np.zeros(len(pairs), bool)
    linked[useful] = [solution[selected[edges[place]]] > 0.5 for place in np.flatnonzero(useful)]
    linked[trios[divided]] = False
    return linked, divided


def _graph(edges: list[Edge], useful: npt.NDArray[np.bool_], gains: Floats) -> TrackGraph:
    """Return the useful pairs as edges between cells of frame 0 and of frame 1."""
    graph = TrackGraph(frame_attribute="frame")
    for place in np.flatnonzero(useful).tolist():
        for frame, cell in enumerate(edges[place]):
            graph.add_node(cell, {"frame": frame})
        graph.add_edge(edges[place], {"cost": -gains[place]})
    return graph


class _DivisionCost(Cost):
    """What two links with the same source cost besides their own costs.

    Args:
        costs: two edges, in the order of their targets → cost; any other two are no division.
    """

    def __init__(self, costs: Mapping[tuple[Edge, Edge], float]) -> None:
        self.weight = Weight(1)
        self._costs = costs

    def apply(self, solver: Solver) -> None:
        """Add them to a solver."""
        for couple, variable in solver.get_variables(EdgeSplitPair).items():
            solver.add_variable_cost(variable, self._costs.get(couple, _NEVER), self.weight)
