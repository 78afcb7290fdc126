"""Export of tracks for napari: the table of a tracks layer and the lineage graph."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from ...ground.files import atomic_path
from ..ctc._format import Track
from ..ctc._lineage import Lineage
from ..linking._result import Centroids

AXES = ("z", "y", "x")


def write_napari(folder: Path, tracks: Iterable[Track], centroids: Centroids) -> None:
    """Write ``tracks.csv`` and ``graph.json``.

    The table has the columns track_id, t, y, x (3-D: track_id, t, z, y, x) in pixels, sorted by track and frame. The
    graph is a JSON object of child → list of parents, for daughters and for cells that are seen again after a gap.

    napari opens tracks only from Python, for example in its console:

        import json, numpy
        table = numpy.loadtxt("tracks.csv", delimiter=",", skiprows=1)
        graph = {int(child): parents for child, parents in json.load(open("graph.json")).items()}
        viewer.add_tracks(table, graph=graph)

    Args:
        folder: output folder; it is created.
        tracks: all tracks of the sequence.
        centroids: centroids of all cells.

    Raises:
        InputError: the folder cannot be created.
    """
    lineage = Lineage(tracks)
    rows = [(label, frame, *position) for label, frame, position in track_positions(lineage, centroids)]
    dimensions = len(rows[0]) - 2 if rows else 2
    with atomic_path(Path(folder) / "tracks.csv") as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["track_id", "t", *AXES[-dimensions:]])
        writer.writerows([label, frame, *(f"{value:.3f}" for value in position)] for label, frame, *position in rows)
    graph = {label: [parent] for label in lineage.tracks if (parent := lineage.parent(label)) is not None}
    with atomic_path(Path(folder) / "graph.json") as path:
        path.write_text(json.dumps(graph) + "\n", encoding="utf-8")


def track_positions(lineage: Lineage, centroids: Centroids) -> list[tuple[int, int, list[float]]]:
    """Return (label, frame, position) of every track in every frame with a known centroid, by label, then frame."""
    return [
        (track.label, frame, [float(value) for value in centroids[frame][track.label]])
        for track in lineage.tracks.values()
        for frame in range(track.begin, track.end + 1)
        if track.label in centroids.get(frame, {})
    ]
