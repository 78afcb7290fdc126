"""Divisions: two daughters, at least one of them a new cell, that together resemble their mother."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ._candidates import Candidates, Scale
from ._regions import Floats, Indices, Regions

_SOFTNESS = 0.05  # difference in score by which a division becomes e times as probable


@dataclass(frozen=True, eq=False)
class Divisions:
    """N divisions.

    Attributes:
        mothers: (N,) int64, indices of the mothers in the `Regions` of the earlier frame.
        daughters: (N, 2) int64, indices of the daughters in the `Regions` of the later frame; a daughter that is linked
            to the mother comes first.
        scores: (N,) float64, 0 to 1.
    """

    mothers: Indices
    daughters: Indices
    scores: Floats

    def confidences(self, threshold: float) -> Floats:
        """Return the confidence of each division, (N,) float64 from 0 to 1: 0.5 at the threshold."""
        return 1 / (1 + np.exp((threshold - self.scores) / _SOFTNESS))


def find_divisions(
    before: Regions,
    after: Regions,
    pairs: Candidates,
    linked: npt.NDArray[np.bool_],
    newcomers: npt.NDArray[np.bool_],
    scale: Scale,
    threshold: float,
) -> Divisions:
    """Return the divisions with a score above the threshold, best first; no cell is in two of them.

    Either the mother is linked to one daughter and the other daughter is a new cell, or the mother has no link and both
    daughters are new cells. A one-to-one link thus never becomes a division without a new cell.

    Args:
        before: the cells of a frame.
        after: the cells of the next frame.
        pairs: the N candidates between them.
        linked: (N,) bool, pairs that are linked one to one.
        newcomers: bool, cells of `after` without a predecessor that may be daughters.
        scale: maximum distance and spacing.
        threshold: minimum score, 0 to 1.
    """
    triplets = _triplets(pairs, linked, newcomers, len(before))
    scores = division_scores(before, after, pairs, triplets, scale)
    used: set[tuple[str, int]] = set()
    chosen = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] <= threshold:
            break
        first, second = triplets[index]
        cells = {("mother", int(pairs.sources[first]))}
        cells |= {("daughter", int(pairs.targets[pair])) for pair in (first, second)}
        if not used & cells:
            used |= cells
            chosen.append(index)
    return Divisions(pairs.sources[triplets[chosen, 0]], pairs.targets[triplets[chosen]], scores[chosen])


def link_pairs(pairs: Candidates, among: Indices) -> Indices:
    """Return all combinations of two candidates with the same source, as their indices, (M, 2) int64.

    Args:
        pairs: the candidates.
        among: indices of the candidates to combine, in ascending order.
    """
    groups = np.split(among, np.flatnonzero(np.diff(pairs.sources[among])) + 1)
    return np.array([two for group in groups for two in combinations(group, 2)], np.int64).reshape(-1, 2)


def _triplets(
    pairs: Candidates, linked: npt.NDArray[np.bool_], newcomers: npt.NDArray[np.bool_], cells: int
) -> Indices:
    """Return the possible divisions as indices of two pairs with the same source, (M, 2)."""
    link_of = np.full(cells, -1)
    link_of[pairs.sources[linked]] = np.flatnonzero(linked)
    to_newcomers = np.flatnonzero(newcomers[pairs.targets])
    links = link_of[pairs.sources[to_newcomers]]
    with_linked_sister = np.stack((links, to_newcomers), axis=1)[links >= 0]
    return np.concatenate((with_linked_sister, link_pairs(pairs, to_newcomers[links < 0])))


def division_scores(before: Regions, after: Regions, pairs: Candidates, triplets: Indices, scale: Scale) -> Floats:
    """Return the score of each possible division, (M,) float64: the mean of all known cues, each from 0 to 1.

    - Symmetry: 1 if the midpoint of the daughters is at the centroid of the mother, decreasing to 0 at her edge.
    - Area: ratio of the area of the mother to the summed area of the daughters, or its inverse, whichever is below 1.
    - Similarity: ratio of the smaller to the larger daughter area.
    - Overlap: fraction of a daughter that is inside the mother, the smaller of the two.

    Args:
        before: the cells of a frame.
        after: the cells of the next frame.
        pairs: the candidates between them.
        triplets: (M, 2) indices of two pairs with the same source, the mother.
        scale: maximum distance and spacing.
    """
    mothers, daughters = pairs.sources[triplets[:, 0]], pairs.targets[triplets]
    middles = after.centroids[daughters].mean(axis=1)
    offsets = np.linalg.norm((middles - before.centroids[mothers]) * np.asarray(scale.spacing), axis=1)
    if before.areas is None or after.areas is None:
        return np.maximum(1 - 2 * offsets / scale.max_distance, 0)
    mother, pair = before.areas[mothers], after.areas[daughters]
    both = pair.sum(axis=1)
    cues = [np.maximum(1 - 2 * offsets / before.diameters(scale.spacing)[mothers], 0)]
    cues.append(np.minimum(mother, both) / np.maximum(mother, both))
    cues.append(pair.min(axis=1) / pair.max(axis=1))
    if pairs.overlaps is not None:
        cues.append((pairs.overlaps[triplets] / pair).min(axis=1))
    return np.mean(cues, axis=0)
