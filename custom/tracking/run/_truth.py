"""The truth of a movie in a data set of the Cell Tracking Challenge."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...errors import InputError
from ..ctc._format import Track
from ..ctc._sequences import LabelSequence, open_labels, open_truth, without_margin
from ._movies import Movie


class MovieTruth(NamedTuple):
    """The truth of a movie; missing parts are None.

    Attributes:
        markers: markers of all cells in all frames, with the labels of their tracks.
        tracks: the tracks of the markers.
        outlines: gold segmentation truth: some or all cells in some frames.
        silver: silver segmentation truth: cells in some or all frames.
    """

    markers: LabelSequence | None
    tracks: list[Track]
    outlines: LabelSequence | None
    silver: LabelSequence | None

    def has_cells_in_margin(self, frames: range, margin: int) -> bool:
        """Return whether cells are completely inside a margin, so that a result without the margin misses them.

        Args:
            frames: frames of the movie.
            margin: in pixels, as in `without_margin`.
        """
        labels = self.outlines if self.markers is None else self.markers
        if labels is None or not margin:
            return False
        inside = without_margin(labels, margin)
        return any(
            labels.read(frame).astype(bool).sum() > inside.read(frame).astype(bool).sum()
            for frame in labels.frames
            if frame in frames
        )


def open_movie_truth(movie: Movie, data_set: Path) -> MovieTruth:
    """Open the truth of a movie: for ``01``, the folder ``01_GT`` and, if it exists, ``01_ST``.

    Args:
        movie: the frames to score.
        data_set: folder with the truth folders.

    Raises:
        InputError: there is no gold truth of these frames, markers of some of the frames are missing, or something
            cannot be read.
    """
    gold, silver = (data_set / f"{movie.name}_{kind}" for kind in ("GT", "ST"))
    markers, tracks, outlines = open_truth(gold)
    span = f"frames {movie.frames[0]} to {movie.frames[-1]}"
    if markers is not None:
        absent = sorted(set(movie.frames) - set(markers.frames))
        if absent:
            expected = f"an image of every frame to score, {span}; --frames selects a part of a movie"
            raise InputError.about(gold / "TRA", f"no markers of frame {absent[0]}", expected)
    elif not _has_frames_of(outlines, movie):
        raise InputError.about(gold, f"no truth of {span}", "at least one frame to score")
    found_silver = open_labels(silver) if silver.is_dir() else None
    return MovieTruth(markers, tracks, outlines, found_silver if _has_frames_of(found_silver, movie) else None)


def _has_frames_of(labels: LabelSequence | None, movie: Movie) -> bool:
    return labels is not None and not set(labels.frames).isdisjoint(movie.frames)
