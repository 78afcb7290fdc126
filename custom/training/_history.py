"""The history of a training run: one row per epoch, as CSV and as curves."""

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

matplotlib.use("Agg")


class History:
    """Handler that keeps ``history.csv`` and ``history.png`` in step with the training.

    Columns: epoch, the trainer's metrics and its mean loss, the evaluator's metrics (empty where it did not run), the
    learning rate at the start of the epoch, seconds.

    Args:
        folder: where the two files go.
        evaluator: the engine that validates.
        others: more engines that validate, perhaps in other epochs.
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
        """Go on from what an interrupted run wrote, up to the epoch that training resumes from."""
        self.rows = []
        if engine.state.epoch and self.file.is_file():
            with self.file.open(newline="", encoding="utf-8") as file:
                self.rows = [row for row in csv.DictReader(file) if int(row["epoch"]) <= engine.state.epoch]

    def _start_epoch(self, engine: Engine) -> None:
        self.started = time.perf_counter()
        self.learning_rate = engine.optimizer.param_groups[0]["lr"]  # before the scheduler sets that of the next epoch

    def _end_epoch(self, engine: Engine) -> None:
        numbers = dict(engine.state.metrics)
        for evaluator in self.evaluators:
            if evaluator.state.epoch == engine.state.epoch:
                numbers |= evaluator.state.metrics
        row = {"epoch": str(engine.state.epoch)}
        row |= {name: f"{value:.6g}" for name, value in numbers.items() if isinstance(value, (int, float))}
        row["learning_rate"] = f"{self.learning_rate:.6g}"
        row["seconds"] = f"{time.perf_counter() - self.started:.2f}"
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
    """Return the names of the columns of a history that are losses, and of those that are scores."""
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = [name for name in names if name not in ("epoch", "learning_rate", "seconds")]
    return [name for name in numbers if "loss" in name], [name for name in numbers if "loss" not in name]


def draw_curves(rows: list[dict[str, str]], file: Path) -> None:
    """Draw the losses of a history on the left and its scores on the right, into a PNG."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, title, names in zip(axes, ("loss", "score"), losses_and_scores(rows), strict=True):
        for name in names:
            points = [(int(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
            axis.plot(*zip(*points, strict=True), label=name.replace("_", " "), marker="." if len(points) < 20 else "")
        axis.set(xlabel="epoch", ylabel=title)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=110)
    plt.close(figure)
