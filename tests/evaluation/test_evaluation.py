"""Scores over several splits: a row per image, means and spread by hand, and the files that hold them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset
from tiny_engines import identity_evaluator
from tiny_scores import items, run, table_of_dice
from torch import nn

from custom import evaluation, metrics
from custom.evaluation import ScoreTable, SplitScores, evaluate
from custom.ground.score_tables import format_table
from custom.weights import WeightsLoader

DICE = {"a": 1.0, "b": 2 / 3, "c": 0.0, "d": 2 / 3, "nothing": float("nan")}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "splits", [{"train": "a b c", "test": "d"}, {"train": "d", "test": "a b c d"}, {"test": "b a"}], ids=str
)
def test_a_row_for_each_image_of_each_split(tmp_path: Path, splits: dict[str, str]) -> None:
    run(tmp_path, splits)
    expected = [(split, name) for split, names in splits.items() for name in names.split()]
    rows = rows_of(tmp_path)
    assert [(row["split"], row["image"]) for row in rows] == expected
    assert [float(row["dice"]) for row in rows] == pytest.approx([DICE[name] for _, name in expected], abs=1e-6)


def test_means_and_spread(tmp_path: Path) -> None:
    means = run(tmp_path, {"train": "a b c", "test": "a b"})
    train, test = [1, 2 / 3, 0], [1, 2 / 3]
    assert means == {
        "train": {"images": 3, "dice": pytest.approx(5 / 9), "dice_std": pytest.approx(np.std(train))},
        "test": {"images": 2, "dice": pytest.approx(5 / 6), "dice_std": pytest.approx(np.std(test))},
    }
    assert json.loads((tmp_path / "scores.json").read_text())["splits"] == means


def test_an_image_without_a_score(tmp_path: Path) -> None:
    means = run(tmp_path, {"train": "a nothing c", "test": "nothing"})
    assert means["train"] == {"images": 3, "dice": 0.5, "dice_std": 0.5}
    assert np.isnan(means["test"]["dice"])
    text = (tmp_path / "scores.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["splits"]["test"] == {"images": 1, "dice": None, "dice_std": None}
    assert [row["dice"] for row in rows_of(tmp_path)] == ["1.000000", "nan", "0.000000", "nan"]


def test_what_belongs_to_the_scores_is_noted(tmp_path: Path) -> None:
    run(tmp_path, {"test": "a"}, weights=tmp_path / "model.pt", threshold=0.4)
    content = json.loads((tmp_path / "scores.json").read_text())
    assert content["weights"] == str(tmp_path / "model.pt")
    assert content["threshold"] == 0.4


def test_scores_of_a_whole_split(tmp_path: Path) -> None:
    """They are made of what was kept of each image of their own split, in order; and what was kept stays with it."""

    def summarize(kept: list[tuple[float, float]]) -> dict[str, float]:
        return {"sum": sum(total for total, _ in kept), "first": kept[0][1]}

    of_split = SplitScores(lambda pred, label: (float(pred.sum()), float(pred[0, 0, 1])), summarize)
    table = table_of_dice(split_scores=of_split)
    means = run(tmp_path, {"train": "a b", "test": "d"}, table)
    assert means["train"] == {
        "images": 2,
        "dice": pytest.approx(5 / 6),
        "dice_std": pytest.approx(1 / 6),
        "sum": pytest.approx(3.2),
        "first": pytest.approx(0.9),
    }
    assert means["test"]["sum"] == pytest.approx(3.6)
    assert {split: len(kept) for split, kept in table.collected.items()} == {"train": 2, "test": 1}


def test_what_is_kept_may_give_the_scores_of_an_image_too(tmp_path: Path) -> None:
    kept = SplitScores(
        lambda pred, label: {"most": float(pred.max()), "none": float("nan")}, lambda kept: {}, lambda kept: kept
    )
    run(tmp_path, {"test": "a d"}, ScoreTable(split_scores=kept))
    assert [float(row["most"]) for row in rows_of(tmp_path)] == pytest.approx([0.9, 0.9])
    assert json.loads((tmp_path / "scores.json").read_text())["splits"]["test"]["none"] is None


def test_several_scores_keep_their_order(tmp_path: Path) -> None:
    scores = {name: evaluation.at_threshold(getattr(metrics, name), 0.5) for name in ("pixel_error", "dice", "iou")}
    run(tmp_path, {"test": "d"}, ScoreTable(scores))
    (row,) = rows_of(tmp_path)
    assert list(row) == ["split", "image", "pixel_error", "dice", "iou"]
    assert [float(row[name]) for name in scores] == pytest.approx([0.5, 2 / 3, 0.5], abs=1e-6)


def test_the_weights_are_those_of_the_file(tmp_path: Path) -> None:
    """A network that turns every probability round, and does nothing before its weights are loaded."""
    network, turning = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
    for target, weight, bias in ((network, 1.0, 0.0), (turning, -1.0, 1.0)):
        nn.init.constant_(target.weight, weight)
        nn.init.constant_(target.bias, bias)
    torch.save(turning.state_dict(), tmp_path / "model.pt")
    table = table_of_dice()
    evaluator = identity_evaluator(items("a"), val_handlers=[WeightsLoader(tmp_path / "model.pt", network), table])
    evaluator.network = network
    loaders = {split: DataLoader(Dataset(items("a"))) for split in ("train", "test")}
    means = evaluate(evaluator, table, loaders, tmp_path)
    assert [means[split]["dice"] for split in loaders] == [0.0, 0.0]


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    means = run(tmp_path, {"train": "a b c", "test": "a b"})
    printed = capsys.readouterr().out
    assert format_table(means) in printed
    assert str(tmp_path / "scores.csv") in printed
    assert str(tmp_path / "scores.json") in printed


def test_format_table() -> None:
    means = {
        "train": {"images": 12, "dice": 0.91234, "dice_std": 0.01, "v_rand_max": 0.5, "objects": 31},
        "test": {"images": 3, "dice": float("nan"), "dice_std": float("nan"), "v_rand_max": 0.25, "objects": 8},
    }
    lines = format_table(means).splitlines()
    assert [line.split() for line in lines] == [
        ["train", "test"],
        ["images", "12", "3"],
        ["Dice", "0.9123", "±", "0.0100", "nan", "±", "nan"],
        ["V-Rand", "max", "0.5000", "0.2500"],
        ["objects", "31", "8"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_long_names_of_columns_stay_in_line() -> None:
    name = "results_of_all_wells_of_the_plate/01_RES"
    heading, row = format_table({name: {"dice": 0.5}, "02_RES": {"dice": 0.25}}).splitlines()
    assert heading.index(name) + len(name) == row.index("0.5000") + len("0.5000")
    assert len(heading) == len(row)
