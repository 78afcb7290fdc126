"""Matching of a result to its truth, frame by frame, with a check that track lists and masks agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import InputError
from ...metrics import contingency_table
from ..ctc._format import Track
from ..linking._regions import Regions, measure_regions
from ._matching import Matching, MovieObjects, Overlaps

_REPAIR_HINT = "`python -m custom.tracking validate FOLDER --repair` makes unambiguous corrections"


class Matcher:
    """Matches masks frame by frame; only measurements are kept in memory."""

    def __init__(self) -> None:
        self._reference, self._result = _MeasuredObjects(), _MeasuredObjects()
        self._overlaps: list[Overlaps] = []

    def add(self, frame: int, labels: np.ndarray, reference: np.ndarray) -> None:
        """Add a frame, later than all previous frames.

        Args:
            frame: frame number.
            labels: mask of the result, (H, W) or (Z, H, W) unsigned integer.
            reference: mask of the truth, same shape.
        """
        table = contingency_table(labels, reference)
        table = table.where((table.labels > 0) & (table.reference > 0))
        reference_indices = self._reference.add(frame, measure_regions(reference), table.reference)
        result_indices = self._result.add(frame, measure_regions(labels), table.labels)
        self._overlaps.append(Overlaps(reference_indices, result_indices, table.counts))

    def finish(self, reference: tuple[str, Sequence[Track]], result: tuple[str, Sequence[Track] | None]) -> Matching:
        """Return the matching of all frames; at least one frame is required.

        Args:
            reference: name of the truth in messages, and its tracks.
            result: name of the result in messages, and its tracks; None if it was not tracked.

        Raises:
            InputError: tracks and masks contradict each other.
        """
        overlaps = Overlaps(
            np.concatenate([part.reference for part in self._overlaps]),
            np.concatenate([part.result for part in self._overlaps]),
            np.concatenate([part.pixels for part in self._overlaps]),
        )
        return Matching(self._reference.objects(*reference), self._result.objects(*result), overlaps)


class _MeasuredObjects:
    """The objects of the result or of the reference in the frames added so far."""

    def __init__(self) -> None:
        self._frames: list[np.ndarray] = []
        self._regions: list[Regions] = []
        self._count = 0

    def add(self, frame: int, regions: Regions, labels: np.ndarray) -> np.ndarray:
        """Add the objects of a frame, and return the indices of the given labels, int64."""
        indices = self._count + np.searchsorted(regions.labels, labels)
        self._frames.append(np.full(len(regions), frame))
        self._regions.append(regions)
        self._count += len(regions)
        return indices

    def objects(self, name: str, tracks: Sequence[Track] | None) -> MovieObjects:
        frames = np.concatenate(self._frames)
        labels = np.concatenate([regions.labels for regions in self._regions])
        if tracks is not None:
            _check_tracks(name, tracks, frames, labels)
        return MovieObjects(
            frames,
            labels,
            np.concatenate([regions.areas for regions in self._regions]),
            np.concatenate([regions.centroids for regions in self._regions]),
            None if tracks is None else tuple(sorted(tracks)),
        )


def _check_tracks(name: str, tracks: Sequence[Track], frames: np.ndarray, labels: np.ndarray) -> None:
    """Raise InputError unless each label is listed once with exactly its frames, and parents end before children."""
    listed = {track.label: track for track in tracks}
    if len(listed) < len(tracks):
        raise _contradiction(name, "a label twice in the list of tracks", "each once")
    order = np.lexsort((frames, labels))
    names, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    first, last = frames[order][starts], frames[order][starts + counts - 1]
    seen = dict(zip(names.tolist(), zip(first.tolist(), last.tolist(), counts.tolist(), strict=True), strict=True))
    for label in sorted(seen.keys() | listed.keys()):
        track = listed.get(label)
        if track is None:
            raise _contradiction(name, f"label {label} in frame {seen[label][0]}", "each label in the list of tracks")
        if seen.get(label) != (track.begin, track.end, track.end - track.begin + 1):
            expected = f"it in each frame from {track.begin} to {track.end}, as listed, and in no other"
            raise _contradiction(name, f"label {label} in {_frames_text(seen.get(label))}", expected)
        parent = listed.get(track.parent)
        if track.parent and (parent is None or parent.end >= track.begin):
            raise _contradiction(name, f"{track.parent} as parent of {label}", "a listed track that ends before it")


def _frames_text(seen: tuple[int, int, int] | None) -> str:
    if seen is None:
        return "no frame"
    first, last, count = seen
    return f"frame {first}" if count == 1 else f"{count} frames from {first} to {last}"


def _contradiction(name: str, found: str, expected: str) -> InputError:
    return InputError.about(name, found, f"{expected}; {_REPAIR_HINT}")
