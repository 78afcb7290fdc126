"""Progress of engines: a line per epoch in a log file, a bar on a terminal."""

from __future__ import annotations

import functools
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from ignite.engine import Events
from monai.data import DataLoader, Dataset
from tiny_engines import Training, identity_evaluator, predictions

from custom.ground.engines import Progress, run_over
from custom.ground.progress import Bar


def training_with_progress(folder: Path, **options: object) -> Training:
    training = Training(folder, **options)
    Progress("squares", training.evaluator).attach(training.trainer)
    return training


def test_a_plain_line_for_each_epoch(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    training = training_with_progress(tmp_path, scores=[0.25, 0.5, 0.75], losses=[3, 2, 1])
    losses = training.after_each_epoch(lambda: training.trainer.state.metrics["train_loss"])
    training.run()
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert len(lines) == 3
    for epoch, (line, loss) in enumerate(zip(lines, losses, strict=True), 1):
        assert line.startswith(f"epoch {epoch}/3: ")
        assert f"train_loss {loss:.4f}" in line
        assert f"val_scripted {epoch / 4:.4f}" in line
        assert f"val_loss {4 - epoch:.4f}" in line


def test_a_resumed_run_goes_on_counting(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    training_with_progress(tmp_path, max_epochs=1, planned=3).run()
    training_with_progress(tmp_path, max_epochs=3, resume=True).run()
    starts = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert starts == ["epoch 1/1", "epoch 2/3", "epoch 3/3"]


def test_an_evaluation_prints_nothing_and_can_be_repeated(capsys: pytest.CaptureFixture) -> None:
    progress = Progress("scoring")
    evaluator = identity_evaluator(predictions([np.zeros((2, 2))], [np.zeros((2, 2))]), val_handlers=[progress])
    for epoch in (1, 2, 1):
        evaluator.run(epoch)
        assert progress.bar is None
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_it_can_be_used_again_after_a_run_that_failed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    progress = Progress("squares")
    for attempt in ("fails", "works"):
        training = Training(tmp_path, max_epochs=1)
        progress.evaluator = training.evaluator
        progress.attach(training.trainer)
        if attempt == "fails":
            training.trainer.add_event_handler(Events.ITERATION_COMPLETED, fail)
            with pytest.raises(OSError, match="no space"):
                training.run()
    training.run()
    assert progress.bar is None
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 1/1"]


def fail() -> None:
    raise OSError("no space")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def frames(terminal: Terminal) -> list[str]:
    """Return the successive states of a bar's line; at the end, the cursor is below it."""
    line, below = terminal.getvalue().split("\n")
    assert below == ""
    return line.split("\r")


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Replace stderr by a terminal. Not a fixture, because pytest's own capturing would replace it again."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_bar_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run continues: the first bar ends at two of two iterations, the second at six of six."""
    for epochs, iterations in ((1, "2/2"), (3, "6/6")):
        terminal = watched(monkeypatch)
        training_with_progress(tmp_path, max_epochs=epochs, planned=3, resume=epochs > 1).run()
        shown = frames(terminal)
        assert any(f"squares epoch {epochs}/{epochs}, validation: " in state for state in shown)
        bar = rf"squares epoch {epochs}/{epochs}: 100%.*\| {iterations} \[\d\d:\d\d<\d\d:\d\d, "
        assert re.fullmatch(bar + r"loss \d\.\d{4}, val_dice \d\.\d{4}\]", shown[-1])
    assert capsys.readouterr().out == ""


def test_the_loss_is_the_mean_of_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    training = training_with_progress(tmp_path, max_epochs=1)
    losses = training.after_each_epoch(lambda: training.trainer.state.metrics["train_loss"])
    training.run()
    assert f"loss {losses[0]:.4f}" in frames(terminal)[-1]


def test_one_bar_for_all_loaders(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    monkeypatch.setattr("custom.ground.engines.Bar", functools.partial(Bar, delay=0))
    items = predictions([np.zeros((2, 2))] * 3, [np.zeros((2, 2))] * 3)
    loaders = {name: DataLoader(Dataset(items[:count]), batch_size=1) for name, count in (("train", 3), ("test", 2))}
    evaluator = identity_evaluator(items, val_handlers=[Progress("scoring", loaders=loaders)])
    for loader in loaders.values():
        run_over(evaluator, loader)
    shown = frames(terminal)
    assert re.search(r"scoring:   0%.*\| 0/5 ", shown[1])
    assert re.search(r"scoring: 100%.*\| 5/5 \[.*, image_1\]", shown[-1])
