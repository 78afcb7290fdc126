"""Sample data of `hela_track`: layout, consistent labels and lineage, and the events that must occur."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
from skimage.measure import label
from skimage.segmentation import find_boundaries

from custom.metrics import seg_scores
from custom.samples import make_samples

FRAMES = {"01": 24, "02": 16}
SIDE = 256


class Track(NamedTuple):
    label: int
    begin: int
    end: int
    parent: int


class Sequence(NamedTuple):
    images: np.ndarray
    silver: np.ndarray
    markers: np.ndarray
    gold: dict[int, np.ndarray]
    tracks: dict[int, Track]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files by their path in the folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def read(folder: Path, name: str) -> Sequence:
    def stack(path: str) -> np.ndarray:
        return np.stack([tifffile.imread(folder / path.format(frame)) for frame in range(FRAMES[name])])

    lines = (folder / f"{name}_GT/TRA/man_track.txt").read_text().splitlines()
    tracks = [Track(*map(int, line.split())) for line in lines]
    return Sequence(
        images=stack(name + "/t{:03d}.tif"),
        silver=stack(name + "_ST/SEG/man_seg{:03d}.tif"),
        markers=stack(name + "_GT/TRA/man_track{:03d}.tif"),
        gold={int(p.stem[-3:]): tifffile.imread(p) for p in sorted((folder / f"{name}_GT/SEG").iterdir())},
        tracks={track.label: track for track in tracks},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("hela_track", tmp_path_factory.mktemp("samples") / "set")


@pytest.fixture(scope="module", params=[("01", 0), ("02", 0), ("01", 7), ("02", 7)], ids=lambda p: f"{p[0]}-seed{p[1]}")
def sequence(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sequence:
    name, seed = request.param
    if seed:
        folder = make_samples("hela_track", tmp_path_factory.getbasetemp() / f"seed{seed}", seed)
    return read(folder, name)


# --------------------------------------------------------------------------------------------------------------- layout


def test_same_seed_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert contents(make_samples("hela_track", tmp_path / "again")) == contents(folder)


def test_other_seed_other_data(folder: Path, tmp_path: Path) -> None:
    first, other = contents(folder), contents(make_samples("hela_track", tmp_path / "other", seed=1))
    assert first.keys() == other.keys()
    assert first["manifest.json"] == other["manifest.json"]
    assert not [name for name in first if name.endswith(".tif") and first[name] == other[name]]


def test_files(folder: Path) -> None:
    files = contents(folder)
    for name, frames in FRAMES.items():
        assert sum(path.startswith(f"{name}/t") for path in files) == frames
        assert sum(path.startswith(f"{name}_ST/SEG/man_seg") for path in files) == frames
        assert sum(path.startswith(f"{name}_GT/TRA/man_track0") for path in files) == frames
        assert 3 <= sum(path.startswith(f"{name}_GT/SEG/man_seg") for path in files) <= 8
    assert sum(map(len, files.values())) < 4e6


def test_manifest_splits_the_second_sequence_in_the_middle(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["layout"] == "cell_tracking"
    assert manifest["splits"] == {
        "train": {"sequences": ["01"]},
        "validation": {"frames": {"02": [0, 8]}},
        "test": {"frames": {"02": [8, 16]}},
    }


def test_both_halves_of_the_second_sequence_have_gold_truth_and_a_division(folder: Path) -> None:
    sequence = read(folder, "02")
    births = {track.begin for track in sequence.tracks.values() if len(children(sequence, track.parent)) == 2}
    for half in (range(8), range(8, 16)):
        assert len(sequence.gold.keys() & set(half)) >= 2
        assert births & set(half[1:])


# --------------------------------------------------------------------------------------------------------------- labels


def children(sequence: Sequence, parent: int) -> list[Track]:
    return [track for track in sequence.tracks.values() if track.parent == parent > 0]


def test_types_and_sizes(sequence: Sequence) -> None:
    assert sequence.images.dtype == np.uint8
    assert sequence.silver.dtype == sequence.markers.dtype == np.uint16
    assert sequence.images.shape[1:] == sequence.silver.shape[1:] == sequence.markers.shape[1:] == (SIDE, SIDE)
    assert all(gold.dtype == np.uint16 and gold.shape == (SIDE, SIDE) for gold in sequence.gold.values())


def test_markers_lie_in_their_cells(sequence: Sequence) -> None:
    for silver, markers in zip(sequence.silver, sequence.markers, strict=True):
        numbers = np.unique(markers[markers > 0])
        np.testing.assert_array_equal(np.unique(silver[silver > 0]), numbers)
        for number in numbers:
            marker = markers == number
            assert 40 <= marker.sum() <= 140
            assert label(marker).max() == 1
            assert (silver[marker] == number).mean() > 0.5


def test_silver_truth_is_close_to_gold_and_not_the_same(sequence: Sequence) -> None:
    for frame, gold in sequence.gold.items():
        scores = seg_scores(sequence.silver[frame], gold)
        assert 0.85 < np.mean(scores) < 0.99
        assert min(scores) > 0.5


def test_one_gold_frame_lacks_half_of_its_cells(sequence: Sequence) -> None:
    missing = []
    for frame, gold in sequence.gold.items():
        annotated, there = np.unique(gold[gold > 0]), np.unique(sequence.silver[frame][sequence.silver[frame] > 0])
        assert set(annotated) <= set(there)
        missing.append(1 - len(annotated) / len(there))
    assert np.count_nonzero(missing) == 1
    assert 0.4 <= max(missing) <= 0.6


def test_gold_cells_are_in_one_piece(sequence: Sequence) -> None:
    for gold in sequence.gold.values():
        for number in np.unique(gold[gold > 0]):
            assert label(gold == number, connectivity=1).max() == 1


def test_cells_are_crowded(sequence: Sequence) -> None:
    """Cells cover half of the field, and most of them touch others."""
    for gold in list(sequence.gold.values())[:1] + list(sequence.gold.values())[-1:]:
        assert 0.35 < (gold > 0).mean() < 0.65
        touching = set()
        for one, other in ((gold[1:], gold[:-1]), (gold[:, 1:], gold[:, :-1])):
            meet = (one != other) & (one > 0) & (other > 0)
            touching |= set(one[meet]) | set(other[meet])
        assert len(touching) > 0.6 * len(np.unique(gold[gold > 0]))


# -------------------------------------------------------------------------------------------------------------- lineage


def test_markers_are_there_from_begin_to_end(sequence: Sequence) -> None:
    assert sorted(sequence.tracks) == list(range(1, len(sequence.tracks) + 1))
    assert set(np.unique(sequence.markers)) - {0} == set(sequence.tracks)
    for track in sequence.tracks.values():
        there = np.flatnonzero((sequence.markers == track.label).any(axis=(1, 2)))
        np.testing.assert_array_equal(there, np.arange(track.begin, track.end + 1))


def test_parents_end_before_their_children_begin(sequence: Sequence) -> None:
    for track in sequence.tracks.values():
        if track.parent:
            assert sequence.tracks[track.parent].end < track.begin


def test_divisions_gaps_arrivals_and_departures(sequence: Sequence) -> None:
    last = len(sequence.images) - 1
    families = Counter(track.parent for track in sequence.tracks.values() if track.parent)
    assert set(families.values()) <= {1, 2}
    divisions = [parent for parent, number in families.items() if number == 2]
    assert len(divisions) >= 2
    for parent in divisions:
        assert {child.begin for child in children(sequence, parent)} == {sequence.tracks[parent].end + 1}
    returns = [children(sequence, parent)[0] for parent, number in families.items() if number == 1]
    assert returns
    assert {track.begin - sequence.tracks[track.parent].end for track in returns} <= {2, 3, 4}
    arrivals = [track for track in sequence.tracks.values() if track.begin > 0 and not track.parent]
    departures = [track for track in sequence.tracks.values() if track.end < last and not families[track.label]]
    assert arrivals
    assert departures


def test_cells_move_slowly(sequence: Sequence) -> None:
    """Every label overlaps with itself in the next frame."""
    for now, later in zip(sequence.silver[:-1], sequence.silver[1:], strict=True):
        for number in np.intersect1d(now[now > 0], later):
            assert ((now == number) & (later == number)).any()


def test_daughters_are_where_their_mother_was(sequence: Sequence) -> None:
    for track in sequence.tracks.values():
        siblings = children(sequence, track.parent)
        if len(siblings) == 2:
            mother = sequence.silver[sequence.tracks[track.parent].end] == track.parent
            assert (mother & (sequence.silver[track.begin] == track.label)).any()
            assert (sequence.silver[track.begin] == track.label).sum() < 0.9 * mother.sum()


# ---------------------------------------------------------------------------------------------------------------- image


def test_flat_cells_are_no_brighter_than_the_background_but_coarser(sequence: Sequence) -> None:
    for image, silver in zip(sequence.images[::5], sequence.silver[::5], strict=True):
        inside, outside = image[silver > 0].astype(float), image[silver == 0].astype(float)
        assert abs(np.median(inside) - np.median(outside)) < 6
        assert inside.std() > 1.4 * outside.std()


def test_mothers_round_up_and_brighten(sequence: Sequence) -> None:
    for parent in {track.parent for track in sequence.tracks.values() if len(children(sequence, track.parent)) == 2}:
        end = sequence.tracks[parent].end
        image, cell = sequence.images[end].astype(float), sequence.silver[end] == parent
        before = sequence.silver[max(end - 4, 0)] == parent
        assert image[cell].mean() > np.median(sequence.images[end]) + 5
        assert cell.sum() < 0.8 * before.sum()
        assert find_boundaries(cell, mode="inner").sum() < 1.2 * np.sqrt(4 * np.pi * cell.sum())
