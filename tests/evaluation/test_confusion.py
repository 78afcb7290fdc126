"""The files that show a confusion matrix: of one, and of every split."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset
from PIL import Image
from tiny_engines import identity_evaluator

from custom import evaluation
from custom.evaluation import ScoreTable, evaluate, write_confusion, write_split_confusions

NAMES = ["background", "blood, vessel", "axon", "Schwann-Zelle µ"]
MATRIX = [[1, 1, 0, 0], [1, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def table_of(folder: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table in a folder."""
    with (folder / "confusion_matrix.csv").open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    return header, rows


def counts_of(folder: Path) -> list[list[int]]:
    return [[int(cell) for cell in row[1:]] for row in table_of(folder)[1]]


# ----------------------------------------------------------------------------------------------------------- one matrix


@pytest.mark.parametrize("matrix", [np.array(MATRIX), np.zeros((4, 4), np.int64)], ids=["counts", "nothing"])
def test_files(matrix: np.ndarray, tmp_path: Path) -> None:
    write_confusion(matrix, NAMES, tmp_path / "scores")
    header, rows = table_of(tmp_path / "scores")
    assert header == ["reference \\ prediction", *NAMES]
    assert [row[0] for row in rows] == NAMES
    assert counts_of(tmp_path / "scores") == matrix.tolist()
    with Image.open(tmp_path / "scores" / "confusion_matrix.png") as picture:
        assert min(picture.size) > 200
    assert sorted(file.name for file in (tmp_path / "scores").iterdir()) == [
        "confusion_matrix.csv",
        "confusion_matrix.png",
    ]


def test_names_have_to_fit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"found a matrix of shape \(4, 4\), expected one of 3 classes"):
        write_confusion(np.array(MATRIX), ["a", "b", "c"], tmp_path)


# --------------------------------------------------------------------------------------------------------------- splits


def test_a_folder_with_the_sum_of_each_split(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    first, second = np.array([[3, 1], [0, 2]]), np.array([[10, 0], [5, 0]])
    write_split_confusions({"train": [first, second], "test": [second]}, NAMES[:2], tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["test", "train"]
    assert counts_of(tmp_path / "train") == [[13, 1], [5, 2]]
    assert counts_of(tmp_path / "test") == [[10, 0], [5, 0]]
    assert capsys.readouterr().out.splitlines() == [
        f"Confusion matrix of {split}: {tmp_path / split / 'confusion_matrix.png'}" for split in ("train", "test")
    ]


def test_the_matrices_of_an_evaluation(tmp_path: Path) -> None:
    """Rows are the reference; what nobody annotated counts nowhere."""
    names = ["background", "axon", "vessel"]
    images = {"a": ([0, 1, 1, 2], [0, 0, 1, 255]), "b": ([1, 1, 2, 0], [1, 1, 1, 1]), "c": ([2, 2, 2, 2], [2, 2, 0, 0])}
    items = {
        name: {
            "image": torch.eye(3)[:, [found]],
            "label": torch.tensor([[true]], dtype=torch.uint8),
            "name": name,
        }
        for name, (found, true) in images.items()
    }
    table = ScoreTable(split_scores=evaluation.class_scores(names))
    loaders = {
        split: DataLoader(Dataset([items[name] for name in chosen]))
        for split, chosen in (("train", "ab"), ("test", "c"))
    }
    evaluator = identity_evaluator([items["a"]], val_handlers=[table])
    means = evaluate(evaluator, table, loaders, tmp_path)
    write_split_confusions(table.collected, names, tmp_path)
    assert counts_of(tmp_path / "train") == [[1, 1, 0], [1, 3, 1], [0, 0, 0]]
    assert counts_of(tmp_path / "test") == [[0, 0, 2], [0, 0, 0], [0, 0, 2]]
    assert means["train"]["pooled_dice_axon"] == pytest.approx(2 * 3 / (4 + 5))
    assert means["test"]["pooled_dice"] == pytest.approx((0 + 2 * 2 / (4 + 2)) / 2)
