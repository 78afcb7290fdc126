"""The command ``ctc`` and `score_sequence`: incomplete truth, several sequences, parts of movies, invalid inputs."""

from __future__ import annotations

import csv
import json
import math
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from movies import Movie, sequence

from custom.errors import InputError
from custom.score import ctc, score_folders
from custom.score.__main__ import main
from custom.tracking import LabelSequence, SequenceScores, Track, mean_scores, pool_scores, score_sequence, sequence_of

MISSING = "--frames FIRST-LAST"


def blocks(frames: int = 4) -> Movie:
    """Return two cells, 4 × 4 and 4 × 6 pixels, and two empty columns between them."""
    mask = np.zeros((8, 16), np.uint16)
    mask[2:6, 1:5], mask[2:6, 7:13] = 1, 2
    return Movie([mask.copy() for _ in range(frames)], [Track(1, 0, frames - 1), Track(2, 0, frames - 1)])


def without(movie: Movie, frame: int, label: int) -> Movie:
    """Return the movie without one object; its track is shortened."""
    masks = [mask.copy() for mask in movie.masks]
    masks[frame][masks[frame] == label] = 0
    other = replace(movie.tracks[label - 1], **({"begin": 1} if frame == 0 else {"end": frame - 1}))
    return Movie(masks, [*movie.tracks[: label - 1], other, *movie.tracks[label:]])


def write_truth(folder: Path, truth: Movie, outlines: tuple[int, ...] = (0, 1, 2, 3)) -> Path:
    truth.write(folder / "TRA", "man_track", "man_track.txt")
    if outlines:
        (folder / "SEG").mkdir()
    for frame in outlines:
        tifffile.imwrite(folder / "SEG" / f"man_seg{frame:03d}.tif", truth.masks[frame])
    return folder


def write_result(folder: Path, result: Movie) -> Path:
    return result.write(folder, "mask", "res_track.txt")


def scored(truth: Movie, result: Movie, seg: LabelSequence | None = None, **options: object) -> SequenceScores:
    labels = sequence_of(truth.masks), sequence_of(result.masks)
    return score_sequence(labels[0], truth.tracks, labels[1], result.tracks, seg, **options)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------------- command


def test_one_sequence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, result = blocks(), without(blocks(), 3, 2)
    gt, res = write_truth(tmp_path / "01_GT", truth), write_result(tmp_path / "01_RES", result)
    ctc(str(gt), str(res), str(tmp_path / "scores.json"), str(tmp_path / "errors.csv"))
    content = json.loads((tmp_path / "scores.json").read_text())
    numbers = content["sequences"]["01_RES"]
    assert numbers["SEG"] == pytest.approx(7 / 8)
    assert numbers["DET"] == pytest.approx(1 - 1 / 8)
    assert numbers["LNK"] == pytest.approx(1 - 1.5 / 9)
    assert numbers["CCA"] is None  # there is no division
    assert not {"mean", "pooled", "warping_error"} & {*content, *numbers}
    with (tmp_path / "errors.csv").open(newline="") as stream:
        assert [row["kind"] for row in csv.DictReader(stream)] == ["missed", "missed link"]
    printed = capsys.readouterr().out
    assert "0.8750" in printed
    assert str(tmp_path / "scores.json") in printed
    assert str(tmp_path / "errors.csv") in printed


def test_several_sequences_have_a_mean_and_are_pooled(tmp_path: Path) -> None:
    long, short = blocks(4), blocks(1)
    gts = [write_truth(tmp_path / "01_GT", long), write_truth(tmp_path / "02_GT", short, (0,))]
    lost = Movie([np.where(mask == 1, mask, 0) for mask in short.masks], [Track(1, 0, 0)])
    results = [write_result(tmp_path / "01_RES", long), write_result(tmp_path / "02_RES", lost)]
    ctc(
        str([str(gt) for gt in gts]),
        str([str(res) for res in results]),
        str(tmp_path / "s.json"),
        str(tmp_path / "e.csv"),
    )
    content = json.loads((tmp_path / "s.json").read_text())
    assert list(content["sequences"]) == ["01_RES", "02_RES"]
    assert content["mean"]["DET"] == pytest.approx((1 + 0.5) / 2)
    assert content["pooled"]["DET"] == pytest.approx(1 - 1 / 10)
    assert content["mean"]["SEG"] == pytest.approx((1 + 0.5) / 2)
    assert content["pooled"]["SEG"] == pytest.approx(9 / 10)
    assert content["mean"]["LNK"] == content["pooled"]["LNK"] == 1  # undefined for one frame, and ignored
    assert content["sequences"]["02_RES"]["LNK"] is None
    assert (tmp_path / "e_01_RES.csv").is_file()
    assert (tmp_path / "e_02_RES.csv").is_file()


def test_a_part_of_the_movie(tmp_path: Path) -> None:
    """The result has no masks of other frames; tracks are cut to the part."""
    truth, _ = sequence(2, frames=9)
    gt = write_truth(tmp_path / "01_GT", truth, (2,))
    part = [replace(t, begin=max(t.begin, 4), end=min(t.end, 6)) for t in truth.tracks if t.begin <= 6 and t.end >= 4]
    listed = {track.label for track in part}
    part = [replace(track, parent=track.parent if track.parent in listed else 0) for track in part]
    res = write_result(tmp_path / "01_RES", Movie(truth.masks, part))
    for frame in (0, 1, 2, 3, 7, 8):
        (res / f"mask{frame:03d}.tif").unlink()
    with pytest.raises(InputError, match=MISSING):
        score_folders(gt, res)
    numbers = score_folders(gt, res, range(4, 7)).numbers
    assert (numbers["TRA"], numbers["CT"], numbers["AOGM"]) == (1, 1, 0)
    assert "SEG" not in numbers  # frames with segmentation truth are outside the part
    ctc(str(gt), str(res), frames="4-6")


@pytest.mark.parametrize("frames", ["4", "6-4", "a-b", "4-", "-4-6"])
def test_invalid_frame_ranges(frames: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--frames: found"):
        ctc(str(tmp_path), str(tmp_path), frames=frames)


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gt, res = write_truth(tmp_path / "2024_05", blocks()), write_result(tmp_path / "2024_06", blocks())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.excepthook", lambda *_: None)  # restored afterward
    options = ["--warping", "true", "--frames", "1-2"]
    monkeypatch.setattr("sys.argv", ["custom.score", "ctc", gt.name, res.name, *options])
    main()
    printed = capsys.readouterr().out
    assert "2024_06" in printed
    assert "warping error" in printed


# ---------------------------------------------------------------------------------------------------------------- truth


def test_truth_of_outlines_alone(tmp_path: Path) -> None:
    """Silver truth has no tracks; frames without truth are not scored."""
    gt, res = write_truth(tmp_path / "01_ST", blocks(), (1, 3)), write_result(tmp_path / "01_RES", blocks())
    for file in (gt / "TRA").iterdir():
        file.unlink()
    (gt / "TRA").rmdir()
    scores = score_folders(gt, res)
    assert scores.numbers == {"SEG": 1, "IoU": 1, "rand_index": 1, "rand_error": 0}
    assert scores.errors == []


def test_truth_of_tracks_alone(tmp_path: Path) -> None:
    gt, res = write_truth(tmp_path / "01_GT", blocks(), ()), write_result(tmp_path / "01_RES", blocks())
    numbers = score_folders(gt, res).numbers
    assert numbers["TRA"] == 1
    assert not {"SEG", "OP_CSB", "OP_CTB", "IoU"} & numbers.keys()


def test_a_frame_that_is_annotated_in_part_counts_for_seg_alone() -> None:
    truth = blocks()
    outlines = {0: np.where(truth.masks[0] == 1, truth.masks[0], 0), 2: truth.masks[2]}
    half = Movie([np.where(mask == 1, mask, 0) for mask in truth.masks], truth.tracks[:1])
    numbers = scored(truth, half, sequence_of(outlines)).numbers
    assert numbers["SEG"] == pytest.approx((1 + 1 + 0) / 3)
    assert numbers["IoU"] == pytest.approx(16 / 40)  # of frame 2 alone
    assert numbers["rand_error"] == pytest.approx(1 - numbers["rand_index"])


def test_markers_are_covered_by_the_cells_they_are_in() -> None:
    truth, markers = blocks(), blocks()
    for mask in markers.masks:
        mask[:] = 0
        mask[3, 2], mask[3, 8] = 1, 2
    numbers = scored(markers, truth, sequence_of(truth.masks)).numbers
    assert [numbers[name] for name in ("SEG", "TRA", "HOTA(coverage)", "IDF1", "IoU")] == [1] * 5
    assert numbers["HOTA"] < 0.2  # the IoU of a marker with its cell


def test_a_truth_scores_perfectly_against_itself(tmp_path: Path) -> None:
    gt = write_truth(tmp_path / "01_GT", sequence(2)[0], (0,))
    numbers = score_folders(gt, gt).numbers
    assert [numbers[name] for name in ("SEG", "DET", "LNK", "TRA", "CT")] == [1] * 5


# -------------------------------------------------------------------------------------------------------- warping error


def test_a_shifted_border_costs_nothing() -> None:
    truth = blocks(1)
    wider = Movie([truth.masks[0].copy()], truth.tracks)
    wider.masks[0][2:6, 5] = 1
    numbers = scored(truth, wider, sequence_of(truth.masks), warping=True).numbers
    assert numbers["warping_error"] == 0
    assert numbers["IoU"] < 1


def test_a_merger_costs_its_pixels() -> None:
    truth = blocks(2)
    bridged = (truth.masks[1] > 0).astype(np.uint16)
    bridged[3, 5:7] = 1  # two pixels long; removing one separates the cells again
    result = sequence_of([truth.masks[0], bridged])
    numbers = score_sequence(None, [], result, None, sequence_of(truth.masks), warping=True).numbers
    assert numbers["warping_error"] == pytest.approx((0 + 1 / bridged.size) / 2)


def test_cells_that_touch_are_not_merged() -> None:
    mask = np.zeros((8, 16), np.uint16)
    mask[2:6, 1:7], mask[2:6, 7:13] = 1, 2
    apart, together = sequence_of([mask]), sequence_of([(mask > 0).astype(np.uint16)])
    assert score_sequence(None, [], apart, None, apart, warping=True).numbers["warping_error"] == 0
    assert score_sequence(None, [], together, None, apart, warping=True).numbers["warping_error"] > 0


def test_no_warping_error_of_volumes() -> None:
    volume = sequence_of([np.ones((2, 3, 4), np.uint16)])
    with pytest.raises(InputError, match="volumes"):
        score_sequence(None, [], volume, None, volume, warping=True)


# --------------------------------------------------------------------------------------------------------------- memory


def test_no_more_than_a_few_masks_are_in_memory() -> None:
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def read(frame: int) -> np.ndarray:
        nonlocal most
        mask = movie.masks[frame].copy()
        alive[:] = [reference for reference in alive if reference() is not None]
        alive.append(weakref.ref(mask))
        most = max(most, len(alive))
        return mask

    movie = blocks(6)
    labels = LabelSequence(range(6), {}, read)
    score_sequence(labels, movie.tracks, labels, movie.tracks, labels)
    assert most <= 3 + 2  # result, markers and outlines, and what is replaced by those of the next frame


# ------------------------------------------------------------------------------------------------------- invalid inputs


def test_frames_that_do_not_belong_together(tmp_path: Path) -> None:
    gt = write_truth(tmp_path / "01_GT", blocks(4))
    with pytest.raises(InputError, match=r"01_RES.* no mask of frame 3"):
        score_folders(gt, write_result(tmp_path / "a" / "01_RES", blocks(3)))
    with pytest.raises(InputError, match=r"01_RES.* a mask of frame 4"):
        score_folders(gt, write_result(tmp_path / "b" / "01_RES", blocks(5)))
    with pytest.raises(InputError, match="no frame to compare"):
        score_folders(gt, write_result(tmp_path / "c" / "01_RES", blocks(4)), range(7, 9))


def test_masks_of_another_size(tmp_path: Path) -> None:
    small = blocks(4)
    small.masks[2] = small.masks[2][:, :-1]
    gt, res = write_truth(tmp_path / "01_GT", blocks(4)), write_result(tmp_path / "01_RES", small)
    with pytest.raises(InputError, match=r"mask002.tif: found 8 × 15 pixels, expected 8 × 16"):
        score_folders(gt, res)


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        ([Track(1, 0, 3)], "label 2 in frame 0"),
        ([Track(1, 0, 3), Track(2, 0, 2)], "label 2 in 4 frames from 0 to 3, expected it in each frame from 0 to 2"),
        ([Track(1, 0, 3), Track(2, 0, 3), Track(3, 0, 1)], "label 3 in no frame"),
        ([Track(1, 0, 3), Track(1, 0, 3), Track(2, 0, 3)], "a label twice"),
        ([Track(1, 0, 3), Track(2, 0, 3, 7)], "7 as parent of 2"),
        ([Track(1, 0, 3), Track(2, 0, 3, 1)], "1 as parent of 2"),
    ],
)
@pytest.mark.parametrize("side", ["truth", "result"])
def test_tracks_that_contradict_the_masks(tracks: list[Track], message: str, side: str) -> None:
    broken = Movie(blocks().masks, tracks)
    truth, result = (broken, blocks()) if side == "truth" else (blocks(), broken)
    with pytest.raises(InputError, match=f"{side}: found {message}.*--repair"):
        scored(truth, result)


def test_a_label_that_is_away_for_a_frame() -> None:
    skipping = without(blocks(), 3, 2)
    skipping.masks[1][skipping.masks[1] == 2] = 0
    skipping.masks[3][:] = blocks().masks[3]
    with pytest.raises(InputError, match="label 2 in 3 frames from 0 to 3"):
        scored(blocks(), Movie(skipping.masks, blocks().tracks))


def test_folders_without_truth_or_without_partner(tmp_path: Path) -> None:
    (tmp_path / "01_GT").mkdir()
    res = write_result(tmp_path / "01_RES", blocks())
    with pytest.raises(InputError, match="neither TRA nor SEG"):
        score_folders(tmp_path / "01_GT", res)
    with pytest.raises(InputError, match="found 1 folders, expected 2"):
        ctc("['01_GT','02_GT']", "01_RES")


def test_images_and_volumes_are_not_pooled() -> None:
    volume = Movie([np.stack((mask, mask)) for mask in blocks().masks], blocks().tracks)
    scores = [scored(blocks(), blocks()), scored(volume, volume)]
    with pytest.raises(InputError, match="images and volumes"):
        pool_scores(scores)
    assert mean_scores(scores)["TRA"] == 1


def test_mean_leaves_out_what_is_undefined() -> None:
    division = Movie([np.array([[1, 1, 1]]), np.array([[2, 0, 3]])], [])
    tracks = [Track(1, 0, 0), Track(2, 1, 1, 1), Track(3, 1, 1, 1)]
    division = Movie([mask.astype(np.uint16) for mask in division.masks], tracks)
    means = mean_scores([scored(blocks(), blocks()), scored(division, division)])
    assert means["BC(0)"] == 1
    assert math.isnan(means["CCA"])


# ------------------------------------------------------------------------------------------------------------ real data


def test_real_truth(real_data: Path) -> None:
    """Silver truth against gold: 16 markers have no silver object; some gold frames show only a part of the cells."""
    folder = real_data / "DIC-C2DH-HeLa"
    scores = score_folders(folder / "01_GT", folder / "01_ST" / "SEG")
    assert scores.numbers["FN"] == 16
    assert scores.numbers["DET"] == pytest.approx(0.9857, abs=1e-4)
    assert scores.numbers["SEG"] == pytest.approx(0.9648, abs=1e-4)
    assert len(scores.errors) == 16


@pytest.mark.parametrize("name", ["DIC-C2DH-HeLa", "Fluo-N2DH-SIM+"])
def test_real_truth_against_itself(real_data: Path, name: str) -> None:
    truth = real_data / name / "01_GT"
    scores = score_folders(truth, truth)
    assert [scores.numbers[name] for name in ("DET", "LNK", "TRA", "CT", "TF", "BC(0)", "IDF1", "HOTA")] == [1] * 8
    assert scores.errors == []
