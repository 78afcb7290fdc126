"""Pictures of tracked cells: colors, overlays, movie, lineage tree, counts, comparison, thumbnails."""

from __future__ import annotations

import colorsys
import csv
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from custom.tracking import (
    Lineage,
    Track,
    TrackingError,
    TrackPainter,
    draw_comparison,
    draw_lineage,
    draw_thumbnails,
    sequence_of,
    write_pictures,
)
from custom.tracking.pictures._comparison import KIND_COLORS
from custom.tracking.pictures._drawing import track_colors
from custom.tracking.pictures._movie import write_movie
from custom.tracking.pictures._plots import count_cells, rows_of, write_cell_counts

# 1 divides into 2 and 3; 3 is lost for a frame and seen again as 4; 5 has no relatives.
FAMILY = [Track(1, 0, 3), Track(2, 4, 9, 1), Track(3, 4, 6, 1), Track(4, 8, 9, 3), Track(5, 2, 7)]


def _error(kind: str, reference: int, result: int, penalty: float = 1.0, frame: int = 1) -> TrackingError:
    return TrackingError(frame, reference, result, kind, penalty, (10.0, 10.0), "why")


def _has(picture: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((picture == np.array(color)).all(axis=-1).any())


# ------------------------------------------------------------------------------------------------------------- lineage


def test_lineage_of_a_family() -> None:
    lineage = Lineage(reversed(FAMILY))
    assert lineage.roots == [1, 5]
    assert lineage.children == {1: [2, 3], 2: [], 3: [4], 4: [], 5: []}
    assert list(lineage) == [1, 2, 3, 4, 5]
    assert [lineage.continues(label) for label in lineage] == [False, False, False, True, False]


@pytest.mark.parametrize(
    "tracks",
    [
        [Track(1, 0, 3, 9)],  # not listed
        [Track(1, 0, 3, 1)],  # its own parent
        [Track(1, 2, 3, 2), Track(2, 2, 3, 1)],  # a circle
    ],
)
def test_an_invalid_parent_does_not_count(tracks: list[Track]) -> None:
    assert Lineage(tracks).roots == [track.label for track in tracks]
    assert len(track_colors(tracks)) == len(tracks)


# --------------------------------------------------------------------------------------------------------------- colors


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    return float(np.linalg.norm(rgb2lab(np.array(one) / 255) - rgb2lab(np.array(other) / 255)))


def test_a_color_depends_on_label_and_lineage_alone() -> None:
    colors = track_colors(FAMILY)
    assert colors[4] == colors[3]  # the same cell after a gap
    assert track_colors(FAMILY[::-1]) == colors
    assert track_colors([Track(5, 11, 12), Track(70, 0, 1)])[5] == colors[5]


def test_families_and_sisters_have_distinct_colors() -> None:
    mothers = [Track(label, 0, 4) for label in range(1, 31)]
    daughters = [Track(31 + place, 5, 9, 1 + place // 2) for place in range(60)]
    colors = track_colors([*mothers, *daughters])
    assert min(_distance(colors[a], colors[b]) for a in range(1, 31) for b in range(1, a)) > 8
    assert min(_distance(colors[label], colors[label + 1]) for label in range(31, 91, 2)) > 25


def test_daughters_have_hues_near_their_mothers() -> None:
    hues = {label: colorsys.rgb_to_hsv(*color)[0] for label, color in track_colors(FAMILY).items()}
    for daughter in (2, 3):
        assert 0.02 < abs((hues[daughter] - hues[1] + 0.5) % 1 - 0.5) < 0.1
    assert hues[2] != hues[3]


# ------------------------------------------------------------------------------------------------------------- overlay


def test_painted_cells_have_their_tracks_colors() -> None:
    labels = np.zeros((256, 512), np.uint16)
    labels[20:80, 30:90], labels[100:200, 300:420], labels[5:15, 5:15] = 1, 5, 99
    centroids = {3: {1: (50.0, 60.0), 5: (150.0, 360.0)}}
    picture = TrackPainter(FAMILY, centroids).paint(3, np.zeros(labels.shape, np.uint8), labels)
    colors = track_colors(FAMILY)
    assert picture.shape == (256, 512, 3)
    assert picture.dtype == np.uint8
    assert tuple(picture[20, 50]) == colors[1]
    assert tuple(picture[199, 350]) == colors[5]
    assert tuple(picture[5, 8]) == (200, 200, 200)  # object without a track
    assert _has(picture[40:60, 50:70], (255, 255, 255))  # the number
    assert not picture[240:, :].any()


def test_small_frames_are_enlarged_by_a_whole_number() -> None:
    labels = np.zeros((30, 60), np.uint8)
    labels[10:20, 20:40] = 1
    picture = TrackPainter(FAMILY, {}).paint(0, np.zeros(labels.shape, np.float32), labels)
    assert picture.shape == (270, 540, 3)
    assert tuple(picture[90, 270]) == track_colors(FAMILY)[1]
    assert not picture[:90].any()


def test_a_daughters_tail_begins_at_her_mother() -> None:
    labels = np.zeros((512, 512), np.uint8)
    labels[300:400, 300:400] = 2
    path = {0: {1: (60.0, 100.0)}, 3: {1: (60.0, 400.0)}, 4: {2: (350.0, 350.0)}}
    with_mother = TrackPainter(FAMILY, path, tail=4).paint(4, np.zeros(labels.shape), labels)
    color = track_colors(FAMILY)[2]
    assert _has(with_mother[55:66, 200:300], color)
    assert not TrackPainter(FAMILY, path, tail=3).paint(4, np.zeros(labels.shape), labels)[55:66, 200:300].any()
    assert not TrackPainter(FAMILY, path, tail=0).paint(4, np.zeros(labels.shape), labels)[:290].any()


def test_a_volume_is_shown_as_its_maximum() -> None:
    labels = np.zeros((4, 512, 512), np.uint16)
    labels[1, 50:100, 50:100], labels[3, 200:300, 200:300] = 1, 5
    image = np.random.default_rng(0).integers(0, 255, labels.shape)
    centroids = {3: {1: (1.0, 75.0, 75.0), 5: (3.0, 250.0, 250.0)}}
    painter = TrackPainter(FAMILY, centroids)
    flat = {3: {label: position[1:] for label, position in centroids[3].items()}}
    expected = TrackPainter(FAMILY, flat).paint(3, image.max(axis=0), labels.max(axis=0))
    np.testing.assert_array_equal(painter.paint(3, image, labels), expected)


def test_the_number_of_a_concave_cell_is_inside_it() -> None:
    labels = np.zeros((512, 512), np.uint8)
    labels[100:400, 100:400] = 1
    labels[100:350, 150:400] = 0
    rows, columns = np.nonzero(labels)
    centroids = {0: {1: (rows.mean(), columns.mean())}}
    assert labels[round(rows.mean()), round(columns.mean())] == 0
    picture = TrackPainter(FAMILY, centroids, tail=0).paint(0, np.zeros(labels.shape), labels)
    white = np.argwhere((picture == 255).all(axis=-1))
    assert labels[tuple(np.rint(white.mean(axis=0)).astype(int))] == 1


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="must have the same shape"):
        TrackPainter([], {}).paint(0, np.zeros((8, 8)), np.zeros((8, 9), int))


# --------------------------------------------------------------------------------------------------------------- movie


def _moving_square(frames: int, shape: tuple[int, int] = (81, 101)) -> list[tuple[int, np.ndarray]]:
    pictures = []
    for frame in range(frames):
        picture = np.zeros((*shape, 3), np.uint8)
        picture[10:30, 10 * frame : 10 * frame + 20] = (200, 40, 40)
        pictures.append((frame + 7, picture))
    return pictures


def test_a_movie_is_written_in_three_formats(tmp_path: Path) -> None:
    pictures = _moving_square(4)
    write_movie(tmp_path, iter(pictures), digits=4)
    for frame, picture in pictures:
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"overlay/overlay{frame:04d}.png")), picture)
    with Image.open(tmp_path / "overlay.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (4, (101, 81), 200)
        gif.seek(3)
        np.testing.assert_allclose(np.asarray(gif.convert("RGB"))[20, 40], (200, 40, 40), atol=8)
    video = cv2.VideoCapture(str(tmp_path / "overlay.mp4"))
    shown = [video.read()[1] for _ in range(4)]
    assert not video.read()[0]
    assert shown[0].shape == (80, 100, 3)  # even sides
    np.testing.assert_allclose(shown[3][20, 40], (40, 40, 200), atol=40)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["overlay", "overlay.gif", "overlay.mp4"]


def test_large_pictures_are_reduced_for_gif_and_mp4(tmp_path: Path) -> None:
    write_movie(tmp_path, _moving_square(2, (600, 2048)))
    with Image.open(tmp_path / "overlay.gif") as gif:
        assert gif.size == (1024, 300)
    with Image.open(tmp_path / "overlay" / "overlay007.png") as picture:
        assert picture.size == (2048, 600)


def test_a_movie_of_one_frame(tmp_path: Path) -> None:
    write_movie(tmp_path, _moving_square(1))
    assert Image.open(tmp_path / "overlay.gif").size == (101, 81)


def test_a_movie_without_pictures_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        write_movie(tmp_path, iter(()))
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------ lineage tree, counts


def test_a_mother_is_between_her_daughters() -> None:
    assert rows_of(Lineage(FAMILY)) == {1: 0.5, 2: 0.0, 3: 1.0, 4: 1.0, 5: 2.0}


def test_lines_that_share_frames_never_share_a_row() -> None:
    rng = np.random.default_rng(3)
    tracks = [Track(label, 0, int(rng.integers(1, 9))) for label in range(1, 12)]
    for mother in tracks:  # which grows meanwhile
        if len(tracks) < 120:
            ends = mother.end + rng.integers(2, 9, size=rng.integers(0, 4))
            tracks += [Track(len(tracks) + 1 + k, mother.end + 1, int(e), mother.label) for k, e in enumerate(ends)]
    rows = rows_of(Lineage(tracks))
    for row in set(rows.values()):
        there = sorted((track.begin, track.end) for track in tracks if rows[track.label] == row)
        assert all(earlier[1] < later[0] for earlier, later in pairwise(there))


@pytest.mark.parametrize("count", [0, 1, 10, 500, 1500])
def test_a_lineage_tree_of_any_size(tmp_path: Path, count: int) -> None:
    draw_lineage([Track(label, 0, 5) for label in range(1, count + 1)], tmp_path / "lineage.png")
    with Image.open(tmp_path / "lineage.png") as picture:
        width, height = picture.size
    assert width == 1100
    assert 100 < height < 9500
    assert count != 500 or height > 8 * count  # a line has its own pixels


def test_the_tree_has_the_overlays_colors(tmp_path: Path) -> None:
    draw_lineage(FAMILY, tmp_path / "lineage.png")
    picture = np.asarray(Image.open(tmp_path / "lineage.png").convert("RGB"))
    assert all(_has(picture, color) for color in track_colors(FAMILY).values())


def test_counted_cells(tmp_path: Path) -> None:
    assert count_cells(FAMILY, range(0, 11)) == [1, 1, 2, 2, 3, 3, 3, 2, 2, 2, 0]
    assert count_cells([], [4, 5]) == [0, 0]
    write_cell_counts(tmp_path, FAMILY, [0, 4, 10])
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as stream:
        assert list(csv.reader(stream)) == [["frame", "cells"], ["0", "1"], ["4", "3"], ["10", "0"]]
    assert Image.open(tmp_path / "cells.png").size == (800, 300)


# -------------------------------------------------------------------------------------------------------------- errors


def _labels(*places: tuple[int, int, int]) -> np.ndarray:
    labels = np.zeros((64, 64), np.uint16)
    for label, row, column in places:
        labels[row : row + 10, column : column + 10] = label
    return labels


def test_a_comparison_marks_the_cells_with_errors() -> None:
    truth, result = _labels((1, 5, 5), (2, 30, 30)), _labels((8, 30, 30), (9, 50, 5))
    sheet = draw_comparison(np.zeros((64, 64)), truth, result, [_error("missed", 1, 0, 10), _error("extra", 0, 9)])
    strip, panel, gap = 30, 512, 8
    assert sheet.shape == (panel + 2 * strip, 3 * panel + 2 * gap, 3)
    image, true, found = (sheet[strip : strip + panel, k * (panel + gap) : k * (panel + gap) + panel] for k in range(3))
    assert not image.any()
    assert _has(true, KIND_COLORS["missed"])
    assert not _has(true, KIND_COLORS["extra"])
    assert _has(found, KIND_COLORS["extra"])
    assert not _has(found, KIND_COLORS["missed"])
    assert true[80, 80].any()  # filled
    assert not true[280, 280].any()  # correct, so only outlined
    assert _has(sheet[-strip:], KIND_COLORS["missed"])
    assert not _has(sheet[-strip:], KIND_COLORS["merged"])


def test_cells_are_identified_by_their_markers() -> None:
    """The missed cell has marker 7; the other cell, which is correct, has the label 7 in the segmentation truth."""
    truth, markers = _labels((7, 5, 5), (1, 30, 30), (2, 50, 50)), np.zeros((64, 64), np.uint16)
    markers[8, 8], markers[33:35, 33:35] = 1, 7
    errors = [_error("missed", 7, 0, 10)]
    sheet = draw_comparison(np.zeros((64, 64)), truth, truth * 0, errors, markers)
    panel = sheet[30:542, 520:1032]
    assert not panel[80, 80].any()  # only outlined
    assert panel[280, 280].any()  # filled
    assert not panel[440, 440].any()  # without a marker
    by_number = draw_comparison(np.zeros((64, 64)), truth, truth * 0, errors)[30:542, 520:1032]
    assert by_number[80, 80].any()


def test_a_cell_shows_its_most_expensive_error_and_links_a_ring() -> None:
    truth = _labels((1, 5, 5))
    errors = [_error("missed", 1, 0, 10), _error("missed link", 1, 0, 1.5)]
    for order in (errors, errors[::-1]):
        sheet = draw_comparison(np.zeros((64, 64)), truth, truth * 0, order)
        panel = sheet[30:542, 520:1032]
        assert tuple(panel[40, 80]) == KIND_COLORS["missed"]
        assert _has(panel, KIND_COLORS["missed link"])


def test_a_comparison_of_a_volume_without_errors() -> None:
    truth = np.stack([_labels((1, 5, 5)), _labels((2, 30, 30))])
    sheet = draw_comparison(np.zeros(truth.shape), truth, truth, [])
    assert not any(_has(sheet, color) for color in KIND_COLORS.values())
    with pytest.raises(ValueError, match="shape"):
        draw_comparison(np.zeros(truth.shape), truth, truth[:, 1:], [])


def test_thumbnails_are_the_most_expensive_errors() -> None:
    truth = sequence_of([_labels((1, 5, 5))] * 3)
    result = sequence_of([_labels((2, 5, 5))] * 3)
    errors = [
        _error("extra", 0, 2, 1, frame=0),
        _error("missed", 1, 0, 10, frame=2),
        _error("wrong link", 1, 2, 1, frame=1),
        _error("missed", 1, 0, 10, frame=1),
    ]
    read: list[int] = []

    def image(frame: int) -> np.ndarray:
        read.append(frame)
        return np.zeros((64, 64))

    shown = draw_thumbnails(errors, image, truth, result, most=3)
    assert [thumbnail.error for thumbnail in shown] == [errors[3], errors[1], errors[0]]
    assert read == [0, 1, 2]
    assert [thumbnail.picture.shape for thumbnail in shown] == [(240, 240, 3)] * 3
    assert _has(shown[0].picture, (0, 255, 0))  # the missed cell, bold
    assert _has(shown[2].picture, (255, 0, 255))


def test_a_thumbnail_of_a_link_shows_two_frames() -> None:
    labels = sequence_of({4: _labels((1, 5, 5)), 6: _labels((1, 5, 5))})
    first, second = draw_thumbnails(
        [_error("missed link", 1, 0, 1.5, frame=4), _error("missed link", 1, 0, 1.5, frame=6)],
        lambda frame: np.zeros((64, 64)),
        labels,
        labels,
    )
    assert first.picture.shape == (240, 240, 3)  # no frame before it
    assert second.picture.shape == (240, 482, 3)


# --------------------------------------------------------------------------------------------------------- all pictures


def test_all_pictures_of_a_sequence(tmp_path: Path) -> None:
    masks = {frame: _labels((1, 5, 5)) if frame < 4 else _labels((2, 5, 5), (3, 5, 25)) for frame in range(7)}
    masks[7] = _labels()
    tracks = [Track(1, 0, 3), Track(2, 4, 6, 1), Track(3, 4, 6, 1)]
    centroids = {frame: {1: (9.5, 9.5)} if frame < 4 else {2: (9.5, 9.5), 3: (9.5, 29.5)} for frame in range(7)}
    write_pictures(tmp_path, tracks, centroids, sequence_of(masks), lambda frame: np.ones((64, 64)))
    assert len(list((tmp_path / "overlay").iterdir())) == 8
    names = {"overlay.gif", "overlay.mp4", "lineage.png", "cells.png", "cells.csv", "tracks.csv", "graph.json"}
    assert names <= {path.name for path in tmp_path.iterdir()}
