"""Tracks for napari: a table in the layout of its tracks layer, and the graph of who descends from whom."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from ...ground.files import atomic_path
from ..ctc._tracks import Track
from ..pictures._lineage import Lineage
from ..pictures._painting import Centroids

AXES = ("z", "y", "x")


def write_napari(folder: Path, tracks: Iterable[Track], centroids: Centroids) -> None:
    """Write ``tracks.csv`` and ``graph.json``.

    The table has the columns track_id, t, y, x, in 3-D track_id, t, z, y, x, in pixels, sorted by track and frame. The
    graph is an object of child → list of parents: daughters, and cells that are seen again after a gap.

    napari opens tracks only from Python, for example in its console:

        import json, numpy
        table = numpy.loadtxt("tracks.csv", delimiter=",", skiprows=1)
        graph = {int(child): parents for child, parents in json.load(open("graph.json")).items()}
        viewer.add_tracks(table, graph=graph)

    Args:
        folder: where they go; it is created.
        tracks: of the whole sequence.
        centroids: where each track is in each of its frames.

    Raises:
        InputError: the folder cannot be created.
    """
    lineage = Lineage(tracks)
    rows = [(label, frame, *position) for label, frame, position in places(lineage, centroids)]
    dimensions = len(rows[0]) - 2 if rows else 2
    with atomic_path(Path(folder) / "tracks.csv") as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["track_id", "t", *AXES[-dimensions:]])
        writer.writerows([label, frame, *(f"{value:.3f}" for value in position)] for label, frame, *position in rows)
    graph = {label: [parent] for label in lineage.tracks if (parent := lineage.parent(label)) is not None}
    with atomic_path(Path(folder) / "graph.json") as path:
        path.write_text(json.dumps(graph) + "\n", encoding="utf-8")


def places(lineage: Lineage, centroids: Centroids) -> list[tuple[int, int, list[float]]]:
    """Return (label, frame, position) of every track in every frame that has its centroid, by label, then frame."""
    return [
        (track.label, frame, [float(value) for value in centroids[frame][track.label]])
        for track in lineage.tracks.values()
        for frame in range(track.begin, track.end + 1)
        if track.label in centroids.get(frame, {})
    ]
