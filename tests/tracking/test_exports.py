"""Export of tracks to napari and geff."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from custom.tracking import Link, Track, Tracking, write_geff, write_napari

# 1 divides into 2 and 3; 3 is lost for a frame and seen again as 4; 5 has no relatives.
TRACKS = [Track(5, 2, 7), Track(1, 0, 3), Track(2, 4, 9, 1), Track(3, 4, 6, 1), Track(4, 8, 9, 3)]


def _centroids(axes: int = 2) -> dict[int, dict[int, tuple[float, ...]]]:
    centroids: dict[int, dict[int, tuple[float, ...]]] = {frame: {} for frame in range(10)}
    for track in TRACKS:
        for frame in range(track.begin, track.end + 1):
            centroids[frame][track.label] = (frame + 0.5, 10.0 * track.label, 3.25)[:axes]
    return centroids


def _tracking(axes: int = 2) -> Tracking:
    links = [Link(f, t.label, f + 1, t.label, 0.9, "move") for t in TRACKS for f in range(t.begin, t.end)]
    links += [Link(3, 1, 4, 2, 0.5, "division"), Link(3, 1, 4, 3, 0.5, "division"), Link(6, 3, 8, 4, 0.25, "gap")]
    return Tracking(sorted(TRACKS), {}, links, [], _centroids(axes))


def _load(folder: Path) -> tuple[np.ndarray, dict[int, list[int]]]:
    """Load the files as in the docstring."""
    table = np.loadtxt(folder / "tracks.csv", delimiter=",", skiprows=1)
    graph = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
    return table, {int(child): parents for child, parents in graph.items()}


@pytest.mark.parametrize("axes", [2, 3])
def test_requirements_of_the_napari_tracks_layer(tmp_path: Path, axes: int) -> None:
    write_napari(tmp_path, TRACKS, _centroids(axes))
    table, graph = _load(tmp_path)
    assert table.shape == (21, 2 + axes)
    assert (table[:, :2] == np.floor(table[:, :2])).all()
    assert (np.lexsort((table[:, 1], table[:, 0])) == np.arange(len(table))).all()  # sorted by track, then time
    assert len(np.unique(table[:, :2], axis=0)) == len(table)
    assert graph == {2: [1], 3: [1], 4: [3]}
    assert {label for child, parents in graph.items() for label in (child, *parents)} <= set(table[:, 0])


def test_the_table_of_tracks(tmp_path: Path) -> None:
    write_napari(tmp_path, TRACKS, _centroids())
    assert (tmp_path / "tracks.csv").read_text(encoding="utf-8").split()[:2] == ["track_id,t,y,x", "1,0,0.500,10.000"]
    write_napari(tmp_path, TRACKS, _centroids(3))
    assert (tmp_path / "tracks.csv").read_text(encoding="utf-8").split()[1] == "1,0,0.500,10.000,3.250"


def test_no_tracks_for_napari(tmp_path: Path) -> None:
    write_napari(tmp_path, [], {0: {}})
    assert (tmp_path / "tracks.csv").read_text(encoding="utf-8").split() == ["track_id,t,y,x"]
    assert json.loads((tmp_path / "graph.json").read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize("axes", [2, 3])
def test_the_geff_reader_reads_the_export(tmp_path: Path, axes: int) -> None:
    geff = pytest.importorskip("geff", reason="the extra geff is not installed")
    from geff.validate.data import ValidationConfig

    write_geff(tmp_path / "tracks.geff", _tracking(axes))
    everything = ValidationConfig(graph=True, tracklet=True, lineage=True)
    graph, about = geff.read(tmp_path / "tracks.geff", data_validation=everything)
    assert [axis.name for axis in about.axes] == ["t", "z", "y", "x"][:1] + ["z", "y", "x"][-axes:]
    cells = {(node["t"], node["track"]): node for _, node in graph.nodes(data=True)}
    assert len(cells) == graph.number_of_nodes() == 21
    assert (cells[8, 4]["x"], cells[8, 4]["y"]) == ((3.25, 40.0) if axes == 3 else (40.0, 8.5))
    assert {(t, label): node["tracklet"] for (t, label), node in cells.items() if label == 4} == {(8, 4): 3, (9, 4): 3}
    assert {node["lineage"] for (_, label), node in cells.items() if label != 5} == {1}
    place = {number: (node["t"], node["track"]) for number, node in graph.nodes(data=True)}
    edges = {(place[a], place[b]): edge["confidence"] for a, b, edge in graph.edges(data=True)}
    links = _tracking().links
    expected = {((one.frame, one.label), (one.next_frame, one.next_label)): one.confidence for one in links}
    assert edges == expected


def test_an_empty_geff_replaces_another(tmp_path: Path) -> None:
    geff = pytest.importorskip("geff", reason="the extra geff is not installed")
    write_geff(tmp_path / "tracks.geff", _tracking())
    write_geff(tmp_path / "tracks.geff", Tracking([], {}, [], [], {}))
    assert geff.read(tmp_path / "tracks.geff")[0].number_of_nodes() == 0
