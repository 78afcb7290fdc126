"""``--tracking mlflow`` of a training run: each step is recorded once, also after resuming."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.handlers import MLFlowHandler, from_engine

from ..ground.files import atomic_path
from ..training import BATCH_LOSS, History
from ._mlflow import begin_run, log, trackers
from ._workflow import config_copy

MLFLOW_RUN_FILE = "mlflow_run.json"
"""File in the output folder of a training run with the id of its MLflow run."""

_TRAINED = ("history.csv", "history.png", "threshold.json", "settings.json")
"""Files of the output folder that are stored with a run; weights and images are not."""


def track_training(trainer: Engine, evaluator: Engine, history: History, folder: Path, resume: bool = False) -> None:
    """Begin the MLflow run of a training run that is about to start, or continue that of a resumed one.

    It records the plain options of the config, for each epoch its row of ``history.csv``, for each iteration its
    ``batch_loss``, and at the end the history, thresholds and settings as files, with MONAI's copy of the config.

    Args:
        trainer: the trainer, with ``history`` already attached.
        evaluator: the engine that validates; its own handler records nothing more.
        history: the history of the run.
        folder: the output folder.
        resume: whether the training run continues an earlier one.

    Raises:
        InputError: MLflow cannot write to ``--tracking_uri``.
    """
    for tracker in trackers(trainer):
        run_id = begin_run(tracker, folder, _previous_run(tracker, folder) if resume else None)
        with atomic_path(folder / MLFLOW_RUN_FILE) as path:
            path.write_text(json.dumps({"tracking_uri": tracker.client.tracking_uri, "run_id": run_id}) + "\n")
        recorder = _TrainingRecorder(tracker.client, run_id, history)
        tracker.iteration_logger = recorder.iteration
        tracker.epoch_logger = _log_nothing
        trainer.add_event_handler(Events.EPOCH_COMPLETED, recorder.epoch)  # after the history
        tracker.artifacts = (config_copy(folder), *(folder / name for name in _TRAINED))
        for other in trackers(evaluator):
            other.cur_run = tracker.cur_run
            other.epoch_logger = _log_nothing


class _TrainingRecorder:
    """Records the losses and the history of a training run, each step once."""

    def __init__(self, client: Any, run_id: str, history: History) -> None:
        self.client = client
        self.run_id = run_id
        self.history = history
        self.last_iteration = self._last_step(BATCH_LOSS)
        self.last_epoch = self._last_step("learning_rate")
        self.loss = from_engine("loss", first=True)

    def _last_step(self, name: str) -> int:
        return max((metric.step for metric in self.client.get_metric_history(self.run_id, name)), default=0)

    def iteration(self, engine: Engine) -> None:
        if engine.state.iteration > self.last_iteration:
            log(self.client, self.run_id, {BATCH_LOSS: float(self.loss(engine.state.output))}, engine.state.iteration)

    def epoch(self, engine: Engine) -> None:
        numbers = {name: float(text) for name, text in self.history.rows[-1].items() if name != "epoch"}
        if engine.state.epoch > self.last_epoch:
            log(self.client, self.run_id, numbers, engine.state.epoch)


def _log_nothing(engine: Engine) -> None: ...


def _previous_run(tracker: MLFlowHandler, folder: Path) -> str | None:
    """Return the id of the MLflow run in an output folder, None if there is none or MLflow does not know it."""
    from mlflow.exceptions import MlflowException

    with suppress(OSError, ValueError, MlflowException):
        found = json.loads((folder / MLFLOW_RUN_FILE).read_text(encoding="utf-8"))
        if found["tracking_uri"] == tracker.client.tracking_uri:
            return tracker.client.get_run(found["run_id"]).info.run_id
    return None
