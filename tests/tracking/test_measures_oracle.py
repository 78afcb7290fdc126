"""Measures of tracks compared with py-ctcmetrics 1.3.3 on generated sequences, and cases in which that is wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from movies import Movie, sequence, two_divisions_in_a_row

from custom.errors import InputError
from custom.score import score_folders
from custom.tracking import Track

evaluate = pytest.importorskip("ctc_metrics.scripts.evaluate")

OURS = {f"AOGM_{name}": name for name in ("NS", "FN", "FP", "ED", "EA", "EC")}
"""Names in py-ctcmetrics → our names, if different."""

pytestmark = pytest.mark.filterwarnings("ignore:Empty frame", "ignore:No tracks")

CHALLENGE = ["SEG", "DET", "TRA", "LNK", "CT", "TF", "BC", "CCA"]


def on_disk(folder: Path, truth: Movie, result: Movie) -> tuple[Path, Path]:
    """Write both; the first and last frames of the truth also have segmentation truth."""
    truth.write(folder / "01_GT" / "TRA", "man_track", "man_track.txt")
    (folder / "01_GT" / "SEG").mkdir()
    for frame in {0, len(truth.masks) - 1}:
        tifffile.imwrite(folder / "01_GT" / "SEG" / f"man_seg{frame:03d}.tif", truth.masks[frame])
    return folder / "01_GT", result.write(folder / "01_RES", "mask", "res_track.txt")


def theirs(gt: Path, res: Path, metrics: list[str]) -> dict[str, Any]:
    numbers = evaluate.evaluate_sequence(str(res), str(gt), metrics=[*metrics, "Valid"], threads=1)
    assert numbers.pop("Valid") == 1
    return {name: math.nan if value is None else value for name, value in numbers.items()}


def assert_equal(reference: dict[str, Any], numbers: dict[str, float], names: list[str]) -> None:
    expected = {name: reference[name] for name in names}
    assert {name: numbers[OURS.get(name, name)] for name in names} == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("seed", range(220))
def test_the_measures_of_the_challenge(seed: int, tmp_path: Path) -> None:
    """Includes MOTA and identity switches."""
    gt, res = on_disk(tmp_path, *sequence(seed, frames=5 + seed % 3))
    reference, numbers = theirs(gt, res, [*CHALLENGE, "MOTA"]), score_folders(gt, res).numbers
    names = ["SEG", "DET", "TRA", "LNK", "OP_CSB", "OP_CTB", "CT", "TF", "CCA", "AOGM", *OURS, "MOTA", "IDSW"]
    assert_equal(reference, numbers, [*names, *(f"{name}({i})" for i in range(4) for name in ("BC", "BIO"))])


@pytest.mark.parametrize("seed", range(220, 260))
def test_identities_where_no_objects_are_merged(seed: int, tmp_path: Path) -> None:
    """HOTA of py-ctcmetrics uses the matching criterion of the challenge only."""
    truth, result = sequence(seed, severity=0.5, merging=False)
    gt, res = on_disk(tmp_path, truth, result)
    numbers = score_folders(gt, res).numbers
    if numbers["NS"]:
        pytest.skip("objects are merged by chance")
    reference = theirs(gt, res, ["HOTA", "IDF1"])
    assert numbers["HOTA(coverage)"] == pytest.approx(reference["HOTA"], abs=1e-6)
    assert numbers["IDF1"] == pytest.approx(reference["IDF1"], abs=1e-6)


# ---------------------------------------------------------------------------------------------- errors of py-ctcmetrics


def square(frames: int = 3, label: int = 1) -> Movie:
    """Return two cells that do not move, with this label and the next."""
    mask = np.zeros((8, 12), np.uint16)
    mask[2:6, 1:5], mask[2:6, 7:11] = label, label + 1
    return Movie([mask] * frames, [Track(label, 0, frames - 1), Track(label + 1, 0, frames - 1)])


def test_an_object_that_covers_two_cells_is_one_object(tmp_path: Path) -> None:
    """py-ctcmetrics counts it once per cell, although the result has only three objects."""
    truth, result = square(), square()
    result = Movie([(mask > 0).astype(np.uint16) for mask in truth.masks], [Track(1, 0, 2)])
    gt, res = on_disk(tmp_path, truth, result)
    assert score_folders(gt, res).numbers["IDF1"] == pytest.approx(2 * 3 / (6 + 3))
    assert theirs(gt, res, ["IDF1"])["IDF1"] == pytest.approx(2 * 3 / (6 + 6))


def test_labels_near_the_top_of_their_type(tmp_path: Path) -> None:
    """py-ctcmetrics adds the largest label of the truth to labels of the result, in 16 bits."""
    gt, res = on_disk(tmp_path, square(), square(label=65534))
    numbers, reference = score_folders(gt, res).numbers, theirs(gt, res, ["SEG", "TRA"])
    assert (numbers["SEG"], numbers["TRA"]) == (1, 1)
    assert (reference["SEG"], reference["TRA"]) == (0, 0)


def test_cells_that_are_lost(tmp_path: Path) -> None:
    """py-ctcmetrics counts frames in which a cell is missed as tracked."""
    truth = square()
    result = Movie([np.where(mask == 1, mask, 0) for mask in truth.masks], [Track(1, 0, 2)])
    gt, res = on_disk(tmp_path, truth, result)
    numbers, reference = score_folders(gt, res).numbers, theirs(gt, res, ["MTML"])
    assert (numbers["MT"], numbers["ML"]) == (0.5, 0.5)
    assert (reference["MT"], reference["ML"]) == (1, 0)


def test_two_divisions_that_are_like_one(tmp_path: Path) -> None:
    """py-ctcmetrics counts both as correct, so its F-score exceeds 1."""
    truth, result = two_divisions_in_a_row()
    gt, res = on_disk(tmp_path, truth, result)
    assert score_folders(gt, res).numbers["BC(2)"] == pytest.approx(2 * 1 / (1 + 2))
    assert theirs(gt, res, ["BC"])["BC(2)"] == pytest.approx(2 * 2 / (1 + 2))


def test_a_result_without_objects(tmp_path: Path) -> None:
    """py-ctcmetrics fails on an empty track list."""
    truth = square()
    gt, res = on_disk(tmp_path, truth, Movie([np.zeros_like(mask) for mask in truth.masks], []))
    numbers = score_folders(gt, res).numbers
    assert [numbers[name] for name in ("SEG", "DET", "TRA", "LNK", "CT", "TF", "IDF1", "HOTA", "MOTA")] == [0] * 9
    with pytest.raises((ValueError, IndexError)):
        theirs(gt, res, ["TRA"])


def test_a_result_that_was_not_tracked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """py-ctcmetrics fails without a track list; objects can still be scored."""
    gt, res = on_disk(tmp_path, square(), square())
    (res / "res_track.txt").unlink()
    numbers = score_folders(gt, res).numbers
    assert (numbers["SEG"], numbers["DET"], numbers["OP_CSB"]) == (1, 1, 1)
    assert not {"TRA", "LNK", "CT", "IDF1", "EA"} & numbers.keys()
    assert "01_RES: no res_track.txt" in capsys.readouterr().out
    with pytest.raises((TypeError, AttributeError)):
        theirs(gt, res, ["TRA"])


def test_a_parent_that_is_not_listed(tmp_path: Path) -> None:
    """py-ctcmetrics fails with an assertion; the error here names the fault of the result."""
    broken = square()
    broken.tracks[1] = replace(broken.tracks[1], parent=9)
    gt, res = on_disk(tmp_path, square(), broken)
    with pytest.raises(InputError, match=r"found 9 as parent of 2, expected .*--repair"):
        score_folders(gt, res)
    with pytest.raises(AssertionError):
        theirs(gt, res, ["TRA"])


def test_a_single_frame(tmp_path: Path) -> None:
    """py-ctcmetrics fails on a single frame; here only LNK is undefined."""
    gt, res = on_disk(tmp_path, square(frames=1), square(frames=1))
    numbers = score_folders(gt, res).numbers
    assert (numbers["DET"], numbers["TRA"], numbers["CT"]) == (1, 1, 1)
    assert math.isnan(numbers["LNK"])
    with pytest.raises(ValueError, match="concatenate"):
        theirs(gt, res, ["TRA"])
