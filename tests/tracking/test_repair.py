"""Repair: unambiguous corrections make a result valid without changing its objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from tracking_results import SOUND, TRACKS, page, sound_result, write_masks

from custom.errors import InputError
from custom.images import read_labels
from custom.tracking import Track, open_labels, read_tracks, repair, validate, write_tracks
from custom.tracking.ctc import _corrections


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sound_result(tmp_path / "01_RES")


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def tracks_of(folder: Path) -> list[Track]:
    return read_tracks(folder / "res_track.txt")


def list_tracks(folder: Path, *tracks: Track) -> None:
    write_tracks(folder / "res_track.txt", tracks)


def repaired(folder: Path) -> list[str]:
    """Repair, and return the messages without the file name; a second repair changes nothing."""
    changes = repair(folder)
    assert validate(folder) == []
    assert repair(folder) == []
    assert [file.name for file in folder.parent.iterdir()] == [folder.name]
    return [change.split(": ", maxsplit=1)[1] for change in changes]


# -------------------------------------------------------------------------------------------------------- known answers


def test_valid_results_are_not_changed(folder: Path) -> None:
    before = files_of(folder)
    assert repaired(folder) == []
    assert files_of(folder) == before


def test_a_track_that_skips_frames_is_split(folder: Path) -> None:
    """Its children become children of the last part."""
    write_masks(folder, SOUND | {1: [0, 2]})
    assert repaired(folder) == [
        "label 1 skipped frame 1; it continues as the new track 6, its child.",
        "label 3 had the parent 1; its parent is now 6, the last part of 1.",
        "label 4 had the parent 1; its parent is now 6, the last part of 1.",
    ]
    lines = [Track(1, 0, 0), TRACKS[1], Track(3, 3, 5, 6), Track(4, 3, 4, 6), TRACKS[4], Track(6, 2, 2, 1)]
    assert tracks_of(folder) == lines
    np.testing.assert_array_equal(read_labels(folder / "mask000.tif"), page([1, 2]))
    np.testing.assert_array_equal(read_labels(folder / "mask002.tif"), np.where(page([1, 2]) == 1, 6, page([2])))


def test_a_track_in_three_pieces(folder: Path) -> None:
    write_masks(folder, SOUND | {2: [0, 2, 5]})
    assert len(repaired(folder)) == 2
    assert [one for one in tracks_of(folder) if one.label in (2, 6, 7)] == [
        Track(2, 0, 0),
        Track(6, 2, 2, 2),
        Track(7, 5, 5, 6),
    ]


def test_labels_that_are_not_listed_become_tracks(folder: Path) -> None:
    list_tracks(folder, *TRACKS[:1], *TRACKS[2:])
    assert repaired(folder) == ["label 2 was not listed; it is now a track of frames 0 to 5."]
    assert tracks_of(folder) == TRACKS


def test_a_missing_list_is_written(folder: Path) -> None:
    (folder / "res_track.txt").unlink()
    assert repaired(folder)[0] == "the file was missing and has been written."
    assert tracks_of(folder) == [Track(one.label, one.begin, one.end) for one in TRACKS]


def test_first_and_last_frame_are_those_of_the_masks(folder: Path) -> None:
    list_tracks(folder, TRACKS[0], Track(2, 3, 9), *TRACKS[2:])
    assert repaired(folder) == ["label 2 was listed for frames 3 to 9; it is now listed for frames 0 to 5."]
    assert tracks_of(folder) == TRACKS


def test_lines_without_an_object_are_deleted(folder: Path) -> None:
    """Their children lose their parent, and repeated lines are deleted."""
    children = [Track(3, 3, 5, 7), *TRACKS[3:]]
    list_tracks(folder, TRACKS[0], TRACKS[1], TRACKS[1], *children, Track(7, 0, 2), Track(0, 0, 0), Track(-1, 3, 2))
    assert repaired(folder) == [
        "1 repeated line(s) deleted.",
        "label -1 was in no mask; its line has been deleted.",
        "label 0 was in no mask; its line has been deleted.",
        "label 3 had the parent 7, which is in no mask; it now has no parent.",
        "label 7 was in no mask; its line has been deleted.",
    ]
    assert tracks_of(folder) == [*TRACKS[:2], Track(3, 3, 5), *TRACKS[3:]]


@pytest.mark.parametrize("parent", [2, 3, 4])
def test_parents_that_end_too_late(folder: Path, parent: int) -> None:
    list_tracks(folder, *TRACKS[:2], Track(3, 3, 5, parent), *TRACKS[3:])
    assert repaired(folder) == [
        f"label 3 had the parent {parent}, which did not end before its child began; it now has no parent."
    ]
    assert tracks_of(folder)[2] == Track(3, 3, 5)


def test_labels_are_renumbered(folder: Path) -> None:
    """Evaluation software fails on large labels, so labels of valid results are renumbered as well."""
    write_masks(folder, {1: SOUND[1], 2: SOUND[2], 30: SOUND[3], 400: SOUND[4], 65535: SOUND[5]})
    list_tracks(folder, *TRACKS[:2], Track(30, 3, 5, 1), Track(400, 3, 4, 1), Track(65535, 5, 5, 400))
    assert validate(folder) == []
    assert repaired(folder) == ["3 label(s) renumbered to close gaps; label 30 is now 3."]
    assert tracks_of(folder) == TRACKS
    assert set(np.unique(read_labels(folder / "mask005.tif"))) == {0, 2, 3, 5}


def test_masks_become_16_bit(folder: Path) -> None:
    write_masks(folder, {(70000 if label == 2 else label): own for label, own in SOUND.items()}, dtype=np.uint32)
    tifffile.imwrite(folder / "mask005.tif", page([3, 5, 70000], np.float32), photometric="minisblack")
    changes = repaired(folder)
    assert "converted to uint16; masks converted in total: 6." in changes
    assert "label 70000 was not listed; it is now a track of frames 0 to 5." in changes
    assert {labels.dtype for _, labels in open_labels(folder)} == {np.dtype(np.uint16)}


def test_frame_numbers_get_the_same_length(folder: Path) -> None:
    (folder / "mask003.tif").rename(folder / "mask0003.tif")
    assert repaired(folder) == ["all frame numbers now have 4 digits."]
    assert sorted(file.name for file in folder.glob("*.tif")) == [f"mask{frame:04d}.tif" for frame in range(6)]


def test_volumes(tmp_path: Path) -> None:
    folder = tmp_path / "01_RES"
    folder.mkdir()
    for frame in range(3):
        volume = np.stack([page([]), page([1]), page([3] if frame != 1 else [])])
        tifffile.imwrite(folder / f"mask{frame:03d}.tif", volume, photometric="minisblack")
    list_tracks(folder, Track(1, 0, 2), Track(3, 0, 2))
    repaired(folder)
    assert tracks_of(folder) == [Track(1, 0, 2), Track(2, 0, 0), Track(3, 2, 2, 2)]
    assert read_labels(folder / "mask002.tif").shape == (3, 3, 20)


# ----------------------------------------------------------------------------------------------------- ambiguous faults


def remove_a_mask(folder: Path) -> None:
    (folder / "mask002.tif").unlink()


def add_a_second_mask(folder: Path) -> None:
    tifffile.imwrite(folder / "mask0002.tif", page([1, 2]))


def cut_a_mask(folder: Path) -> None:
    tifffile.imwrite(folder / "mask005.tif", page([2, 3, 5])[:, :-1])


def break_a_mask(folder: Path) -> None:
    (folder / "mask004.tif").write_bytes(b"II*\0nothing")


def list_twice(folder: Path) -> None:
    list_tracks(folder, *TRACKS, Track(2, 0, 4))


def break_a_line(folder: Path) -> None:
    (folder / "res_track.txt").write_text("1 0 2\n")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove_a_mask, "there is no mask of frame 2"),
        (add_a_second_mask, "frame 2 has another mask, mask0002.tif|frame 2 has another mask, mask002.tif"),
        (cut_a_mask, "there are 3 × 19 pixels"),
        (break_a_mask, "mask004.tif: found a broken"),
        (list_twice, "label 2 is listed 2 times, with different content"),
        (break_a_line, "res_track.txt, line 1"),
    ],
)
def test_ambiguous_corrections_are_refused(folder: Path, damage, sentence: str) -> None:
    damage(folder)
    write_tracks(folder / "notes.txt", [Track(9, 0, 9)])
    before = files_of(folder)
    with pytest.raises(InputError, match=sentence) as raised:
        repair(folder)
    assert str(raised.value).endswith("The correction is ambiguous, so nothing was repaired.")
    assert files_of(folder) == before


def test_too_many_tracks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_corrections, "LARGEST_LABEL", 5)
    write_masks(folder, SOUND | {1: [0, 2]})
    with pytest.raises(InputError, match="found 6 tracks, expected at most 5"):
        repair(folder)


def test_other_files_are_kept(folder: Path) -> None:
    (folder / "overlays").mkdir()
    (folder / "overlays" / "000.png").write_bytes(b"picture")
    list_tracks(folder, *TRACKS[1:])
    repaired(folder)
    assert (folder / "overlays" / "000.png").read_bytes() == b"picture"


@pytest.mark.parametrize("name", ["write_image", "write_tracks", "_swap"])
def test_an_interrupted_repair_leaves_the_old_files(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_masks(folder, SOUND | {1: [0, 2]})
    before = files_of(folder)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_corrections, name, interrupt)
    with pytest.raises(KeyboardInterrupt):
        repair(folder)
    assert files_of(folder) == before
    assert [file.name for file in folder.parent.iterdir()] == ["01_RES"]


def test_a_failed_swap_is_undone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_masks(folder, SOUND | {1: [0, 2]})
    before, rename = files_of(folder), Path.rename

    def rename_once(self: Path, target: Path) -> Path:
        if target == folder and self.parent != folder.parent:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_once)
    with pytest.raises(InputError, match=r"cannot be written \(Input/output error\)"):
        repair(folder)
    assert files_of(folder) == before
    assert [file.name for file in folder.parent.iterdir()] == ["01_RES"]


# ----------------------------------------------------------------------------------------------------------- properties


def damaged_result(folder: Path, rng: np.random.Generator) -> None:
    """Write a result with many faults."""
    first = int(rng.integers(0, 12))
    frames = range(first, first + 7)
    names = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 300, 65535, 70001], 6, replace=False).tolist()
    lives = {label: [frame for frame in frames if rng.random() < rng.choice([0.2, 0.8, 1])] for label in names}
    large = max(label for label, own in lives.items() if own or label == names[0]) > 65535
    write_masks(folder, lives, frames, np.uint32 if large else rng.choice([np.uint16, np.uint32]))
    if rng.random() < 0.3:
        (folder / f"mask{first + 1:03d}.tif").rename(folder / f"mask{first + 1:05d}.tif")
    lines = []
    for label in rng.choice([-2, 0, 9, *names], 7, replace=False).tolist():
        begin, end = rng.integers(first - 2, first + 9, 2).tolist()
        own = lives.get(label) or [begin, end]
        begin, end = (own[0], own[-1]) if rng.random() < 0.7 else (begin, end)
        lines += [Track(label, begin, end, int(rng.choice([0, -1, 11, *names])))] * int(rng.choice([1, 1, 1, 2]))
    if rng.random() < 0.9:
        write_tracks(folder / "res_track.txt", lines)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_results_become_valid_with_the_same_objects(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "01_RES"
    damaged_result(folder, np.random.default_rng(seed))
    before = dict(open_labels(folder))
    assert validate(folder) != []
    assert repaired(folder) != []
    tracks = tracks_of(folder)
    assert [track.label for track in tracks] == list(range(1, len(tracks) + 1))
    old_of: dict[int, set[int]] = {}
    for frame, labels in open_labels(folder):
        names = set(zip(labels.ravel().tolist(), before[frame].ravel().tolist(), strict=True))
        assert len(names) == len({new for new, _ in names}) == len({old for _, old in names})
        for new, old in names:
            old_of.setdefault(new, set()).add(old)
    assert all(len(olds) == 1 for olds in old_of.values())  # no track takes from two labels
