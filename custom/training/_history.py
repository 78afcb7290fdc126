"""The history of a training run: one row per epoch, as a CSV file and as curves."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from ignite.engine import Engine, Events
from ignite.metrics import Average
from monai.handlers import from_engine

from ..ground.files import atomic_path
from ..ground.processes import is_main
from ..ground.wording import score_label

matplotlib.use("Agg")

NOTE = "note"
"""Attribute of a trainer's state and column of a history: what changes on purpose in an epoch."""


class History:
    """Handler that updates ``history.csv`` and ``history.png`` after every epoch.

    Columns: epoch, metrics and mean loss of the trainer, metrics of the evaluator (empty in epochs without validation),
    learning rate at the start of the epoch, seconds, and a note if the epoch changes anything on purpose.

    Args:
        folder: the output folder.
        evaluator: the engine that validates.
        others: further engines that validate, possibly in other epochs.
    """

    def __init__(self, folder: str | Path, evaluator: Engine, others: Sequence[Engine] = ()) -> None:
        self.file = Path(folder) / "history.csv"
        self.evaluators = [evaluator, *others]
        self.rows: list[dict[str, str]] = []
        self.started = 0.0
        self.learning_rate = 0.0

    def attach(self, engine: Engine) -> None:
        """Register on the trainer, after the handler that validates and the one that resumes."""
        Average(output_transform=from_engine("loss", first=True)).attach(engine, "train_loss")
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start_epoch)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._end_epoch)

    def _start(self, engine: Engine) -> None:
        """Read the rows of an interrupted run up to the epoch from which it is resumed."""
        self.rows = []
        if engine.state.epoch and self.file.is_file():
            with self.file.open(newline="", encoding="utf-8") as file:
                self.rows = [row for row in csv.DictReader(file) if int(row["epoch"]) <= engine.state.epoch]

    def _start_epoch(self, engine: Engine) -> None:
        self.started = time.perf_counter()
        self.learning_rate = engine.optimizer.param_groups[0]["lr"]  # the scheduler changes it at the end of the epoch

    def _end_epoch(self, engine: Engine) -> None:
        numbers = dict(engine.state.metrics)
        for evaluator in self.evaluators:
            if evaluator.state.epoch == engine.state.epoch:
                numbers |= evaluator.state.metrics
        row = {"epoch": str(engine.state.epoch)}
        row |= {name: f"{value:.6g}" for name, value in numbers.items() if isinstance(value, (int, float))}
        row["learning_rate"] = f"{self.learning_rate:.6g}"
        row["seconds"] = f"{time.perf_counter() - self.started:.2f}"
        if hasattr(engine.state, NOTE):
            row[NOTE] = getattr(engine.state, NOTE)
            delattr(engine.state, NOTE)
        self.rows.append(row)
        if is_main():
            self._write()
            draw_curves(self.rows, self.file.with_suffix(".png"))

    def _write(self) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with atomic_path(self.file) as path, path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self.rows)


def losses_and_scores(rows: Sequence[Mapping[str, str]]) -> tuple[list[str], list[str]]:
    """Return the names of the columns of a history that are losses, and the names of those that are scores.

    Examples:
        >>> losses_and_scores([{"epoch": "1", "train_loss": "0.5", "val_dice": "0.8", "seconds": "9"}])
        (['train_loss'], ['val_dice'])
    """
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = [name for name in names if name not in ("epoch", "learning_rate", "seconds", NOTE)]
    return [name for name in numbers if "loss" in name], [name for name in numbers if "loss" not in name]


def draw_curves(rows: list[dict[str, str]], file: Path) -> None:
    """Draw the curves of a history as a PNG: losses on the left, scores on the right."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, title, names in zip(axes, ("loss", "score"), losses_and_scores(rows), strict=True):
        for name in names:
            points = [(int(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
            axis.plot(*zip(*points, strict=True), label=score_label(name), marker="." if len(points) < 20 else "")
        axis.set(xlabel="epoch", ylabel=title)
        axis.grid(alpha=0.3)
        for row in filter(lambda row: row.get(NOTE), rows):
            axis.axvline(int(row["epoch"]), color="gray", linestyle=":", label=row[NOTE])
        if axis.lines:
            axis.legend()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=110)
    plt.close(figure)
