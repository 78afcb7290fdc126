"""The history of a training run: rows and columns, curves, and resuming."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from monai.handlers import ValidationHandler
from PIL import Image
from tiny_engines import Training, identity_evaluator, predictions

from custom import evaluation, metrics
from custom.evaluation import ImageScore
from custom.html import curves
from custom.training import FreezeBatchNorm, History, draw_curves, losses_and_scores

COLUMNS = {"epoch", "train_dice", "train_loss", "val_dice", "val_loss", "learning_rate", "seconds"}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def without_time(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_one_row_per_epoch(tmp_path: Path) -> None:
    training = Training(tmp_path, history=True)
    trained = training.after_each_epoch(lambda: dict(training.trainer.state.metrics))
    validated = training.after_each_epoch(lambda: dict(training.evaluator.state.metrics))
    training.run()
    rows = rows_of(tmp_path)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for row, numbers, others in zip(rows, trained, validated, strict=True):
        assert row.keys() == COLUMNS
        assert float(row["seconds"]) >= 0
        for name, value in (numbers | others).items():
            assert float(row[name]) == pytest.approx(value, rel=1e-5)


def test_the_learning_rate_is_the_one_that_the_epoch_was_trained_with(tmp_path: Path) -> None:
    training = Training(tmp_path, history=True)
    first = training.scheduler.get_last_lr()[0]
    next_ones = training.after_each_epoch(lambda: training.scheduler.get_last_lr()[0])
    training.run()
    found = [float(row["learning_rate"]) for row in rows_of(tmp_path)]
    assert found == pytest.approx([first, *next_ones[:-1]], rel=1e-5)
    assert found[0] > found[1] > found[2]


def test_columns_are_empty_where_nothing_was_validated(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=4, val_interval=2, history=True).run()
    rows = rows_of(tmp_path)
    assert all(row.keys() == COLUMNS for row in rows)
    for name in ("val_dice", "val_loss"):
        assert [bool(row[name]) for row in rows] == [False, True, False, True]
    assert all(row["train_loss"] for row in rows)


def test_an_epoch_that_changes_something_on_purpose_has_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the log, in the table, also after the run was resumed, and in the curves."""
    for epochs in (2, 3):
        training = Training(tmp_path, max_epochs=epochs, planned=3, resume=epochs == 3, history=True)
        FreezeBatchNorm(from_epoch=2).attach(training.trainer)
        training.run()
    rows = rows_of(tmp_path)
    assert [row["note"] for row in rows] == ["", "batch statistics frozen", ""]
    said = capsys.readouterr().out
    assert said.count("epoch 2: batch statistics are frozen from here on; the loss may jump.") == 1
    assert "batch statistics frozen" in curves("loss", rows, ["train_loss"], "loss", marked=3)
    assert losses_and_scores(rows) == (["train_loss", "val_loss"], ["train_dice", "val_dice"])


def test_other_engines_have_columns_too(tmp_path: Path) -> None:
    """They are filled in the epochs in which the other engine validated, beside those of the first."""
    label = np.array([[1, 1, 0, 0]])
    key = {"whole_dice": ImageScore(evaluation.at_threshold(metrics.dice, 0.5))}
    other = identity_evaluator(predictions([np.array([[0.9, 0.1, 0.1, 0.1]])], [label]), key_val_metric=key)
    training = Training(tmp_path, max_epochs=4)
    ValidationHandler(2, other).attach(training.trainer)
    History(tmp_path, training.evaluator, others=[other]).attach(training.trainer)
    training.run()
    rows = rows_of(tmp_path)
    assert all(row.keys() == COLUMNS | {"whole_dice"} for row in rows)
    assert [row["whole_dice"] for row in rows] == ["", "0.666667", "", "0.666667"]
    assert all(row["val_dice"] for row in rows)


def test_the_files_are_complete_after_every_epoch(tmp_path: Path) -> None:
    training = Training(tmp_path, history=True)
    counts = training.after_each_epoch(lambda: len(rows_of(tmp_path)))
    pictures = training.after_each_epoch(lambda: np.asarray(Image.open(tmp_path / "history.png").convert("L")))
    training.run()
    assert counts == [1, 2, 3]
    for picture in pictures:
        assert picture.shape[1] > picture.shape[0] > 300
        assert np.ptp(picture) > 200
    assert not np.array_equal(pictures[0], pictures[2])


def test_a_resumed_history_equals_that_of_an_uninterrupted_run(tmp_path: Path) -> None:
    """Rows after the checkpoint are replaced, rows before it are kept."""
    last, second = tmp_path / "checkpoint_last.pt", tmp_path / "second_epoch.pt"
    training = Training(tmp_path, max_epochs=4, history=True)
    training.after_each_epoch(lambda: training.trainer.state.epoch == 2 and shutil.copy(last, second))
    training.run()
    whole = rows_of(tmp_path)
    marked = [row | {"seconds": "1234.00"} for row in whole]
    with (tmp_path / "history.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(whole[0]))
        writer.writeheader()
        writer.writerows(marked)
    shutil.copy(second, last)
    Training(tmp_path, max_epochs=4, history=True, resume=True).run()
    rows = rows_of(tmp_path)
    assert rows[:2] == marked[:2]
    assert without_time(rows) == without_time(whole)
    assert all(float(row["seconds"]) < 1234 for row in rows[2:])


def test_a_new_run_begins_a_new_history(tmp_path: Path) -> None:
    Training(tmp_path, max_epochs=3, history=True).run()
    Training(tmp_path, max_epochs=1, history=True).run()
    assert [row["epoch"] for row in rows_of(tmp_path)] == ["1"]


def test_curves_of_a_history_with_gaps(tmp_path: Path) -> None:
    """What is empty or not a number is left out, and a history without scores has a picture too."""
    rows = [{"epoch": "1", "train_loss": "0.5"}, {"epoch": "2", "train_loss": "0.4", "val_loss": "nan", "dice": ""}]
    draw_curves(rows, tmp_path / "history.png")
    with Image.open(tmp_path / "history.png") as picture:
        assert picture.format == "PNG"
        assert np.ptp(np.asarray(picture.convert("L"))) > 200
