"""From masks to a valid result on disk, and its tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_cells import colony, draw, link

from custom.errors import InputError
from custom.images import write_image
from custom.tracking import (
    Link,
    LinkingSettings,
    Merge,
    ResultWriter,
    open_labels,
    read_tracks,
    sequence_of,
    track,
    validate,
    write_links,
    write_merges,
)

CELL = {1: (10, 10, 12, 12)}


@pytest.mark.parametrize(
    "movie",
    [
        [draw({})],
        [draw(CELL)],
        [draw({})] * 3,
        [draw(CELL), draw({}), draw(CELL)],
        [draw({1: (0, 0, 9, 9), 65535: (51, 51, 9, 9)})] * 3,
        colony(0),
        [np.repeat(labels[np.newaxis], 3, axis=0) for labels in colony(4)],
        [labels.astype(np.uint32) * 70000 for labels in colony(4)],
    ],
    ids=["empty frame", "one frame", "empty", "gap", "border", "colony", "volumes", "large labels"],
)
@pytest.mark.parametrize("first", [0, 7, 998])
def test_a_result_is_valid(tmp_path: Path, movie: list[np.ndarray], first: int) -> None:
    frames = dict(enumerate(movie, start=first))
    for settings in (
        LinkingSettings(),
        LinkingSettings(max_gap=3, min_length=3),
        LinkingSettings(division_threshold=0, max_cost=1),
    ):
        tracking = track(sequence_of(frames), ResultWriter(tmp_path, digits=4), settings)
        assert validate(tmp_path) == []
        assert read_tracks(tmp_path / "res_track.txt") == tracking.tracks
        assert open_labels(tmp_path).frames == tuple(frames)


def test_masks_get_the_labels_of_the_tracks(tmp_path: Path) -> None:
    movie, calls = colony(5), []
    tracking = track(sequence_of(movie), ResultWriter(tmp_path), LinkingSettings(), progress=lambda: calls.append(1))
    assert tracking == link(movie)
    assert len(calls) == 2 * len(movie)
    for frame, labels in open_labels(tmp_path):
        assert labels.dtype == np.uint16
        for label, name in tracking.labels[frame].items():
            np.testing.assert_array_equal(labels == name, movie[frame] == label)
        assert set(np.unique(labels)) == {0, *tracking.labels[frame].values()}


def test_removed_tracks_become_background(tmp_path: Path) -> None:
    movie = [draw(CELL), draw(CELL | {2: (44, 44, 9, 9)}), draw(CELL)]
    track(sequence_of(movie), ResultWriter(tmp_path), LinkingSettings(min_length=2))
    np.testing.assert_array_equal(open_labels(tmp_path).read(1), movie[0])


def test_images_are_asked_for_by_frame(tmp_path: Path) -> None:
    movie, asked = dict(enumerate(colony(0), start=3)), []

    def image(frame: int) -> np.ndarray:
        asked.append(frame)
        return movie[frame].astype(np.float32)

    track(sequence_of(movie), ResultWriter(tmp_path), LinkingSettings(appearance_weight=1), images=image)
    assert asked == list(movie)


def test_what_track_refuses(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="frame 4: found frame 4 after frame 2, expected a mask for every frame"):
        track(sequence_of({2: draw({}), 4: draw({})}), ResultWriter(tmp_path), LinkingSettings())
    with pytest.raises(InputError, match=r"frame 1: found \(5, 5\).*expected \(60, 60\)"):
        track(sequence_of([draw({}), np.zeros((5, 5), np.uint8)]), ResultWriter(tmp_path), LinkingSettings())
    with pytest.raises(InputError, match=r"frame 0: found \(5, 5\)"):
        track(sequence_of([draw({})]), ResultWriter(tmp_path), LinkingSettings(), images=lambda frame: np.zeros((5, 5)))
    many = np.arange(1, 70001, dtype=np.uint32).reshape(100, 700)
    with pytest.raises(InputError, match="found 70000 tracks, expected at most 65535"):
        track(sequence_of([many]), ResultWriter(tmp_path), LinkingSettings())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("digits", [3, 4])
def test_a_result_does_not_overwrite_its_input_masks(tmp_path: Path, digits: int) -> None:
    for frame, labels in enumerate(colony(0)):
        write_image(tmp_path / "01_RES" / f"mask{frame:03d}.tif", labels)
    before = {file.name: file.read_bytes() for file in (tmp_path / "01_RES").iterdir()}
    writer = ResultWriter(tmp_path / "other" / ".." / "01_RES", digits)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="found the masks to link, which the result would replace"):
        track(open_labels(tmp_path / "01_RES"), writer, LinkingSettings())
    assert {file.name: file.read_bytes() for file in (tmp_path / "01_RES").iterdir()} == before


def test_the_least_confident_links_come_first(tmp_path: Path) -> None:
    links = [Link(0, 1, 1, 1, 0.98764, "move"), Link(0, 2, 2, 3, 0.25, "gap"), Link(1, 1, 2, 4, 0.5, "division")]
    write_links(tmp_path / "out" / "links.csv", links)
    assert (tmp_path / "out" / "links.csv").read_text().splitlines() == [
        "frame,label,next_frame,next_label,confidence,kind",
        "0,2,2,3,0.25,gap",
        "1,1,2,4,0.5,division",
        "0,1,1,1,0.9876,move",
    ]


def test_merges_by_frame(tmp_path: Path) -> None:
    write_merges(tmp_path / "merges.csv", [Merge(5, (3, 4), 3, 6), Merge(2, (1, 2), 1, 3)])
    lines = (tmp_path / "merges.csv").read_text().splitlines()
    assert lines == ["frame,label,other_label,into,until", "2,1,2,1,3", "5,3,4,3,6"]
