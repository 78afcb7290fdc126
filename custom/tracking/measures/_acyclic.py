"""DET, LNK and TRA: the cost of transforming the graph of a result into the graph of the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._matching import Booleans, Indices, Matching, MovieObjects

SPLIT_COST, MISSED_COST, EXTRA_COST = 5.0, 10.0, 1.0
"""Costs of operations on objects: split (NS), add (FN) and remove (FP) an object."""

WRONG_LINK_COST, MISSED_LINK_COST, SEMANTICS_COST = 1.0, 1.5, 1.0
"""Costs of operations on links: remove (ED), add (EA) and change the semantics (EC) of a link."""


@dataclass(frozen=True, eq=False)
class Links:
    """E links, each from an object to an object in a later frame.

    Attributes:
        sources: (E,) int64, indices of the earlier objects in their `MovieObjects`.
        targets: (E,) int64, indices of the later objects.
        to_child: (E,) bool, whether the link leads from a track to its child, after a division or a gap, rather than
            along a track.
    """

    sources: Indices
    targets: Indices
    to_child: Booleans

    def __len__(self) -> int:
        """Return the number of links."""
        return len(self.sources)

    def where(self, keep: Booleans) -> Links:
        """Return the links for which `keep`, (E,) bool, is true."""
        return Links(self.sources[keep], self.targets[keep], self.to_child[keep])


def links(objects: MovieObjects) -> Links:
    """Return all links of a movie: first along the tracks, then from parents to children.

    Raises:
        ValueError: the objects were not tracked.
    """
    order = np.lexsort((objects.frames, objects.track_indices))
    same_track = np.diff(objects.track_indices[order]) == 0
    sources, targets = order[:-1][same_track], order[1:][same_track]
    ends = {track.label: track.end for track in objects.known_tracks}
    children = [track for track in objects.known_tracks if track.parent]
    parents = [objects.find(ends[track.parent], track.parent) for track in children]
    first_objects = [objects.find(track.begin, track.label) for track in children]
    return Links(
        np.concatenate((sources, np.array(parents, np.int64))),
        np.concatenate((targets, np.array(first_objects, np.int64))),
        np.repeat((False, True), (len(sources), len(children))),
    )


@dataclass(frozen=True, eq=False)
class GraphComparison:
    """The operations that transform the graph of a result into the graph of the reference.

    Attributes:
        objects: number of objects of the reference.
        surplus: indices of reference objects whose match shares more pixels with another object that it matches (NS).
        missed: indices of reference objects without a match (FN).
        extra: indices of result objects that match no object (FP).
        reference_links: all links of the reference.
        wrong_links: links of the result between unique matches that are not in the reference (ED).
        missed_links: links of the reference that are not in the result between unique matches (EA).
        wrong_semantics: links that lead along a track in one graph and to a child in the other, as links of the
            reference (EC).
    """

    objects: int
    surplus: Indices
    missed: Indices
    extra: Indices
    reference_links: Links
    wrong_links: Links
    missed_links: Links
    wrong_semantics: Links

    @property
    def object_costs(self) -> float:
        """The total cost of operations on objects, AOGM-D."""
        return SPLIT_COST * len(self.surplus) + MISSED_COST * len(self.missed) + EXTRA_COST * len(self.extra)

    @property
    def link_costs(self) -> float:
        """The total cost of operations on links, AOGM-A."""
        return (
            WRONG_LINK_COST * len(self.wrong_links)
            + MISSED_LINK_COST * len(self.missed_links)
            + SEMANTICS_COST * len(self.wrong_semantics)
        )

    @property
    def det(self) -> float:
        """DET, detection accuracy: 0 to 1, 1 is best; NaN for a reference without objects."""
        return _accuracy(self.object_costs, MISSED_COST * self.objects)

    @property
    def lnk(self) -> float:
        """LNK, linking accuracy: 0 to 1, 1 is best; NaN for a reference without links."""
        return _accuracy(self.link_costs, MISSED_LINK_COST * len(self.reference_links))

    @property
    def tra(self) -> float:
        """TRA, tracking accuracy: 0 to 1, 1 is best; NaN for a reference without objects."""
        empty_graph_cost = MISSED_COST * self.objects + MISSED_LINK_COST * len(self.reference_links)
        return _accuracy(self.object_costs + self.link_costs, empty_graph_cost)


def compare_graphs(matching: Matching) -> GraphComparison:
    """Compare the graph of a result with the graph of the reference.

    Links are compared only if both the result and the reference were tracked.

    Reference: Matula et al. (2015), Cell tracking accuracy measurement based on comparison of acyclic oriented graphs,
    doi:10.1371/journal.pone.0144959.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 2)
        >>> result = sequence_of([np.array([[1, 1, 0, 2, 2]]), np.array([[1, 1, 0, 0, 0]])])
        >>> scores = score_sequence(
        ...     truth, [Track(1, 0, 1), Track(2, 0, 1)], result, [Track(1, 0, 1), Track(2, 0, 0)]
        ... )
        >>> graphs = compare_graphs(scores.matching)
        >>> len(graphs.missed), graphs.det, graphs.lnk  # one of four objects, one of two links
        (1, 0.75, 0.5)
    """
    if matching.reference.tracks is None or matching.result.tracks is None:
        nothing = np.zeros(0, np.int64)
        reference = result = Links(nothing, nothing, nothing > 0)
    else:
        reference, result = links(matching.reference), links(matching.result)
    mapped, original = _between_unique_matches(matching, result)
    reference_codes, mapped_codes = (one.sources * len(matching.reference) + one.targets for one in (reference, mapped))
    present = np.isin(reference_codes, mapped_codes)
    other_semantics = np.isin(2 * reference_codes + reference.to_child, 2 * mapped_codes + ~mapped.to_child)
    return GraphComparison(
        objects=len(matching.reference),
        surplus=_surplus(matching),
        missed=np.flatnonzero(matching.matches < 0),
        extra=np.flatnonzero(matching.covered == 0),
        reference_links=reference,
        wrong_links=original.where(~np.isin(mapped_codes, reference_codes)),
        missed_links=reference.where(~present),
        wrong_semantics=reference.where(other_semantics),
    )


def _accuracy(costs: float, empty_graph_cost: float) -> float:
    return 1 - min(costs, empty_graph_cost) / empty_graph_cost if empty_graph_cost else math.nan


def _between_unique_matches(matching: Matching, result: Links) -> tuple[Links, Links]:
    """Return the links of the result between unique matches, first in terms of reference objects, then unchanged."""
    reference_of = np.full(len(matching.result), -1)
    reference_of[matching.matches[matching.unique]] = np.flatnonzero(matching.unique)
    sources, targets = reference_of[result.sources], reference_of[result.targets]
    keep = (sources >= 0) & (targets >= 0)
    return Links(sources[keep], targets[keep], result.to_child[keep]), result.where(keep)


def _surplus(matching: Matching) -> Indices:
    """Return the reference objects that share their match, except the one with the largest overlap in each match."""
    shared = matching.matched & (matching.covered[matching.overlaps.result] > 1)
    references, results = matching.overlaps.reference[shared], matching.overlaps.result[shared]
    order = np.lexsort((references, -matching.overlaps.pixels[shared], results))
    repeats = np.concatenate(([False], np.diff(results[order]) == 0))[: order.size]
    return np.sort(references[order][repeats])
