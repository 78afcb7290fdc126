"""Newcomers that come from a division: two daughters of a cell that are together about what it was."""

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
    """N divisions, or what might be one.

    Attributes:
        mothers: (N,) places of the mothers in the `Regions` before.
        daughters: (N, 2) places of the daughters in the `Regions` after; one that is linked to the mother comes first.
        scores: (N,) float64, 0 to 1.
    """

    mothers: Indices
    daughters: Indices
    scores: Floats

    def confidences(self, threshold: float) -> Floats:
        """Return how sure each is, (N,): 0.5 at the threshold."""
        return 1 / (1 + np.exp((threshold - self.scores) / _SOFTNESS))


def find_divisions(
    before: Regions,
    after: Regions,
    pairs: Candidates,
    linked: npt.NDArray[np.bool_],
    free: npt.NDArray[np.bool_],
    scale: Scale,
    threshold: float,
) -> Divisions:
    """Return the divisions that score above the threshold, the best first; no cell is in two of them.

    A mother is a cell that is linked to one daughter while the other is a newcomer, or a cell without a link when both
    are. So a one-to-one link never becomes a division without a newcomer.

    Args:
        before: the cells of a frame.
        after: those of the next.
        pairs: the candidates between them.
        linked: bool, which pairs are linked one to one.
        free: bool, which cells of `after` are newcomers that may come from a division.
        scale: reach and spacing.
        threshold: 0 to 1.
    """
    trios = _trios(pairs, linked, free, len(before))
    scores = division_scores(before, after, pairs, trios, scale)
    used: set[tuple[str, int]] = set()
    chosen = []
    for place in np.argsort(-scores, kind="stable"):
        if scores[place] <= threshold:
            break
        first, second = trios[place]
        cells = {("mother", int(pairs.sources[first]))}
        cells |= {("daughter", int(pairs.targets[pair])) for pair in (first, second)}
        if not used & cells:
            used |= cells
            chosen.append(place)
    return Divisions(pairs.sources[trios[chosen, 0]], pairs.targets[trios[chosen]], scores[chosen])


def couples(pairs: Candidates, among: Indices) -> Indices:
    """Return all couples of pairs with the same source, as places, (N, 2).

    Args:
        pairs: the candidates.
        among: places of those that come into question, ascending.
    """
    groups = np.split(among, np.flatnonzero(np.diff(pairs.sources[among])) + 1)
    return np.array([couple for group in groups for couple in combinations(group, 2)], np.int64).reshape(-1, 2)


def _trios(pairs: Candidates, linked: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_], cells: int) -> Indices:
    """Return the possible divisions as places of two pairs with the same source, (N, 2)."""
    link_of = np.full(cells, -1)
    link_of[pairs.sources[linked]] = np.flatnonzero(linked)
    newcomers = np.flatnonzero(free[pairs.targets])
    partners = link_of[pairs.sources[newcomers]]
    with_sister = np.stack((partners, newcomers), axis=1)[partners >= 0]
    return np.concatenate((with_sister, couples(pairs, newcomers[partners < 0])))


def division_scores(before: Regions, after: Regions, pairs: Candidates, trios: Indices, scale: Scale) -> Floats:
    """Return the score of each possible division, the mean of those cues that are known, each from 0 to 1.

    Symmetry: the middle between the daughters lies in that of the mother, down to 0 at her edge. Area: together they
    are as large as she was. Similarity: one is as large as the other. Overlap: the part of each that lies within the
    mother, the lesser of the two.

    Args:
        before: the cells of a frame.
        after: those of the next.
        pairs: the candidates between them.
        trios: (N, 2) places of two pairs with the same source, the mother.
        scale: reach and spacing.
    """
    mothers, daughters = pairs.sources[trios[:, 0]], pairs.targets[trios]
    middles = after.centroids[daughters].mean(axis=1)
    offsets = np.linalg.norm((middles - before.centroids[mothers]) * np.asarray(scale.spacing), axis=1)
    if before.areas is None or after.areas is None:
        return np.maximum(1 - 2 * offsets / scale.reach, 0)
    mother, pair = before.areas[mothers], after.areas[daughters]
    both = pair.sum(axis=1)
    cues = [np.maximum(1 - 2 * offsets / before.diameters(scale.spacing)[mothers], 0)]
    cues.append(np.minimum(mother, both) / np.maximum(mother, both))
    cues.append(pair.min(axis=1) / pair.max(axis=1))
    if pairs.overlaps is not None:
        cues.append((pairs.overlaps[trios] / pair).min(axis=1))
    return np.mean(cues, axis=0)
