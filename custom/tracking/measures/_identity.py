"""IDF1, MOTA and the Jaccard indices of particle tracking: does a cell keep its identity?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..linking._best_pairs import best_pairs
from ._links import identities
from ._matching import Floats, Matching, Places

MOSTLY_TRACKED, MOSTLY_LOST = 0.8, 0.2


@dataclass(frozen=True)
class IdentityScores:
    """How well whole tracks match; each is 0 to 1, 1 is best, and NaN without objects.

    Attributes:
        idf1: 2·matches / (objects of the result + objects of the reference), the F-score of identities.
        jsc: matches / (objects in either), the Jaccard index of track points, JSC.
        jsc_theta: pairs of tracks / (tracks in either), the Jaccard index of whole tracks, JSCθ.
    """

    idf1: float
    jsc: float
    jsc_theta: float


@dataclass(frozen=True)
class MotScores:
    """The CLEAR MOT measures.

    Attributes:
        mota: 1 − (missed + extra + surplus matches + switches) / objects of the reference; 1 is best, it may be below
            0, and is NaN for a reference without objects.
        switches: how often the match of a cell is another cell than its last one was (IDSW).
        mostly_tracked: fraction of cells that are matched in 80 % of their frames or more (MT); NaN without cells.
        mostly_lost: fraction of cells that are matched in less than 20 % (ML); NaN without cells.
    """

    mota: float
    switches: int
    mostly_tracked: float
    mostly_lost: float


def identity_scores(matching: Matching) -> IdentityScores:
    """Pair tracks one-to-one so that as many objects as possible match, and count what matches.

    Objects match as in `Matching`; a track that goes on after a gap is one. Of equally good pairings the one with most
    pairs is taken.

    Raises:
        ValueError: the objects were not tracked.

    References: Ristani et al. (2016), Performance measures and a data set for multi-target, multi-camera tracking,
    doi:10.1007/978-3-319-48881-3_2. Chenouard et al. (2014), Objective comparison of particle tracking methods,
    doi:10.1038/nmeth.2808, which matches points by their distance.
    """
    wanted, found = identities(matching.reference), identities(matching.result)
    detected = matching.matches >= 0
    names = int(found.max(initial=0)) + 1
    codes, frames = np.unique(wanted[detected] * names + found[matching.matches[detected]], return_counts=True)
    # Less than one match for all pairs together: more pairs win only between equals.
    chosen = best_pairs(*np.divmod(codes, names), frames + 0.5 / (frames.size + 1))
    matches, objects = int(frames[chosen].sum()), len(wanted) + len(found)
    tracks = np.unique(wanted).size + np.unique(found).size
    joined = int(np.count_nonzero(chosen))
    return IdentityScores(
        _ratio(2 * matches, objects), _ratio(matches, objects - matches), _ratio(joined, tracks - joined)
    )


def mot_scores(matching: Matching) -> MotScores:
    """Return MOTA, with switches of identity, and how many cells are mostly tracked or mostly lost.

    Objects match as in `Matching`; a track that goes on after a gap is one. Of the k reference objects that one object
    matches, k − 1 are counted as mistakes.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Bernardin and Stiefelhagen (2008), Evaluating multiple object tracking performance: the CLEAR MOT
    metrics, doi:10.1155/2008/246309.
    """
    cells, found = identities(matching.reference), identities(matching.result)
    detected = matching.matches >= 0
    switches = _switches(cells[detected], matching.reference.frames[detected], found[matching.matches[detected]])
    missed, extra = int(np.count_nonzero(~detected)), int(np.count_nonzero(matching.covered == 0))
    surplus = int(np.maximum(matching.covered - 1, 0).sum())
    mistakes = missed + extra + surplus + switches
    tracked = _means(cells, detected.astype(np.float64))
    return MotScores(
        mota=1 - _ratio(mistakes, len(cells)),
        switches=switches,
        mostly_tracked=_ratio(int(np.count_nonzero(tracked >= MOSTLY_TRACKED)), tracked.size),
        mostly_lost=_ratio(int(np.count_nonzero(tracked < MOSTLY_LOST)), tracked.size),
    )


def _switches(cells: Places, frames: Places, matches: Places) -> int:
    order = np.lexsort((frames, cells))
    same_cell, same_match = (np.diff(one[order]) == 0 for one in (cells, matches))
    return int(np.count_nonzero(same_cell & ~same_match))


def _means(groups: Places, values: Floats) -> Floats:
    """Return the mean of the values in each group that occurs."""
    _, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(places, weights=values, minlength=sizes.size) / sizes


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
