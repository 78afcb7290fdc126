"""CT, TF, BC and CCA: whether tracks are whole, and divisions right, as biologists count them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ._matching import Choice, Floats, Matching, Places

if TYPE_CHECKING:  # tracking is built on metrics
    from ..ctc._tracks import Track


def complete_tracks(matching: Matching) -> float:
    """Return CT, the F-score of complete tracks: 2·complete / (tracks of the result + tracks of the reference).

    A reference track is complete when the unique matches of its objects are all of one result track, which begins and
    ends in the same frames.

    Returns:
        0 to 1, 1 is best; NaN without any track.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), An objective comparison of cell-tracking algorithms, doi:10.1038/nmeth.4473.
    """
    wanted, found = matching.reference.known_tracks, matching.result.known_tracks
    followers = _followers(matching)
    first, last = np.full(len(wanted), len(found)), np.full(len(wanted), -1)
    np.minimum.at(first, matching.reference.track_places, followers)
    np.maximum.at(last, matching.reference.track_places, followers)
    complete = sum(
        low == high and (found[high].begin, found[high].end) == (track.begin, track.end)
        for track, low, high in zip(wanted, first, last, strict=True)
        if low >= 0
    )
    total = len(wanted) + len(found)
    return 2 * complete / total if total else math.nan


def track_fractions(matching: Matching) -> float:
    """Return TF, the mean over detected reference tracks of the longest part that one result track follows.

    A part is a run of frames with unique matches of one result track, as a fraction of the frames of the reference
    track. A track of which no part is followed is not detected and does not count. As in the challenge's software, a
    result track that follows a reference track from end to end is not seen to follow others of larger label.

    Returns:
        0 to 1, 1 is best; 0 where no track is detected, NaN for a reference without tracks.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.
    """
    tracks = matching.reference.known_tracks
    if not tracks:
        return math.nan
    followers, followed, fractions = _longest_parts(matching)
    counted = _until_first_whole(followers, fractions)
    best = np.zeros(len(tracks))
    np.maximum.at(best, followed[counted], fractions[counted])
    return float(best[best > 0].mean()) if best.any() else 0.0


def branching_correctness(matching: Matching, tolerance: int) -> float:
    """Return BC(i), the F-score of divisions.

    A division of the result is right when a division of the reference has as many daughters, their mothers end at most
    i frames apart and match uniquely in the earlier one's last frame, and each daughter has a unique match, born at
    most i frames apart, in the later one's first frame.

    Args:
        matching: with tracks on both sides.
        tolerance: i, in frames.

    Returns:
        0 to 1, 1 is best; NaN for a reference without divisions.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.
    """
    wanted, found = _divisions(matching.reference.known_tracks), _divisions(matching.result.known_tracks)
    if not wanted:
        return math.nan
    right: set[int] = set()  # mothers in the result: each division makes one of the reference right, not two
    for division in wanted.values():
        candidates = sorted(_possible_mothers(matching, division.mother, tolerance) & found.keys() - right)
        alike = (label for label in candidates if _alike(matching, division, found[label], tolerance))
        right.update(islice(alike, 1))
    return 2 * len(right) / (len(wanted) + len(found))


def cell_cycle_accuracy(matching: Matching) -> float:
    """Return CCA, 1 − the largest difference of the cumulative distributions of the lengths of cell cycles.

    Cell cycles are the tracks that begin and end with a division.

    Returns:
        0 to 1, 1 is best; 0 for a result without whole cycles, NaN for a reference without any.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Ulman et al. (2017), doi:10.1038/nmeth.4473.
    """
    wanted, found = (_cycles(side.known_tracks) for side in (matching.reference, matching.result))
    if not wanted:
        return math.nan
    if not found:
        return 0.0
    lengths = np.union1d(wanted, found)
    first, second = (np.searchsorted(np.sort(one), lengths, side="right") / len(one) for one in (wanted, found))
    return float(1 - np.abs(first - second).max())


# -------------------------------------------------------------------------------------------------------------- tracks


def _followers(matching: Matching) -> Places:
    """Return the place of the result track that uniquely matches each reference object, (N,); −1 for none."""
    followers = np.full(len(matching.reference), -1)
    followers[matching.unique] = matching.result.track_places[matching.matches[matching.unique]]
    return followers


def _longest_parts(matching: Matching) -> tuple[Places, Places, Floats]:
    """Return result track, reference track and longest part, in the order of both, of all that have a part."""
    order = np.lexsort((matching.reference.frames, matching.reference.track_places))
    followers, followed = _followers(matching)[order], matching.reference.track_places[order]
    begins = np.flatnonzero(np.diff(followers, prepend=-2) | np.diff(followed, prepend=-2))
    runs = np.diff(begins, append=order.size)
    followers, followed = followers[begins], followed[begins]
    fractions = runs / np.bincount(matching.reference.track_places)[followed]
    order = np.lexsort((-fractions, followed, followers))
    followers, followed, fractions = followers[order], followed[order], fractions[order]
    longest = (followers >= 0) & ((np.diff(followers, prepend=-2) | np.diff(followed, prepend=-2)) != 0)
    return followers[longest], followed[longest], fractions[longest]


def _until_first_whole(followers: Places, fractions: Floats) -> Choice:
    """Return which entries come, among those of their follower, no later than the first whole track."""
    before = np.cumsum(fractions == 1) - (fractions == 1)
    begins = np.searchsorted(followers, followers)
    return before == before[begins]


# ----------------------------------------------------------------------------------------------------------- divisions


@dataclass(frozen=True)
class _Division:
    mother: Track
    daughters: list[Track]


def _divisions(tracks: tuple[Track, ...]) -> dict[int, _Division]:
    """Return the divisions by the label of the mother: tracks with two or more children."""
    children: dict[int, list[Track]] = defaultdict(list)
    for track in tracks:
        children[track.parent].append(track)
    return {track.label: _Division(track, children[track.label]) for track in tracks if len(children[track.label]) > 1}


def _possible_mothers(matching: Matching, mother: Track, tolerance: int) -> set[int]:
    """Return the labels of the result's tracks that follow a mother somewhere in her last frames."""
    return {_follower(matching, mother, mother.end - back) for back in range(tolerance + 1)}


def _alike(matching: Matching, wanted: _Division, found: _Division, tolerance: int) -> bool:
    ends = wanted.mother.end, found.mother.end
    if len(wanted.daughters) != len(found.daughters) or abs(ends[0] - ends[1]) > tolerance:
        return False
    if _follower(matching, wanted.mother, min(ends)) != found.mother.label:
        return False
    partners = {_partner(matching, daughter, found.daughters, tolerance) for daughter in wanted.daughters}
    return 0 not in partners and len(partners) == len(wanted.daughters)


def _partner(matching: Matching, daughter: Track, candidates: list[Track], tolerance: int) -> int:
    """Return the label of the daughter in the result that matches one of the reference, 0 for none."""
    for candidate in candidates:
        near = abs(candidate.begin - daughter.begin) <= tolerance
        if near and _follower(matching, daughter, max(candidate.begin, daughter.begin)) == candidate.label:
            return candidate.label
    return 0


def _follower(matching: Matching, track: Track, frame: int) -> int:
    """Return the label of the result object that uniquely matches a reference track in a frame, 0 for none."""
    if not track.begin <= frame <= track.end:
        return 0
    place = matching.reference.find(frame, track.label)
    return int(matching.result.labels[matching.matches[place]]) if matching.unique[place] else 0


def _cycles(tracks: tuple[Track, ...]) -> list[int]:
    """Return the lengths of the tracks that begin and end with a division."""
    divisions = _divisions(tracks)
    return [track.end - track.begin for track in tracks if track.label in divisions and track.parent in divisions]
