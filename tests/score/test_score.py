"""Scores of results on disk: output and invalid inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter

from custom.errors import InputError
from custom.evaluation import challenge_scores
from custom.images import write_png
from custom.score.__main__ import main


@pytest.fixture
def score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return a function that runs the command line and returns what it printed and the JSON that it wrote."""
    monkeypatch.setattr("sys.excepthook", lambda *_: None)  # restored afterward
    monkeypatch.setattr("custom.ground.commands.quieten", lambda: None)  # it would hide warnings from pytest

    def run(*arguments: Any) -> tuple[str, dict[str, Any]]:
        file = tmp_path / "scores" / "new.json"
        monkeypatch.setattr("sys.argv", ["custom.score", *map(str, arguments), "--json", str(file)])
        main()
        return capsys.readouterr().out, json.loads(file.read_text())

    return run


def put(file: Path, array: Any, dtype: type = np.uint8) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(file, np.asarray(array, dtype), photometric="minisblack")
    return file


# ------------------------------------------------------------------------------------------------------------ membrane


@pytest.fixture
def stack(tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """Return the file of a stack of labels, its membranes, and a probability of membranes."""
    inside = np.ones((3, 40, 40), bool)
    inside[:, 20], inside[:, :, 12] = False, False
    probability = np.where(inside, 0.1, 0.9)
    probability[1, 20, 25:30] = 0.3  # a faint segment
    return put(tmp_path / "labels.tif", inside * 255), ~inside, probability


def test_membrane_scores_are_those_of_the_challenge(score, stack, tmp_path: Path) -> None:
    labels, membranes, probability = stack
    expected = challenge_scores(list(probability), list(membranes))
    out, content = score("membrane", labels, put(tmp_path / "p.tif", probability, np.float32))
    assert content["scores"] == pytest.approx({"slices": 3} | expected, rel=1e-6)
    assert content["probability_of"] == "membrane"
    assert "V-Rand max" in out
    assert "p.tif" in out
    assert content["scores"]["v_rand_max"] == pytest.approx(1)


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_probabilities(score, stack, tmp_path: Path, dtype: type, top: int) -> None:
    labels, membranes, probability = stack
    stored = put(tmp_path / "p.tif", np.rint(probability * top), dtype)
    _, content = score("membrane", labels, stored)
    expected = challenge_scores(list(probability), list(membranes))
    assert content["scores"]["v_info_max"] == pytest.approx(expected["v_info_max"])


def test_probability_of_cells(score, stack, tmp_path: Path) -> None:
    labels, _, probability = stack
    of_membrane = score("membrane", labels, put(tmp_path / "p.tif", probability, np.float32))[1]
    of_cell = put(tmp_path / "q.tif", 1 - probability, np.float32)
    assert score("membrane", labels, of_cell, "--probability_of", "cell")[1]["scores"] == of_membrane["scores"]
    assert score("membrane", labels, of_cell)[1]["scores"] != of_membrane["scores"]


def test_one_image_is_a_stack(score, stack, tmp_path: Path) -> None:
    _, membranes, probability = stack
    one = put(tmp_path / "one.tif", ~membranes[0] * 255)
    assert score("membrane", one, put(tmp_path / "p.tif", probability[0], np.float32))[1]["scores"]["slices"] == 1


def test_invalid_membrane_inputs(score, stack, tmp_path: Path) -> None:
    labels, _, probability = stack
    file = tmp_path / "p.tif"
    with pytest.raises(InputError, match=r"p.tif: found no such file"):
        score("membrane", labels, file)
    with pytest.raises(InputError, match=r"found 2 × 40 × 40 pixels, expected 3 × 40 × 40 as in .*labels.tif"):
        score("membrane", labels, put(file, probability[:2], np.float32))
    with pytest.raises(InputError, match=r"found values from 0.5 to 4.5, expected probabilities, 0 to 1"):
        score("membrane", labels, put(file, 5 * probability, np.float32))
    with pytest.raises(InputError, match=r"found int32 pixels"):
        score("membrane", labels, put(file, probability, np.int32))
    with pytest.raises(InputError, match=r"--probability_of: found 'cells', expected .*did you mean cell"):
        score("membrane", labels, put(file, probability, np.float32), "--probability_of", "cells")


# --------------------------------------------------------------------------------------------------------------- masks


TRUTH = np.kron([[1, 0, 2, 2], [1, 0, 0, 0], [0, 0, 3, 3]], np.ones((6, 6), int))


def test_masks_known_answers(score, tmp_path: Path) -> None:
    """One of three objects is missed: 2 · 3 / (3 + 5) blocks; two matches, one missed."""
    put(tmp_path / "gt" / "a.tif", TRUTH, np.uint16)
    put(tmp_path / "res" / "a.tif", np.where(TRUTH == 2, 0, TRUTH), np.uint16)
    put(tmp_path / "gt" / "b.tif", TRUTH, np.uint16)
    put(tmp_path / "res" / "b.tif", TRUTH, np.uint16)
    out, content = score("masks", tmp_path / "gt", tmp_path / "res")
    first = content["images"]["a"]
    assert first["dice"] == pytest.approx(8 / 10)
    assert first["iou"] == pytest.approx(4 / 6)
    assert (first["pq"], first["sq"], first["rq"]) == pytest.approx((2 / 2.5, 1, 2 / 2.5))
    assert set(content["images"]["b"].values()) == {1}
    assert content["mean"]["images"] == 2
    assert content["mean"]["dice"] == pytest.approx(0.9)
    assert content["mean"]["dice_std"] == pytest.approx(0.1)
    first_line, reading, heading, one, other, mean, spread, where = out.splitlines()
    assert first_line == f"Scoring 2 images of {tmp_path / 'res'} against {tmp_path / 'gt'}"
    assert reading == "Read as instance labels in the truth and instance labels in the result."
    assert heading.split() == [
        "Dice",
        "IoU",
        "clDice",
        "Rand",
        "index",
        "PQ",
        "SQ",
        "F1",
        "at",
        "IoU",
        "0.5",
        "(recognition",
        "quality)",
    ]
    assert (one.split()[:3], other.split()[0]) == (["a", "0.8000", "0.6667"], "b")
    assert (mean.split()[:2], spread.split()[:3]) == (["mean", "0.9000"], ["±", "sd", "0.1000"])
    assert where.startswith("Scores: ")


@pytest.mark.parametrize("value", [1, 255])
def test_objects_of_binary_masks_are_components(score, tmp_path: Path, value: int) -> None:
    put(tmp_path / "gt" / "a.tif", TRUTH, np.uint16)
    write_png(tmp_path / "res" / "a.png", np.repeat((TRUTH > 0)[..., None] * np.uint8(value), 3, axis=2))
    assert set(score("masks", tmp_path / "gt", tmp_path / "res")[1]["images"]["a"].values()) == {1}


def test_one_object_per_file_is_not_binary(score, tmp_path: Path) -> None:
    """A label in two parts is one object if another file of the folder shows that the masks are not binary."""
    for name, truth in (("a", TRUTH), ("b", TRUTH == 3)):
        put(tmp_path / "gt" / f"{name}.tif", truth)
        put(tmp_path / "res" / f"{name}.tif", truth)
    put(tmp_path / "gt" / "b.tif", (TRUTH == 3) | (TRUTH == 1))
    content = score("masks", tmp_path / "gt", tmp_path / "res")[1]
    assert content["images"]["b"]["rq"] == 0  # its label covers only half of the label of the result


def test_files_are_paired_by_stem_or_else_by_number(score, tmp_path: Path) -> None:
    for frame in (2, 11):
        put(tmp_path / "gt" / f"man_seg{frame:03d}.tif", TRUTH)
        put(tmp_path / "res" / f"mask{frame:04d}.tif", TRUTH)
    put(tmp_path / "res" / "mask0005.tif", TRUTH)
    with pytest.warns(UserWarning, match="res/mask0005.tif"):
        content = score("masks", tmp_path / "gt", tmp_path / "res")[1]
    assert list(content["images"]) == ["man_seg002", "man_seg011"]


def test_pages_of_a_stack(score, tmp_path: Path) -> None:
    put(tmp_path / "gt" / "s.tif", np.stack([TRUTH, TRUTH * 0]))
    put(tmp_path / "res" / "s.tif", np.stack([TRUTH, TRUTH * 0]))
    content = score("masks", tmp_path / "gt", tmp_path / "res")[1]
    assert content["images"]["s_000"]["dice"] == 1
    assert content["images"]["s_001"]["dice"] is None  # no objects in truth and result
    assert content["mean"]["dice"] == 1


def test_invalid_masks(score, tmp_path: Path) -> None:
    truth, result = tmp_path / "gt", tmp_path / "res"
    with pytest.raises(InputError, match=r"gt: found nothing, expected a folder of masks"):
        score("masks", truth, result)
    put(truth / "a.tif", TRUTH)
    put(result / "b.tif", TRUTH)
    with (
        pytest.warns(UserWarning, match="a.tif, res/b.tif"),
        pytest.raises(InputError, match=r"res: found no file that belongs to a file in"),
    ):
        score("masks", truth, result)
    put(result / "b.tif", TRUTH[1:]).rename(result / "a.tif")
    with pytest.raises(InputError, match=r"a.tif: found 17 × 24 pixels, expected 18 × 24 as in .*gt/a.tif"):
        score("masks", truth, result)


def test_real_silver_against_gold(score, real_data: Path) -> None:
    folder = real_data / "DIC-C2DH-HeLa"
    with pytest.warns(UserWarning, match="without a partner"):
        content = score("masks", folder / "01_GT" / "SEG", folder / "01_ST" / "SEG")[1]
    assert content["mean"]["images"] == 9
    assert content["images"]["man_seg002"]["pq"] > 0.8


def test_real_membranes_against_themselves(score, real_data: Path) -> None:
    labels = real_data / "isbi2012" / "train-labels.tif"
    _, content = score("membrane", labels, labels, "--probability_of", "cell")
    assert content["scores"]["slices"] == 24
    assert content["scores"]["v_rand_max"] == pytest.approx(1, abs=1e-3)
    assert content["scores"]["pixel_f_score_error"] == 0


def test_jpeg_masks_are_masks(score, tmp_path: Path) -> None:
    mask = (np.kron([[0, 1, 0, 1]], np.ones((40, 20))) * 255).astype(np.uint8)
    for folder, suffix in (("gt", "jpg"), ("res", "png")):
        (tmp_path / folder).mkdir()
        Image.fromarray(mask).save(tmp_path / folder / f"a.{suffix}")
    out, content = score("masks", tmp_path / "gt", tmp_path / "res")
    assert "Read as binary masks, foreground from 128 in the truth and binary masks in the result." in out
    assert set(content["images"]["a"].values()) == {1}


@pytest.mark.parametrize(("top", "dtype"), [(255, np.uint8), (240, np.uint8), (60000, np.uint16)])
def test_soft_edges_need_a_threshold(score, tmp_path: Path, top: int, dtype: type) -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[20:40, 20:40] = top
    put(tmp_path / "gt" / "a.tif", gaussian_filter(mask, 1), dtype)
    put(tmp_path / "res" / "a.tif", mask > 0)
    with pytest.raises(InputError, match=rf"most of them in several .*--threshold {top / 2 + 0.1:.0f} reads"):
        score("masks", tmp_path / "gt", tmp_path / "res")
    _, content = score("masks", tmp_path / "gt", tmp_path / "res", "--threshold", top // 2)
    assert content["images"]["a"]["pq"] > 0.98


def test_a_threshold_is_for_the_probabilities(score, tmp_path: Path) -> None:
    """The instance labels of the truth keep their objects."""
    put(tmp_path / "gt" / "a.tif", TRUTH)
    put(tmp_path / "res" / "a.tif", np.where(TRUTH > 0, 0.9, 0.1), np.float32)
    with pytest.raises(InputError, match=r"res: found fractional values up to 0.9, .*--threshold 0.45 reads"):
        score("masks", tmp_path / "gt", tmp_path / "res")
    out, content = score("masks", tmp_path / "gt", tmp_path / "res", "--threshold", "0.5")
    assert "Read as instance labels in the truth and binary masks, foreground from 0.5 in the result." in out
    assert set(content["images"]["a"].values()) == {1}
    with pytest.warns(UserWarning, match="no value reaches --threshold 3; the largest is 0.9"):
        score("masks", tmp_path / "gt", tmp_path / "res", "--threshold", "3")
    with pytest.raises(InputError, match="--threshold: found 'half', expected a number above 0"):
        score("masks", tmp_path / "gt", tmp_path / "res", "--threshold", "half")


def test_class_numbers_are_not_instances(score, tmp_path: Path) -> None:
    """Two classes in two pieces each; as instances, the same mask would have another panoptic quality."""
    classes = np.kron([[1, 0, 2], [0, 0, 0], [2, 0, 1]], np.ones((6, 6), int))
    for folder in ("gt", "res"):
        put(tmp_path / folder / "a.tif", classes)
    with pytest.raises(InputError, match=r"gt: found 2 values up to 2, most .*--classes true .*--classes false"):
        score("masks", tmp_path / "gt", tmp_path / "res")
    assert score("masks", tmp_path / "gt", tmp_path / "res", "--classes")[1]["mean"]["mean_dice"] == 1
    assert score("masks", tmp_path / "gt", tmp_path / "res", "--classes", "false")[1]["mean"]["pq"] == 1


def test_class_masks(score, tmp_path: Path) -> None:
    put(tmp_path / "gt" / "a.tif", TRUTH, np.uint8)
    put(tmp_path / "res" / "a.tif", np.where(TRUTH == 3, 2, TRUTH), np.uint8)
    _, content = score("masks", tmp_path / "gt", tmp_path / "res", "--classes", "true")
    assert content["images"]["a"]["dice_1"] == 1
    assert content["images"]["a"]["dice_2"] == pytest.approx(2 * 2 / (2 + 4))
    assert content["images"]["a"]["dice_3"] == 0


def test_an_output_folder_of_inference(score, tmp_path: Path) -> None:
    """Instance labels, class numbers and binary masks of the truth, each with the files that correspond to them."""
    classes = np.minimum(TRUTH, 2)
    put(tmp_path / "instances" / "a.tif", TRUTH, np.uint16)
    put(tmp_path / "classes" / "a.tif", classes)
    put(tmp_path / "binary" / "a.tif", classes == 1)
    for kind, array in (("labels", TRUTH), ("mask", classes), ("overlay", classes), ("probability", classes)):
        put(tmp_path / "out" / f"a_{kind}.tif", array, np.uint16)
    out, content = score("masks", tmp_path / "instances", tmp_path / "out")
    assert "instance labels (x_labels) in the result" in out
    assert set(content["images"]["a"].values()) == {1}
    out, content = score("masks", tmp_path / "classes", tmp_path / "out", "--classes", "true")
    assert "class numbers (x_mask) in the result" in out
    assert set(content["images"]["a"].values()) == {1}
    put(tmp_path / "out" / "a_mask.tif", classes == 1)
    out, content = score("masks", tmp_path / "binary", tmp_path / "out")
    assert "binary masks (x_mask) in the result" in out
    assert set(content["images"]["a"].values()) == {1}


def test_two_files_of_one_image(score, tmp_path: Path) -> None:
    for file in ("gt/a.tif", "res/a.tif", "res/a_mask.tif"):
        put(tmp_path / file, TRUTH)
    with pytest.raises(InputError, match=r"res: found a.tif and a_mask.tif, both for 'a'"):
        score("masks", tmp_path / "gt", tmp_path / "res")


def test_single_files_and_folders_without_images(score, tmp_path: Path) -> None:
    true, result = put(tmp_path / "gt" / "true.tif", TRUTH), put(tmp_path / "res" / "found.tif", TRUTH)
    assert score("masks", true, result)[1]["images"]["true"]["pq"] == 1
    with pytest.raises(InputError, match="expected the same names or the same numbers"):
        score("masks", true.parent, result.parent)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: found a folder without images"):
        score("masks", tmp_path / "empty", result.parent)
