"""HOTA: detection and association accuracy in one number, for one or many overlap thresholds."""

from __future__ import annotations

import math

import numpy as np

from ..linking._assignment import best_pairs
from ._identity import identities
from ._matching import Booleans, Floats, Indices, Matching, Overlaps

HOTA_THRESHOLDS = tuple(np.arange(1, 20) * 0.05)
"""IoU thresholds of HOTA, 0.05 to 0.95."""


def hota(matching: Matching) -> float:
    """Return HOTA, the mean of √(detection accuracy · association accuracy) over 19 IoU thresholds.

    Objects are paired one-to-one in each frame, with preference for tracks that overlap in many frames. At a threshold
    α, pairs with an IoU of at least α are matches. DetA = matches / (objects in result or reference); AssA is the mean
    over all matches of the Jaccard index of their two tracks. A track that continues after a gap counts as one track.
    The reference must contain whole cells: markers overlap too little with cells.

    Returns:
        0 to 1, 1 is best; NaN without objects.

    Raises:
        ValueError: the objects were not tracked.

    Reference: Luiten et al. (2021), HOTA: a higher order metric for evaluating multi-object tracking,
    doi:10.1007/s11263-020-01375-2, and its software, TrackEval.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> round(hota(matching), 4)  # all objects match; association (4·1 + 3·3/4 + 1·1/4) / 8
        0.9014
    """
    pairs = matching.overlaps
    union = matching.reference.areas[pairs.reference] + matching.result.areas[pairs.result] - pairs.pixels
    return _hota(matching, pairs, pairs.pixels / union, HOTA_THRESHOLDS)


def coverage_hota(matching: Matching) -> float:
    """Return HOTA with the matching criterion of the Cell Tracking Challenge, see `Matching`.

    The reference may contain markers. If one object covers several reference objects, only one of them matches.
    Returns and errors as `hota`.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> round(coverage_hota(matching), 4)
        0.9014
    """
    matched, covered = matching.matched, matching.overlaps
    pairs = Overlaps(covered.reference[matched], covered.result[matched], covered.pixels[matched])
    return _hota(matching, pairs, np.ones(pairs.pixels.size), (1.0,))


def _hota(matching: Matching, pairs: Overlaps, similarity: Floats, thresholds: tuple[float, ...]) -> float:
    reference, result = identities(matching.reference), identities(matching.result)
    if not reference.size + result.size:
        return math.nan
    tracks = _TrackPairs(reference, result, pairs)
    chosen = _pair_in_each_frame(matching, pairs, tracks.alignment(_shares(pairs, similarity)) * similarity)
    scores = []
    for threshold in thresholds:
        matches = chosen & (similarity >= threshold - np.finfo(np.float64).eps)
        total = int(np.count_nonzero(matches))
        detection = total / (reference.size + result.size - total)
        association = tracks.jaccard(matches)[matches].mean() if total else 0.0
        scores.append(math.sqrt(detection * association))
    return float(np.mean(scores))


class _TrackPairs:
    """The pair of tracks that each pair of objects belongs to, and the agreement of the two tracks."""

    def __init__(self, reference: Indices, result: Indices, pairs: Overlaps) -> None:
        first, second = reference[pairs.reference], result[pairs.result]
        self.objects = np.bincount(reference)[first] + np.bincount(result)[second]
        _, self.indices = np.unique(first * (result.max(initial=0) + 1) + second, return_inverse=True)

    def alignment(self, weights: Floats) -> Floats:
        """Return the Jaccard index of the tracks of each pair, (P,), with the weight of each pair, (P,)."""
        shared = np.bincount(self.indices, weights=weights)[self.indices] if weights.size else weights
        return shared / (self.objects - shared)

    def jaccard(self, matches: Booleans) -> Floats:
        """Return the Jaccard index of the tracks of each pair, (P,); each match, (P,) bool, has the weight 1."""
        return self.alignment(matches.astype(np.float64))


def _shares(pairs: Overlaps, similarity: Floats) -> Floats:
    """Return the similarity of each pair relative to the total similarity of its two objects."""
    if not similarity.size:
        return similarity
    first = np.bincount(pairs.reference, weights=similarity)[pairs.reference]
    second = np.bincount(pairs.result, weights=similarity)[pairs.result]
    return similarity / (first + second - similarity)


def _pair_in_each_frame(matching: Matching, pairs: Overlaps, scores: Floats) -> Booleans:
    """Return the one-to-one pairs of each frame with the largest total score, (P,) bool."""
    frames = matching.reference.frames[pairs.reference]
    cuts = np.flatnonzero(np.diff(frames)) + 1
    parts = zip(*(np.split(one, cuts) for one in (pairs.reference, pairs.result, scores)), strict=True)
    return np.concatenate([best_pairs(*part) for part in parts])
