"""HOTA: detection and association in one number, at one or many demands on the overlap."""

from __future__ import annotations

import math

import numpy as np

from ..linking._best_pairs import best_pairs
from ._links import identities
from ._matching import Choice, Floats, Matching, Overlaps, Places

HOTA_THRESHOLDS = tuple(np.arange(1, 20) * 0.05)
"""The IoU at which objects match, 0.05 to 0.95."""


def hota(matching: Matching) -> float:
    """Return HOTA, the mean over 19 thresholds of the IoU of √(detection accuracy · association accuracy).

    Objects are paired one-to-one in each frame, tracks that overlap for long first. At a threshold α, the pairs with an
    IoU of α or more are the matches: DetA = matches / objects in either; AssA is the mean over the matches of the
    Jaccard index of their two tracks. A track that goes on after a gap is one. The reference has to show whole cells:
    markers overlap little with them.

    Returns:
        0 to 1, 1 is best; NaN without objects.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Luiten et al. (2021), HOTA: a higher order metric for evaluating multi-object tracking,
    doi:10.1007/s11263-020-01375-2, and its software, TrackEval.
    """
    pairs = matching.overlaps
    union = matching.reference.areas[pairs.reference] + matching.result.areas[pairs.result] - pairs.pixels
    return _hota(matching, pairs, pairs.pixels / union, HOTA_THRESHOLDS)


def coverage_hota(matching: Matching) -> float:
    """Return HOTA with one threshold: objects match as in `Matching`, so that the reference may be markers.

    Arguments, returns and errors as `hota`. Of several reference objects that one object covers, one matches.
    """
    matched, covered = matching.matched, matching.overlaps
    pairs = Overlaps(covered.reference[matched], covered.result[matched], covered.pixels[matched])
    return _hota(matching, pairs, np.ones(pairs.pixels.size), (1.0,))


def _hota(matching: Matching, pairs: Overlaps, similarity: Floats, thresholds: tuple[float, ...]) -> float:
    wanted, found = identities(matching.reference), identities(matching.result)
    if not wanted.size + found.size:
        return math.nan
    tracks = _TrackPairs(wanted, found, pairs)
    chosen = _pair_in_each_frame(matching, pairs, tracks.alignment(_shares(pairs, similarity)) * similarity)
    scores = []
    for threshold in thresholds:
        matches = chosen & (similarity >= threshold - np.finfo(np.float64).eps)
        total = int(np.count_nonzero(matches))
        detection = total / (wanted.size + found.size - total)
        association = tracks.jaccard(matches)[matches].mean() if total else 0.0
        scores.append(math.sqrt(detection * association))
    return float(np.mean(scores))


class _TrackPairs:
    """The tracks of each pair of objects, and how well the two agree."""

    def __init__(self, wanted: Places, found: Places, pairs: Overlaps) -> None:
        first, second = wanted[pairs.reference], found[pairs.result]
        self.objects = np.bincount(wanted)[first] + np.bincount(found)[second]
        _, self.places = np.unique(first * (found.max(initial=0) + 1) + second, return_inverse=True)

    def alignment(self, weights: Floats) -> Floats:
        """Return for each pair (P,) the Jaccard index of its tracks, from how much each pair counts, (P,)."""
        shared = np.bincount(self.places, weights=weights)[self.places] if weights.size else weights
        return shared / (self.objects - shared)

    def jaccard(self, matches: Choice) -> Floats:
        """Return for each pair (P,) the Jaccard index of its tracks, where the `matches`, (P,), count one each."""
        return self.alignment(matches.astype(np.float64))


def _shares(pairs: Overlaps, similarity: Floats) -> Floats:
    """Return the similarity of each pair relative to all that its two objects have."""
    if not similarity.size:
        return similarity
    first = np.bincount(pairs.reference, weights=similarity)[pairs.reference]
    second = np.bincount(pairs.result, weights=similarity)[pairs.result]
    return similarity / (first + second - similarity)


def _pair_in_each_frame(matching: Matching, pairs: Overlaps, scores: Floats) -> Choice:
    """Return the one-to-one pairs of each frame with the largest sum of scores, (P,) bool."""
    frames = matching.reference.frames[pairs.reference]
    cuts = np.flatnonzero(np.diff(frames)) + 1
    parts = zip(*(np.split(one, cuts) for one in (pairs.reference, pairs.result, scores)), strict=True)
    return np.concatenate([best_pairs(*part) for part in parts])
