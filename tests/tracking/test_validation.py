"""Rules of the challenge: a result that violates each rule, and the message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from tracking_results import SOUND, TRACKS, page, sound_result, write_masks

from custom.errors import InputError
from custom.tracking import Track, Violation, read_tracks, validate, write_tracks
from custom.tracking.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sound_result(tmp_path / "01_RES")


def only(folder: Path) -> Violation:
    """Return the one violation, whose sentence begins with its file and ends with a full stop."""
    (found,) = validate(folder)
    assert found.sentence.startswith(str(found.file))
    assert found.sentence.endswith(".")
    return found


def listed(folder: Path, *lines: Track) -> None:
    """Replace the lines of these labels."""
    labels = {line.label for line in lines}
    write_tracks(folder / "res_track.txt", [*(one for one in TRACKS if one.label not in labels), *lines])


def test_valid_results(folder: Path) -> None:
    assert validate(folder) == []
    for file in sorted(folder.glob("mask*.tif")):
        file.rename(file.with_name(file.name.replace("mask", "mask1")))  # frames 1000 to 1005
    moved = [Track(one.label, one.begin + 1000, one.end + 1000, one.parent) for one in TRACKS]
    write_tracks(folder / "res_track.txt", moved)
    assert validate(folder) == []


# --------------------------------------------------------------------------------------------------------------- masks


def test_no_folder_no_masks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found nothing, expected a folder of masks with res_track.txt"):
        validate(tmp_path / "01_RES")
    write_tracks(tmp_path / "res_track.txt", [])
    (tmp_path / "t000.tif").touch()
    assert only(tmp_path).sentence == f"{tmp_path}: there is no mask, maskNNN.tif."


@pytest.mark.parametrize(
    ("removed", "text"), [([2], "no mask of frame 2"), ([1, 2, 4], "no mask of frames 1 to 2"), ([4], "of frame 4")]
)
def test_missing_masks(folder: Path, removed: list[int], text: str) -> None:
    for frame in removed:
        (folder / f"mask{frame:03d}.tif").unlink()
    found = validate(folder)[0]
    assert (text in found.sentence, found.frame, found.repairable) == (True, removed[0], False)
    assert len(validate(folder)) == (2 if 4 in removed and len(removed) > 1 else 1)  # and no track skips these


def test_two_masks_of_a_frame(folder: Path) -> None:
    tifffile.imwrite(folder / "mask0003.tif", page([1, 2, 3]))
    found = validate(folder)[0]
    assert found.frame == 3
    assert "frame 3 has another mask" in found.sentence


def test_frame_numbers_of_different_length(folder: Path) -> None:
    (folder / "mask003.tif").rename(folder / "mask0003.tif")
    found = only(folder)
    assert (found.file.name, found.frame) == ("mask0003.tif", 3)
    assert "not written with 3 digits" in found.sentence


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32])
def test_masks_of_another_type(folder: Path, dtype: type) -> None:
    tifffile.imwrite(folder / "mask002.tif", page([1, 2], dtype), photometric="minisblack")
    found = only(folder)
    assert (found.file.name, found.label, found.frame) == ("mask002.tif", None, 2)
    assert f"labels are {np.dtype(dtype)}, not uint16" in found.sentence


def test_masks_of_another_size(folder: Path) -> None:
    tifffile.imwrite(folder / "mask005.tif", page([2, 3, 5])[:, :-1])
    assert "there are 3 × 19 pixels, but 3 × 20 in mask000.tif" in only(folder).sentence


def test_masks_that_cannot_be_read(folder: Path) -> None:
    """Nothing is reported about their contents."""
    (folder / "mask004.tif").write_bytes(b"II*\0nothing")
    found = only(folder)
    assert (found.frame, found.repairable) == (4, False)
    assert "found a broken or incomplete file" in found.sentence


def test_volumes(tmp_path: Path) -> None:
    for frame in range(3):
        volume = np.stack([page([]), page([1]), page([2] if frame else [])])
        tifffile.imwrite(tmp_path / f"mask{frame:03d}.tif", volume, photometric="minisblack")
    write_tracks(tmp_path / "res_track.txt", [Track(1, 0, 2), Track(2, 0, 2)])
    assert "label 2 is listed for frames 0 to 2, but not in frame 0" in only(tmp_path).sentence


# ----------------------------------------------------------------------------------------------------------- track list


def test_no_list(folder: Path) -> None:
    (folder / "res_track.txt").unlink()
    assert "there is no such file; the masks have 5 label(s)" in only(folder).sentence
    (folder / "res_track.txt").touch()
    assert "the list is empty, but the masks have 5 label(s)" in only(folder).sentence


def test_invalid_line(folder: Path) -> None:
    (folder / "res_track.txt").write_text("1 0 2 0\n2 0 five 0\n")
    found = only(folder)
    assert not found.repairable
    assert "res_track.txt, line 2: found '2 0 five 0'" in str(found)


LINES = [
    ([Track(0, 2, 3)], 0, 2, "label 0 is not positive"),
    ([Track(-4, 2, 3)], -4, 2, "label -4 is not positive"),
    ([Track(2, 5, 0)], 2, 5, "label 2 begins in frame 5, after its end in frame 0"),
    ([Track(2, 0, 6)], 2, 0, "label 2 is listed for frames 0 to 6, but there are masks of frames 0 to 5"),
    ([Track(2, -1, 5)], 2, -1, "label 2 is listed for frames -1 to 5, but there are masks of frames 0 to 5"),
    ([Track(2, 0, 5), Track(2, 0, 5)], 2, None, "label 2 is listed 2 times"),
    ([Track(2, 0, 5), Track(2, 0, 4)], 2, None, "label 2 is listed 2 times, with different content"),
    ([Track(3, 3, 5, 9)], 3, 3, "the parent of label 3, 9, is not listed"),
    ([Track(3, 3, 5, -1)], 3, 3, "the parent of label 3, -1, is not listed"),
    ([Track(3, 3, 5, 3)], 3, 3, "label 3 is its own parent"),
    ([Track(3, 3, 5, 2)], 3, 3, "the parent of label 3, 2, ends in frame 5, not before its child begins in frame 3"),
    ([Track(5, 5, 5, 3)], 5, 5, "the parent of label 5, 3, ends in frame 5, not before its child begins in frame 5"),
    ([Track(6, 1, 2)], 6, 1, "label 6 is listed for frames 1 to 2, but is in no mask"),
    ([Track(2, 0, 3)], 2, 4, "label 2 is in frames 4 to 5, but is listed for frames 0 to 3"),
    ([Track(2, 1, 5)], 2, 0, "label 2 is in frame 0, but is listed for frames 1 to 5"),
    ([Track(5, 4, 5)], 5, 4, "label 5 is listed for frames 4 to 5, but not in frame 4"),
]


@pytest.mark.parametrize(("lines", "label", "frame", "text"), LINES, ids=[line[-1] for line in LINES])
def test_lines(folder: Path, lines: list[Track], label: int, frame: int | None, text: str) -> None:
    listed(folder, *lines)
    found = [one for one in validate(folder) if text + "." in one.sentence]
    assert [(one.label, one.frame) for one in found] == [(label, frame)]
    assert found[0].sentence.startswith(f"{found[0].file}: ")


def test_tracks_that_are_their_own_ancestors(folder: Path) -> None:
    """The tracks end before they begin; otherwise the parents would violate another rule as well."""
    listed(folder, Track(3, 5, 3, 4), Track(4, 4, 2, 5), Track(5, 4, 3, 3))
    sentences = [one.sentence for one in validate(folder) if "ancestors" in one.sentence]
    assert sentences == [f"{folder / 'res_track.txt'}: labels 3, 4, 5 are their own ancestors."]


def test_tracks_that_skip_frames(folder: Path) -> None:
    write_masks(folder, SOUND | {2: [0, 2, 5]})
    first, second = validate(folder)
    assert (first.file.name, first.label, first.frame) == ("mask001.tif", 2, 1)
    assert "label 2 skips frame 1: a gap ends a track" in first.sentence
    assert (second.label, second.frame) == (2, 3)
    assert "label 2 skips frames 3 to 4" in second.sentence


def test_labels_that_are_not_listed(folder: Path) -> None:
    write_masks(folder, SOUND | {8: [2, 3, 4]})
    found = only(folder)
    assert (found.file.name, found.label, found.frame) == ("mask002.tif", 8, 2)
    assert "label 8 is in frames 2 to 4, but is not listed in res_track.txt" in found.sentence


def test_everything_at_once(folder: Path) -> None:
    """No violation hides another."""
    write_masks(folder, {1: [0, 1], 2: [0, 2, 3, 4, 5], 3: [3, 4, 5], 4: [3, 4], 7: [5]})
    tifffile.imwrite(folder / "mask002.tif", page([2], np.uint8), photometric="minisblack")
    assert [(one.label, one.frame) for one in validate(folder)] == [(None, 2), (1, 2), (2, 1), (5, 5), (7, 5)]


# ------------------------------------------------------------------------------------------------------ command, truth


def test_command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.excepthook", lambda *_: None)  # restored afterward

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["custom.tracking", "validate", str(folder), *arguments])
        main()
        return capsys.readouterr().out

    assert run() == f"Valid: {folder}\n"
    listed(folder, Track(2, 0, 4))
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 1
    assert capsys.readouterr().out == validate(folder)[0].sentence + "\n"
    repaired = run("--repair", "true")
    assert repaired.startswith("Repaired: ")
    assert repaired.endswith(f"Valid: {folder}\n")
    assert run("--repair") == f"Valid: {folder}\n"
    with pytest.raises(InputError, match="--repair: found 'perhaps'"):
        run("--repair", "perhaps")


def test_real_truth_is_valid(real_data: Path, tmp_path: Path) -> None:
    truth = real_data / "DIC-C2DH-HeLa" / "01_GT" / "TRA"
    for frame in range(84):
        (tmp_path / f"mask{frame:03d}.tif").symlink_to(truth / f"man_track{frame:03d}.tif")
    write_tracks(tmp_path / "res_track.txt", read_tracks(truth / "man_track.txt"))
    assert validate(tmp_path) == []
