"""DET, LNK and TRA: what it costs to turn the graph of a result into that of the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._links import Links, links
from ._matching import Matching, Places

SPLIT_COST, MISSED_COST, EXTRA_COST = 5.0, 10.0, 1.0
"""Of an object: to part it from another (NS), to add it (FN), to remove it (FP)."""

WRONG_LINK_COST, MISSED_LINK_COST, SEMANTICS_COST = 1.0, 1.5, 1.0
"""Of a link: to remove it (ED), to add it (EA), to change what it means (EC)."""


@dataclass(frozen=True, eq=False)
class Graphs:
    """The two graphs, and the operations that turn that of the result into that of the reference.

    Attributes:
        objects: number of objects of the reference.
        surplus: places of reference objects whose match has more pixels in common with another that it matches (NS).
        missed: places of reference objects without a match (FN).
        extra: places of result objects that match nothing (FP).
        reference_links: all links of the reference.
        wrong_links: links of the result, both ends of which are unique matches, that the reference has not (ED).
        missed_links: links of the reference that the result has not between unique matches (EA).
        wrong_semantics: links of the reference that the result has with another meaning: along a track in one, to a
            child in the other (EC).
    """

    objects: int
    surplus: Places
    missed: Places
    extra: Places
    reference_links: Links
    wrong_links: Links
    missed_links: Links
    wrong_semantics: Links

    @property
    def object_costs(self) -> float:
        """The cost of all operations on objects, AOGM-D."""
        return SPLIT_COST * len(self.surplus) + MISSED_COST * len(self.missed) + EXTRA_COST * len(self.extra)

    @property
    def link_costs(self) -> float:
        """The cost of all operations on links, AOGM-A."""
        return (
            WRONG_LINK_COST * len(self.wrong_links)
            + MISSED_LINK_COST * len(self.missed_links)
            + SEMANTICS_COST * len(self.wrong_semantics)
        )

    @property
    def det(self) -> float:
        """DET, detection: 0 to 1, 1 is best; NaN for a reference without objects."""
        return _accuracy(self.object_costs, MISSED_COST * self.objects)

    @property
    def lnk(self) -> float:
        """LNK, linking: 0 to 1, 1 is best; NaN for a reference without links."""
        return _accuracy(self.link_costs, MISSED_LINK_COST * len(self.reference_links))

    @property
    def tra(self) -> float:
        """TRA, tracking: 0 to 1, 1 is best; NaN for a reference without objects."""
        from_nothing = MISSED_COST * self.objects + MISSED_LINK_COST * len(self.reference_links)
        return _accuracy(self.object_costs + self.link_costs, from_nothing)


def compare_graphs(matching: Matching) -> Graphs:
    """Find what is wrong with the graph of a result.

    Where the objects of the result, or of the reference, were not tracked, there are no links to compare.

    Reference: Matula et al. (2015), Cell tracking accuracy measurement based on comparison of acyclic oriented graphs,
    doi:10.1371/journal.pone.0144959.
    """
    if matching.reference.tracks is None or matching.result.tracks is None:
        nothing = np.zeros(0, np.int64)
        wanted = found = Links(nothing, nothing, nothing > 0)
    else:
        wanted, found = links(matching.reference), links(matching.result)
    mapped, original = _between_unique_matches(matching, found)
    wanted_codes, mapped_codes = (one.sources * len(matching.reference) + one.targets for one in (wanted, mapped))
    present = np.isin(wanted_codes, mapped_codes)
    turned = np.isin(2 * wanted_codes + wanted.to_child, 2 * mapped_codes + ~mapped.to_child)
    return Graphs(
        objects=len(matching.reference),
        surplus=_surplus(matching),
        missed=np.flatnonzero(matching.matches < 0),
        extra=np.flatnonzero(matching.covered == 0),
        reference_links=wanted,
        wrong_links=original.where(~np.isin(mapped_codes, wanted_codes)),
        missed_links=wanted.where(~present),
        wrong_semantics=wanted.where(turned),
    )


def _accuracy(costs: float, from_nothing: float) -> float:
    return 1 - min(costs, from_nothing) / from_nothing if from_nothing else math.nan


def _between_unique_matches(matching: Matching, found: Links) -> tuple[Links, Links]:
    """Return those links of the result between unique matches, first between reference objects, then as they are."""
    reference_of = np.full(len(matching.result), -1)
    reference_of[matching.matches[matching.unique]] = np.flatnonzero(matching.unique)
    sources, targets = reference_of[found.sources], reference_of[found.targets]
    keep = (sources >= 0) & (targets >= 0)
    return Links(sources[keep], targets[keep], found.to_child[keep]), found.where(keep)


def _surplus(matching: Matching) -> Places:
    """Return the reference objects that share their match, but for the one with the most pixels in it."""
    shared = matching.matched & (matching.covered[matching.overlaps.result] > 1)
    references, results = matching.overlaps.reference[shared], matching.overlaps.result[shared]
    order = np.lexsort((references, -matching.overlaps.pixels[shared], results))
    repeats = np.concatenate(([False], np.diff(results[order]) == 0))[: order.size]
    return np.sort(references[order][repeats])
