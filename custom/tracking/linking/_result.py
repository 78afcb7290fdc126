"""What the linking gives: tracks, where they are, how sure each link is, and what merged."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..ctc._tracks import Track
from ._graph import Graph, Origin
from ._merges import Meeting
from ._regions import Indices

_KINDS = {Origin.MOVE: "move", Origin.GAP: "gap", Origin.DIVISION: "division"}


class Link(NamedTuple):
    """A cell and what it is next.

    Attributes:
        frame: of the earlier cell.
        label: its track.
        next_frame: of the later cell, ``frame`` + 1 unless it is a gap.
        next_label: its track, the same in a move, a child otherwise.
        confidence: 0 to 1, against the best that either of the two could be linked to instead, or to nothing.
        kind: move, gap or division.
    """

    frame: int
    label: int
    next_frame: int
    next_label: int
    confidence: float
    kind: str


class Merge(NamedTuple):
    """Two cells that have one label in the masks for some frames, and separate again.

    Attributes:
        frame: the first of these frames.
        labels: the tracks of the two in the frame before.
        into: the track of the one in these frames.
        until: the last of these frames.
    """

    frame: int
    labels: tuple[int, int]
    into: int
    until: int


@dataclass
class Tracking:
    """The tracks of a movie.

    Attributes:
        tracks: labelled 1 to N, in the order of their first frames.
        labels: frame → {label in the input mask → track label}; an input label that was left out is absent.
        links: in the order of the later cells, frame by frame.
        merges: in the order of their ends.
        centroids: frame → {track label → (row, column) or (slice, row, column), in pixels}.
    """

    tracks: list[Track]
    labels: dict[int, dict[int, int]]
    links: list[Link]
    merges: list[Merge]
    centroids: dict[int, dict[int, tuple[float, ...]]]


def tracking_of(
    graph: Graph, frames: Sequence[int], meetings: Sequence[tuple[Meeting, int]], min_length: int
) -> Tracking:
    """Return the tracks of a graph, without lonely ones that are shorter than `min_length`.

    Args:
        graph: the cells and where they come from.
        frames: the frame numbers.
        meetings: merged cells that have separated, each with the index of the last frame of the merge.
        min_length: in frames.
    """
    track_of = _tracks_of_cells(graph)
    heads = np.flatnonzero(graph.origins != Origin.MOVE)
    begins, ends = graph.frames[heads], np.zeros(heads.size, np.int64)
    np.maximum.at(ends, track_of, graph.frames)
    sources = graph.sources[heads]
    parents = np.where(sources < 0, -1, track_of[sources])
    kept = ~_spurious(begins, ends, parents, len(frames) - 1, min_length)
    names = np.where(kept, np.cumsum(kept), 0)  # 0 for what is left out
    numbers = np.asarray(frames, np.int64)
    lines = np.stack((names, numbers[begins], numbers[ends], np.where(parents < 0, 0, names[parents])), axis=1)
    name_of = names[track_of]
    with _without_collection():
        return Tracking(
            tracks=[Track(*line) for line in lines[kept].tolist()],
            labels=_labels(graph, frames, name_of),
            links=_links(graph, numbers, name_of),
            merges=_merges(graph, frames, meetings, name_of),
            centroids=_centroids(graph, frames, name_of),
        )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Make a million small objects without the garbage collector, which would look through them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _tracks_of_cells(graph: Graph) -> Indices:
    """Return for each cell the place of its track, which begins wherever a cell is no move."""
    moves = graph.origins == Origin.MOVE
    places = np.cumsum(~moves) - 1
    for first, end in pairwise(graph.offsets.tolist()):
        moved = first + np.flatnonzero(moves[first:end])
        places[moved] = places[graph.sources[moved]]
    return places


def _spurious(begins: Indices, ends: Indices, parents: Indices, last: int, min_length: int) -> npt.NDArray[np.bool_]:
    """Return which tracks are short, alone, and not cut off by the movie's begin or end."""
    alone = parents < 0
    alone[parents[parents >= 0]] = False
    return alone & (begins > 0) & (ends < last) & (ends - begins + 1 < min_length)


def _labels(graph: Graph, frames: Sequence[int], name_of: Indices) -> dict[int, dict[int, int]]:
    return {
        frame: dict(zip(cells.labels[own > 0].tolist(), own[own > 0].tolist(), strict=True))
        for frame, cells, own in zip(frames, graph.regions, graph.by_frame(name_of), strict=True)
    }


def _centroids(graph: Graph, frames: Sequence[int], name_of: Indices) -> dict[int, dict[int, tuple[float, ...]]]:
    return {
        frame: dict(zip(own[own > 0].tolist(), map(tuple, cells.centroids[own > 0].tolist()), strict=True))
        for frame, cells, own in zip(frames, graph.regions, graph.by_frame(name_of), strict=True)
    }


def _links(graph: Graph, numbers: Indices, name_of: Indices) -> list[Link]:
    cells = np.flatnonzero((graph.sources >= 0) & (name_of > 0))
    sources = graph.sources[cells]
    columns = (
        numbers[graph.frames[sources]].tolist(),
        name_of[sources].tolist(),
        numbers[graph.frames[cells]].tolist(),
        name_of[cells].tolist(),
        graph.confidences[cells].tolist(),
        [_KINDS[origin] for origin in graph.origins[cells].tolist()],
    )
    return list(map(Link._make, zip(*columns, strict=True)))


def _merges(
    graph: Graph, frames: Sequence[int], meetings: Sequence[tuple[Meeting, int]], name_of: Indices
) -> list[Merge]:
    """Return the merges of tracks that were kept."""
    merges = []
    for meeting, until in meetings:
        before, here = graph.offsets[meeting.frame - 1], graph.offsets[meeting.frame]
        kept, lost = (int(name_of[before + place]) for place in (meeting.kept, meeting.lost))
        if kept and lost:
            into = int(name_of[here + meeting.merged])
            merges.append(Merge(frames[meeting.frame], (kept, lost), into, frames[until]))
    return merges
