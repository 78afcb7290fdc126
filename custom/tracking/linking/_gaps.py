"""Cells that are missing for some frames: what ends is linked to what begins later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._assignment import assign, confidences
from ._candidates import Candidates, Scale, find_candidates, link_costs
from ._graph import Graph, Origin
from ._regions import Floats, Indices, Regions
from ._settings import Settings

_TRUST = 0.5  # of the gaps closed in sequences with ground truth about half were right


def close_gaps(graph: Graph, scale: Scale, settings: Settings) -> None:
    """Link cells that end with cells that begin up to `max_gap` + 1 frames later, the cheapest set of such links.

    Args:
        graph: the cells and where they come from; it is changed.
        scale: reach, which holds for a gap of any length, and spacing.
        settings: weights, `max_cost` and `max_gap`.
    """
    pairs, costs = _candidates(graph, scale, settings)
    linked = assign(pairs, costs, settings.max_cost)
    sure = _TRUST * confidences(pairs, costs, settings.max_cost)
    graph.sources[pairs.targets[linked]] = pairs.sources[linked]
    graph.origins[pairs.targets[linked]] = Origin.GAP
    graph.confidences[pairs.targets[linked]] = sure[linked]


def _candidates(graph: Graph, scale: Scale, settings: Settings) -> tuple[Candidates, Floats]:
    """Return the pairs of ends and beginnings, by the numbers of their cells in the graph, and what they cost."""
    goes_on = np.zeros(graph.frames.size, bool)
    goes_on[graph.sources[graph.sources >= 0]] = True
    ends = [np.flatnonzero(~part) for part in graph.by_frame(goes_on)]
    beginnings = [np.flatnonzero(part) for part in graph.by_frame(graph.origins == Origin.NONE)]
    found: list[tuple[Indices, Indices, Floats]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for first, earlier in enumerate(ends):
        for second in range(first + 2, min(first + 2 + settings.max_gap, len(ends))):
            later = beginnings[second]
            before, after = graph.regions[first].take(earlier), graph.regions[second].take(later)
            pairs = _apart(before, find_candidates(before, after, scale))
            numbers = graph.offsets[first] + earlier[pairs.sources], graph.offsets[second] + later[pairs.targets]
            found.append((*numbers, link_costs(before, after, pairs, scale, settings)))
    sources, targets, costs = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((targets, sources))
    return Candidates(sources[order], targets[order]), costs[order]


def _apart(before: Regions, pairs: Candidates) -> Candidates:
    """Return the pairs as those of cells that do not overlap: the earlier masks are no longer at hand."""
    return pairs if before.areas is None else replace(pairs, overlaps=np.zeros(len(pairs)))
