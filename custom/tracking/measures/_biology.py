"""CT, TF, BC and CCA, the biological measures of the Cell Tracking Challenge: complete tracks and divisions."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..ctc._format import Track
from ._matching import Booleans, Floats, Indices, Matching


def complete_tracks(matching: Matching) -> float:
    """Return CT, the F-score of complete tracks: 2·complete / (tracks of the result + tracks of the reference).

    A reference track is complete if its objects are uniquely matched by objects of one result track, which begins and
    ends in the same frames.

    Returns:
        0 to 1, 1 is best; NaN without any track.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), An objective comparison of cell-tracking algorithms, doi:10.1038/nmeth.4473.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> complete_tracks(matching)  # one of two true tracks; 2·1 / (2 + 3)
        0.4
    """
    reference, result = matching.reference.known_tracks, matching.result.known_tracks
    followers = _matched_tracks(matching)
    first, last = np.full(len(reference), len(result)), np.full(len(reference), -1)
    np.minimum.at(first, matching.reference.track_indices, followers)
    np.maximum.at(last, matching.reference.track_indices, followers)
    complete = sum(
        low == high and (result[high].begin, result[high].end) == (track.begin, track.end)
        for track, low, high in zip(reference, first, last, strict=True)
        if low >= 0
    )
    total = len(reference) + len(result)
    return float(2 * complete / total) if total else math.nan


def track_fractions(matching: Matching) -> float:
    """Return TF, the mean over all detected reference tracks of the longest fraction that one result track follows.

    The fraction is the number of consecutive frames with unique matches by one result track, divided by the number of
    frames of the reference track. A track without any match is not detected and is not counted. As in the software of
    the challenge, a result track that follows a whole reference track is not counted for reference tracks with larger
    labels.

    Returns:
        0 to 1, 1 is best; 0 if no track is detected, NaN for a reference without tracks.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> track_fractions(matching)  # (4/4 + 3/4) / 2
        0.875
    """
    tracks = matching.reference.known_tracks
    if not tracks:
        return math.nan
    result_tracks, reference_tracks, fractions = _longest_runs(matching)
    counted = _until_first_complete(result_tracks, fractions)
    best = np.zeros(len(tracks))
    np.maximum.at(best, reference_tracks[counted], fractions[counted])
    return float(best[best > 0].mean()) if best.any() else 0.0


def branching_correctness(matching: Matching, tolerance: int) -> float:
    """Return BC(i), the F-score of divisions.

    A division of the result is correct if a division of the reference has the same number of daughters, the mothers end
    at most i frames apart and match uniquely in the last frame of the earlier mother, and the daughters can be paired:
    each pair begins at most i frames apart and matches uniquely in the first frame of the later daughter.

    Args:
        matching: result and reference, both tracked.
        tolerance: i, in frames.

    Returns:
        0 to 1, 1 is best; NaN for a reference without divisions.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> masks = sequence_of([np.array([[0, 1, 1, 1, 0]]), np.array([[2, 2, 0, 3, 3]])])
        >>> tracks = [Track(1, 0, 0), Track(2, 1, 1, parent=1), Track(3, 1, 1, parent=1)]
        >>> matching = score_sequence(masks, tracks, masks, tracks).matching
        >>> branching_correctness(matching, tolerance=0)
        1.0
    """
    reference, result = _divisions(matching.reference.known_tracks), _divisions(matching.result.known_tracks)
    if not reference:
        return math.nan
    correct: set[int] = set()  # mothers in the result; each division of the result counts once
    for division in reference.values():
        candidates = sorted(_possible_mothers(matching, division.mother, tolerance) & result.keys() - correct)
        matches = (label for label in candidates if _divisions_match(matching, division, result[label], tolerance))
        correct.update(islice(matches, 1))
    return 2 * len(correct) / (len(reference) + len(result))


def cell_cycle_accuracy(matching: Matching) -> float:
    """Return CCA, 1 − the largest difference between the cumulative distributions of cell cycle lengths.

    Cell cycles are tracks that begin and end with a division.

    Returns:
        0 to 1, 1 is best; 0 for a result without complete cycles, NaN for a reference without complete cycles.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> masks = sequence_of([np.array([row]) for row in ([1, 1, 1, 1], [2, 2, 0, 3], [4, 5, 0, 3])])
        >>> tracks = [Track(1, 0, 0), Track(2, 1, 1, 1), Track(3, 1, 2, 1), Track(4, 2, 2, 2), Track(5, 2, 2, 2)]
        >>> cell_cycle_accuracy(score_sequence(masks, tracks, masks, tracks).matching)  # one cycle, track 2
        1.0
    """
    reference, result = (_cell_cycle_lengths(side.known_tracks) for side in (matching.reference, matching.result))
    if not reference:
        return math.nan
    if not result:
        return 0.0
    lengths = np.union1d(reference, result)
    first, second = (np.searchsorted(np.sort(one), lengths, side="right") / len(one) for one in (reference, result))
    return float(1 - np.abs(first - second).max())


# -------------------------------------------------------------------------------------------------------------- tracks


def _matched_tracks(matching: Matching) -> Indices:
    """Return the index of the result track that uniquely matches each reference object, (N,) int64; −1 for none."""
    tracks = np.full(len(matching.reference), -1)
    tracks[matching.unique] = matching.result.track_indices[matching.matches[matching.unique]]
    return tracks


def _longest_runs(matching: Matching) -> tuple[Indices, Indices, Floats]:
    """Return the longest run of matches of each pair of tracks, sorted by result track, then reference track.

    Returns:
        Indices of the result tracks and of the reference tracks, and the runs as fractions of the reference tracks.
    """
    order = np.lexsort((matching.reference.frames, matching.reference.track_indices))
    result, reference = _matched_tracks(matching)[order], matching.reference.track_indices[order]
    begins = np.flatnonzero(np.diff(result, prepend=-2) | np.diff(reference, prepend=-2))
    runs = np.diff(begins, append=order.size)
    result, reference = result[begins], reference[begins]
    fractions = runs / np.bincount(matching.reference.track_indices)[reference]
    order = np.lexsort((-fractions, reference, result))
    result, reference, fractions = result[order], reference[order], fractions[order]
    longest = (result >= 0) & ((np.diff(result, prepend=-2) | np.diff(reference, prepend=-2)) != 0)
    return result[longest], reference[longest], fractions[longest]


def _until_first_complete(result_tracks: Indices, fractions: Floats) -> Booleans:
    """Return for each entry whether no earlier entry of the same result track has the fraction 1."""
    before = np.cumsum(fractions == 1) - (fractions == 1)
    begins = np.searchsorted(result_tracks, result_tracks)
    return before == before[begins]


# ----------------------------------------------------------------------------------------------------------- divisions


@dataclass(frozen=True)
class _Division:
    mother: Track
    daughters: list[Track]


def _divisions(tracks: tuple[Track, ...]) -> dict[int, _Division]:
    """Return mother label → division, for all tracks with two or more children."""
    children: dict[int, list[Track]] = defaultdict(list)
    for track in tracks:
        children[track.parent].append(track)
    return {track.label: _Division(track, children[track.label]) for track in tracks if len(children[track.label]) > 1}


def _possible_mothers(matching: Matching, mother: Track, tolerance: int) -> set[int]:
    """Return the labels of the result tracks that match a mother in one of her last frames."""
    return {_matched_label(matching, mother, mother.end - back) for back in range(tolerance + 1)}


def _divisions_match(matching: Matching, reference: _Division, result: _Division, tolerance: int) -> bool:
    ends = reference.mother.end, result.mother.end
    if len(reference.daughters) != len(result.daughters) or abs(ends[0] - ends[1]) > tolerance:
        return False
    if _matched_label(matching, reference.mother, min(ends)) != result.mother.label:
        return False
    matched = {_matched_daughter(matching, daughter, result.daughters, tolerance) for daughter in reference.daughters}
    return 0 not in matched and len(matched) == len(reference.daughters)


def _matched_daughter(matching: Matching, daughter: Track, candidates: list[Track], tolerance: int) -> int:
    """Return the label of the result daughter that matches a reference daughter, 0 for none."""
    for candidate in candidates:
        near = abs(candidate.begin - daughter.begin) <= tolerance
        if near and _matched_label(matching, daughter, max(candidate.begin, daughter.begin)) == candidate.label:
            return candidate.label
    return 0


def _matched_label(matching: Matching, track: Track, frame: int) -> int:
    """Return the label of the result object that uniquely matches a reference track in a frame, 0 for none."""
    if not track.begin <= frame <= track.end:
        return 0
    index = matching.reference.find(frame, track.label)
    return int(matching.result.labels[matching.matches[index]]) if matching.unique[index] else 0


def _cell_cycle_lengths(tracks: tuple[Track, ...]) -> list[int]:
    """Return the lengths of the tracks that begin and end with a division."""
    divisions = _divisions(tracks)
    return [track.end - track.begin for track in tracks if track.label in divisions and track.parent in divisions]
