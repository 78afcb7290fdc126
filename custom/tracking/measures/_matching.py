"""The objects of a movie and of its reference, and which of them match: what every measure of tracks starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # tracking is built on metrics
    from ..ctc._tracks import Track

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Choice = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MovieObjects:
    """N objects of a movie, in the order of (frame, label), with the tracks that their labels name.

    Attributes:
        frames: (N,) int64, the frame that each object is in.
        labels: (N,) int64, its label there.
        areas: (N,) float64, in pixels, or voxels.
        centroids: (N, D) float64, in pixels: (row, column) or (slice, row, column).
        tracks: in ascending order of their labels; every label is one of them, and is in each of the track's frames
            and in no other. None where the objects were not tracked, so that equal labels mean nothing.
    """

    frames: Places
    labels: Places
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
    def track_places(self) -> Places:
        """The place of each object's track among the tracks, (N,) int64."""
        return np.searchsorted([track.label for track in self.known_tracks], self.labels).astype(np.int64)

    def find(self, frame: int, label: int) -> int:
        """Return the place of an object that is there."""
        start, stop = np.searchsorted(self.frames, (frame, frame + 1))
        return int(start + np.searchsorted(self.labels[start:stop], label))


@dataclass(frozen=True, eq=False)
class Overlaps:
    """P pairs of a reference object and a result object that share pixels, in the order of the former, then the latter.

    Attributes:
        reference: (P,) int64, places of the reference objects in their `MovieObjects`.
        result: (P,) int64, places of the result objects in theirs.
        pixels: (P,) float64, how many they share.
    """

    reference: Places
    result: Places
    pixels: Floats


@dataclass(frozen=True, eq=False)
class Matching:
    """A movie's result beside its reference.

    A result object matches a reference object when it covers more than half of it, as in the Cell Tracking Challenge.
    So a reference object has at most one match, and a result object that covers several matches each of them. The
    reference may be markers that are smaller than the cells.

    Attributes:
        reference: the true objects.
        result: the objects of the result.
        overlaps: their pairs.
    """

    reference: MovieObjects
    result: MovieObjects
    overlaps: Overlaps

    @cached_property
    def matched(self) -> Choice:
        """Which overlaps are matches, (P,) bool."""
        return self.overlaps.pixels > 0.5 * self.reference.areas[self.overlaps.reference]

    @cached_property
    def matches(self) -> Places:
        """The place of the result object that matches each reference object, (N,) int64; −1 for none."""
        places = np.full(len(self.reference), -1)
        places[self.overlaps.reference[self.matched]] = self.overlaps.result[self.matched]
        return places

    @cached_property
    def covered(self) -> Places:
        """How many reference objects each result object matches, (M,) int64."""
        return np.bincount(self.overlaps.result[self.matched], minlength=len(self.result))

    @cached_property
    def unique(self) -> Choice:
        """Which reference objects are matched by an object that matches no other, (N,) bool."""
        found = self.matches >= 0
        found[found] = self.covered[self.matches[found]] == 1
        return found


def join_matchings(matchings: Sequence[Matching]) -> Matching:
    """Return several movies as if each began after the last one's end, with other labels: to score them together.

    Args:
        matchings: at least one, all of images with as many axes.

    Returns:
        One matching; a side is without tracks where it is in any of them.
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
    """Return what is added to the frames of each movie."""
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
