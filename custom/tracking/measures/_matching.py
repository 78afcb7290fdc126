"""The objects of a result and of its reference, and their matches, from which all measures of tracks are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..ctc._format import Track

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MovieObjects:
    """N objects of a movie, sorted by (frame, label), and their tracks.

    Attributes:
        frames: (N,) int64, frame of each object.
        labels: (N,) int64, label of each object in its frame.
        areas: (N,) float64, in pixels or voxels.
        centroids: (N, D) float64, in pixels: (row, column) or (slice, row, column).
        tracks: tracks in ascending order of their labels; every label belongs to a track and occurs exactly in the
            frames of that track. None if the objects were not tracked; equal labels then have no meaning.
    """

    frames: Indices
    labels: Indices
    areas: Floats
    centroids: Floats
    tracks: tuple[Track, ...] | None

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.frames)

    @property
    def known_tracks(self) -> tuple[Track, ...]:
        """The tracks.

        Raises:
            ValueError: the objects were not tracked.
        """
        if self.tracks is None:
            raise ValueError("the objects were not tracked: there are no tracks to measure")
        return self.tracks

    @cached_property
    def track_indices(self) -> Indices:
        """The index of the track of each object, (N,) int64."""
        return np.searchsorted([track.label for track in self.known_tracks], self.labels).astype(np.int64)

    def find(self, frame: int, label: int) -> int:
        """Return the index of an existing object."""
        start, stop = np.searchsorted(self.frames, (frame, frame + 1))
        return int(start + np.searchsorted(self.labels[start:stop], label))


@dataclass(frozen=True, eq=False)
class Overlaps:
    """P pairs of a reference object and a result object that share pixels, sorted by reference, then result object.

    Attributes:
        reference: (P,) int64, indices of the reference objects in their `MovieObjects`.
        result: (P,) int64, indices of the result objects in their `MovieObjects`.
        pixels: (P,) float64, number of shared pixels.
    """

    reference: Indices
    result: Indices
    pixels: Floats


@dataclass(frozen=True, eq=False)
class Matching:
    """The objects of a result and of its reference, and their overlaps.

    A result object matches a reference object if it covers more than half of it, as in the Cell Tracking Challenge. A
    reference object therefore has at most one match; a result object can match several reference objects. The reference
    may contain markers that are smaller than the cells.

    Attributes:
        reference: the true objects.
        result: the objects of the result.
        overlaps: the overlaps between both.

    Reference: Matula et al. (2015), doi:10.1371/journal.pone.0144959.
    """

    reference: MovieObjects
    result: MovieObjects
    overlaps: Overlaps

    @cached_property
    def matched(self) -> Booleans:
        """Whether each overlap is a match, (P,) bool."""
        return self.overlaps.pixels > 0.5 * self.reference.areas[self.overlaps.reference]

    @cached_property
    def matches(self) -> Indices:
        """The index of the result object that matches each reference object, (N,) int64; −1 for none."""
        indices = np.full(len(self.reference), -1)
        indices[self.overlaps.reference[self.matched]] = self.overlaps.result[self.matched]
        return indices

    @cached_property
    def covered(self) -> Indices:
        """The number of reference objects that each result object matches, (M,) int64."""
        return np.bincount(self.overlaps.result[self.matched], minlength=len(self.result))

    @cached_property
    def unique(self) -> Booleans:
        """Whether each reference object is matched by an object that matches no other, (N,) bool."""
        found = self.matches >= 0
        found[found] = self.covered[self.matches[found]] == 1
        return found


def join_matchings(matchings: Sequence[Matching]) -> Matching:
    """Concatenate several movies into one, with shifted frame numbers and labels, to score them together.

    Args:
        matchings: at least one; all must have the same number of axes.

    Returns:
        One matching; the reference or the result has no tracks if it has none in any of the movies.
    """
    shifts = _frame_shifts(matchings)
    references = _join([matching.reference for matching in matchings], shifts)
    results = _join([matching.result for matching in matchings], shifts)
    reference_starts = np.cumsum([0] + [len(matching.reference) for matching in matchings])
    result_starts = np.cumsum([0] + [len(matching.result) for matching in matchings])
    overlaps = Overlaps(
        np.concatenate([m.overlaps.reference + start for m, start in zip(matchings, reference_starts, strict=False)]),
        np.concatenate([m.overlaps.result + start for m, start in zip(matchings, result_starts, strict=False)]),
        np.concatenate([m.overlaps.pixels for m in matchings]),
    )
    return Matching(references, results, overlaps)


def _frame_shifts(matchings: Sequence[Matching]) -> list[int]:
    """Return the shift of the frame numbers of each movie."""
    ends = [
        max((int(side.frames[-1]) + 1 for side in (matching.reference, matching.result) if len(side)), default=0)
        for matching in matchings
    ]
    return np.cumsum([0, *ends[:-1]]).tolist()


def _join(movies: Sequence[MovieObjects], frame_shifts: Sequence[int]) -> MovieObjects:
    ends = [int(movie.labels.max(initial=0)) for movie in movies]
    label_shifts = np.cumsum([0, *ends[:-1]]).tolist()
    shifted = list(zip(movies, frame_shifts, label_shifts, strict=True))
    tracks: tuple[Track, ...] | None = None
    if all(movie.tracks is not None for movie in movies):
        tracks = tuple(_shifted(track, frames, labels) for m, frames, labels in shifted for track in m.known_tracks)
    return MovieObjects(
        np.concatenate([movie.frames + frames for movie, frames, _ in shifted]),
        np.concatenate([movie.labels + labels for movie, _, labels in shifted]),
        np.concatenate([movie.areas for movie in movies]),
        np.concatenate([movie.centroids for movie in movies]),
        tracks,
    )


def _shifted(track: Track, frames: int, labels: int) -> Track:
    parent = track.parent and track.parent + labels
    return replace(track, label=track.label + labels, begin=track.begin + frames, end=track.end + frames, parent=parent)
