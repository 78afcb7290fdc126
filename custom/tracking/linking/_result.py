"""The result of the linking: tracks, centroids, links with their confidence, and merges."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..ctc._format import Track
from ._graph import Graph, LinkKind
from ._merges import MergeEvent
from ._regions import Indices

Position: TypeAlias = Sequence[float] | np.ndarray
"""(row, column) or (slice, row, column), in pixels."""

Centroids: TypeAlias = Mapping[int, Mapping[int, Position]]
"""Frame → track label → centroid."""

_KINDS = {LinkKind.MOVE: "move", LinkKind.GAP: "gap", LinkKind.DIVISION: "division"}


class Link(NamedTuple):
    """A link from a cell to the same cell, or to a daughter, in a later frame.

    Attributes:
        frame: frame of the earlier cell.
        label: its track label.
        next_frame: frame of the later cell; ``frame`` + 1 except for a gap.
        next_label: its track label: the same for a move, a child's otherwise.
        confidence: 0 to 1, compared with the alternative links of both cells and with no link.
        kind: move, gap or division.
    """

    frame: int
    label: int
    next_frame: int
    next_label: int
    confidence: float
    kind: str


class Merge(NamedTuple):
    """Two cells that share one label in the masks for some frames and then separate again.

    Attributes:
        frame: first frame of the merge.
        labels: track labels of the two cells in the frame before.
        into: track label of the merged cell.
        until: last frame of the merge.
    """

    frame: int
    labels: tuple[int, int]
    into: int
    until: int


@dataclass
class Tracking:
    """The tracks of a movie.

    Attributes:
        tracks: tracks with labels 1 to N, in the order of their first frames.
        labels: frame → {label in the input mask → track label}; cells of removed tracks are absent.
        links: links in the order of the later cells, frame by frame.
        merges: merges in the order of their last frames.
        centroids: frame → {track label → (row, column) or (slice, row, column), in pixels}.
    """

    tracks: list[Track]
    labels: dict[int, dict[int, int]]
    links: list[Link]
    merges: list[Merge]
    centroids: dict[int, dict[int, tuple[float, ...]]]


def tracking_of(
    graph: Graph, frames: Sequence[int], events: Sequence[tuple[MergeEvent, int]], min_length: int
) -> Tracking:
    """Return the tracks of a graph, without isolated tracks that are shorter than `min_length`.

    Args:
        graph: the cells and their predecessors.
        frames: the frame numbers.
        events: completed merges, each with the index of its last frame.
        min_length: in frames.
    """
    track_of = _tracks_of_cells(graph)
    heads = np.flatnonzero(graph.kinds != LinkKind.MOVE)
    begins, ends = graph.frames[heads], np.zeros(heads.size, np.int64)
    np.maximum.at(ends, track_of, graph.frames)
    sources = graph.sources[heads]
    parents = np.where(sources < 0, -1, track_of[sources])
    kept = ~_spurious(begins, ends, parents, len(frames) - 1, min_length)
    names = np.where(kept, np.cumsum(kept), 0)  # 0 for removed tracks
    numbers = np.asarray(frames, np.int64)
    lines = np.stack((names, numbers[begins], numbers[ends], np.where(parents < 0, 0, names[parents])), axis=1)
    name_of = names[track_of]
    with _without_collection():
        return Tracking(
            tracks=[Track(*line) for line in lines[kept].tolist()],
            labels=_labels(graph, frames, name_of),
            links=_links(graph, numbers, name_of),
            merges=_merges(graph, frames, events, name_of),
            centroids=_centroids(graph, frames, name_of),
        )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Suspend the garbage collector, which would repeatedly scan up to a million new small objects."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _tracks_of_cells(graph: Graph) -> Indices:
    """Return for each cell the index of its track; a new track begins at each cell that is not linked by a move."""
    moves = graph.kinds == LinkKind.MOVE
    tracks = np.cumsum(~moves) - 1
    for first, end in pairwise(graph.offsets.tolist()):
        moved = first + np.flatnonzero(moves[first:end])
        tracks[moved] = tracks[graph.sources[moved]]
    return tracks


def _spurious(begins: Indices, ends: Indices, parents: Indices, last: int, min_length: int) -> npt.NDArray[np.bool_]:
    """Return which tracks are short and isolated, and not cut off by the first or last frame."""
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
        [_KINDS[kind] for kind in graph.kinds[cells].tolist()],
    )
    return list(map(Link._make, zip(*columns, strict=True)))


def _merges(
    graph: Graph, frames: Sequence[int], events: Sequence[tuple[MergeEvent, int]], name_of: Indices
) -> list[Merge]:
    """Return the merges of the tracks that were kept."""
    merges = []
    for event, until in events:
        before, here = graph.offsets[event.frame - 1], graph.offsets[event.frame]
        kept, lost = (int(name_of[before + index]) for index in (event.kept, event.lost))
        if kept and lost:
            into = int(name_of[here + event.merged])
            merges.append(Merge(frames[event.frame], (kept, lost), into, frames[until]))
    return merges
