"""IDF1, MOTA and the Jaccard indices of particle tracking: preservation of the identity of cells."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..linking._assignment import best_pairs
from ._matching import Floats, Indices, Matching, MovieObjects

MOSTLY_TRACKED, MOSTLY_LOST = 0.8, 0.2


@dataclass(frozen=True)
class IdentityScores:
    """Agreement of whole tracks; all scores are 0 to 1, 1 is best, and NaN without objects.

    Attributes:
        idf1: 2·matches / (objects of the result + objects of the reference), the F-score of identities.
        jsc: matches / (objects in result or reference), the Jaccard index of track points, JSC.
        jsc_theta: pairs of tracks / (tracks in result or reference), the Jaccard index of whole tracks, JSCθ.
    """

    idf1: float
    jsc: float
    jsc_theta: float


@dataclass(frozen=True)
class MotScores:
    """The CLEAR MOT measures.

    Attributes:
        mota: 1 − (missed + extra + surplus matches + switches) / objects of the reference; 1 is best, negative values
            are possible; NaN for a reference without objects.
        switches: number of times that a cell is matched by another cell than before, identity switches (IDSW).
        mostly_tracked: fraction of cells that are matched in at least 80 % of their frames (MT); NaN without cells.
        mostly_lost: fraction of cells that are matched in less than 20 % of their frames (ML); NaN without cells.
    """

    mota: float
    switches: int
    mostly_tracked: float
    mostly_lost: float


def identities(objects: MovieObjects) -> Indices:
    """Return the number of the cell that each object belongs to, (N,) int64, below the number of tracks.

    A track that is the only child of another is the same cell, seen again after a gap. Daughters are new cells.

    Raises:
        ValueError: the objects were not tracked.
    """
    tracks = objects.known_tracks
    children = Counter(track.parent for track in tracks)
    cell_of: dict[int, int] = {}
    for number, track in enumerate(sorted(tracks, key=lambda track: track.begin)):
        continues = track.parent and children[track.parent] == 1
        cell_of[track.label] = cell_of[track.parent] if continues else number
    numbers = np.array([cell_of[track.label] for track in tracks], np.int64)
    return numbers[objects.track_indices]


def identity_scores(matching: Matching) -> IdentityScores:
    """Pair tracks one-to-one with the largest number of matching objects, and score the pairing.

    Objects match as in `Matching`; a track that continues after a gap counts as one track. Of equally good pairings,
    the one with the most pairs is chosen.

    Raises:
        ValueError: the objects were not tracked.

    References: Ristani et al. (2016), Performance measures and a data set for multi-target, multi-camera tracking,
    doi:10.1007/978-3-319-48881-3_2. Chenouard et al. (2014), Objective comparison of particle tracking methods,
    doi:10.1038/nmeth.2808; there, points match by distance.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> scores = identity_scores(matching)
        >>> scores.idf1, scores.jsc  # 7 of 8 objects keep their identity
        (0.875, 0.7777777777777778)
    """
    reference, result = identities(matching.reference), identities(matching.result)
    detected = matching.matches >= 0
    names = int(result.max(initial=0)) + 1
    codes, frames = np.unique(reference[detected] * names + result[matching.matches[detected]], return_counts=True)
    # The bonus of all pairs together is less than one match, so the number of pairs only breaks ties.
    chosen = best_pairs(*np.divmod(codes, names), frames + 0.5 / (frames.size + 1))
    matches, objects = int(frames[chosen].sum()), len(reference) + len(result)
    tracks = np.unique(reference).size + np.unique(result).size
    joined = int(np.count_nonzero(chosen))
    return IdentityScores(
        _ratio(2 * matches, objects), _ratio(matches, objects - matches), _ratio(joined, tracks - joined)
    )


def mot_scores(matching: Matching) -> MotScores:
    """Return MOTA, the number of identity switches, and the fractions of mostly tracked and mostly lost cells.

    Objects match as in `Matching`; a track that continues after a gap counts as one track. An object that matches k
    reference objects counts as k − 1 errors.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Bernardin and Stiefelhagen (2008), Evaluating multiple object tracking performance: the CLEAR MOT
    metrics, doi:10.1155/2008/246309.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> mot_scores(matching)  # one identity switch in 8 objects
        MotScores(mota=0.875, switches=1, mostly_tracked=1.0, mostly_lost=0.0)
    """
    cells, result = identities(matching.reference), identities(matching.result)
    detected = matching.matches >= 0
    switches = _switches(cells[detected], matching.reference.frames[detected], result[matching.matches[detected]])
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


def _switches(cells: Indices, frames: Indices, matches: Indices) -> int:
    order = np.lexsort((frames, cells))
    same_cell, same_match = (np.diff(one[order]) == 0 for one in (cells, matches))
    return int(np.count_nonzero(same_cell & ~same_match))


def _means(groups: Indices, values: Floats) -> Floats:
    """Return the mean of the values in each group that occurs."""
    _, indices, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(indices, weights=values, minlength=sizes.size) / sizes


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
