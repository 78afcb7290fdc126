"""``--tracking mlflow``: what MONAI records of a run in MLflow, so that it is of this run alone, and nothing twice.

MONAI adds an ``MLFlowHandler`` to every engine whose config has the usual ids. As it stands, a training joins any run
of its experiment that never finished; the losses of iterations and of epochs have one name; and what a resumed training
repeats is recorded again. The functions here, called by the runs, change what those handlers do. Without ``--tracking``
there are no such handlers, and nothing happens.
"""

from __future__ import annotations

import atexit
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.handlers import MLFlowHandler, from_engine

from ..errors import InputError
from ..ground.engines import attached
from ..ground.files import atomic_path
from ..training import BATCH_LOSS, History
from ._workflow import config_copy, plain_options

MLFLOW_RUN_FILE = "mlflow_run.json"
"""File in the output folder of a training that says which run it is."""

_TRAINED = ("history.csv", "history.png", "threshold.json", "settings.json")
_RESULTS = ("scores.csv", "scores.json", "measurements_summary.csv", "failed.csv")
# Of the output folder, what is stored with a run: neither weights nor images.


def track_training(trainer: Engine, evaluator: Engine, history: History, folder: Path, resume: bool = False) -> None:
    """Begin the MLflow run of a training run that is about to start, or continue that of a resumed one.

    It gets the plain options of the config; the row of ``history.csv`` of every epoch; the loss of every iteration,
    ``batch_loss``; at the end the history, thresholds and settings as files, and MONAI's copy of the config.

    Args:
        trainer: of the training run; ``history`` is already attached to it.
        evaluator: that validates; it records nothing more.
        history: has the numbers of each epoch.
        folder: the output folder.
        resume: whether the training run continues an earlier one.

    Raises:
        InputError: MLflow cannot use what ``--tracking_uri`` names.
    """
    for tracker in _trackers(trainer):
        run_id = _begin(tracker, folder, _former(tracker, folder) if resume else None)
        with atomic_path(folder / MLFLOW_RUN_FILE) as path:
            path.write_text(json.dumps({"tracking_uri": tracker.client.tracking_uri, "run_id": run_id}) + "\n")
        record = _Training(tracker.client, run_id, history)
        tracker.iteration_logger = record.iteration
        tracker.epoch_logger = _nothing
        trainer.add_event_handler(Events.EPOCH_COMPLETED, record.epoch)  # after the history
        tracker.artifacts = (config_copy(folder), *(folder / name for name in _TRAINED))
        for other in _trackers(evaluator):
            other.cur_run = tracker.cur_run
            other.epoch_logger = _nothing


def track(engine: Engine, folder: Path) -> None:
    """Begin the MLflow run of an evaluation or inference that is about to start; `finish` ends it.

    Args:
        engine: that predicts.
        folder: the output folder.

    Raises:
        InputError: MLflow cannot use what ``--tracking_uri`` names.
    """
    for tracker in _trackers(engine):
        _begin(tracker, folder)
        tracker.artifacts = ()
        tracker.close_on_complete = False


def finish(engine: Engine, folder: Path, scores: Mapping[str, Mapping[str, float]] | None = None) -> None:
    """End an MLflow run that `track` began: record its scores, and store its tables.

    Args:
        engine: as given to `track`.
        folder: the output folder.
        scores: split → name → mean; recorded as ``test_dice`` and so on.
    """
    for tracker in _trackers(engine):
        run_id = tracker.cur_run.info.run_id
        means = {
            f"{split}_{name}": value for split, numbers in (scores or {}).items() for name, value in numbers.items()
        }
        _log(tracker.client, run_id, means, step=0)
        tracker.artifacts = (config_copy(folder), *(folder / name for name in _RESULTS))
        tracker.complete()
        tracker.close()


class _Training:
    """What a handler records of a training in a run, each step once."""

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
            _log(self.client, self.run_id, {BATCH_LOSS: float(self.loss(engine.state.output))}, engine.state.iteration)

    def epoch(self, engine: Engine) -> None:
        numbers = {name: float(text) for name, text in self.history.rows[-1].items() if name != "epoch"}
        if engine.state.epoch > self.last_epoch:
            _log(self.client, self.run_id, numbers, engine.state.epoch)


def _trackers(engine: Engine) -> list[MLFlowHandler]:
    """Return MONAI's handlers of an engine: none, or one."""
    return list(attached(engine, MLFlowHandler).values())


def _nothing(engine: Engine) -> None: ...


def _begin(tracker: MLFlowHandler, folder: Path, former: str | None = None) -> str:
    """Begin a run, or go on with a former one; return its id."""
    from mlflow.exceptions import MlflowException

    try:
        tracker._set_experiment()
        run_id = former or _new_run(tracker, folder)
        tracker.client.update_run(run_id, status="RUNNING")
        tracker.cur_run = tracker.client.get_run(run_id)
    except MlflowException as error:
        uri = tracker.client.tracking_uri
        raise InputError(f"--tracking_uri: found {uri}, where MLflow can record nothing ({error}).") from error
    atexit.register(_end_unfinished, tracker.client, run_id)
    return run_id


def _new_run(tracker: MLFlowHandler, folder: Path) -> str:
    from mlflow.entities import Param

    run = tracker.client.create_run(tracker.experiment.experiment_id, run_name=tracker.run_name or folder.name)
    params = [Param(name, str(value)[:6000]) for name, value in plain_options().items()]  # as much as MLflow takes
    tracker.client.log_batch(run.info.run_id, params=params[:100])
    return run.info.run_id


def _former(tracker: MLFlowHandler, folder: Path) -> str | None:
    """Return the run of the training in a folder, None if it has none, or MLflow does not know it here."""
    from mlflow.exceptions import MlflowException

    with suppress(OSError, ValueError, MlflowException):
        found = json.loads((folder / MLFLOW_RUN_FILE).read_text(encoding="utf-8"))
        if found["tracking_uri"] == tracker.client.tracking_uri:
            return tracker.client.get_run(found["run_id"]).info.run_id
    return None


def _log(client: Any, run_id: str, numbers: Mapping[str, float], step: int) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in numbers.items()])


def _end_unfinished(client: Any, run_id: str) -> None:
    """Say of a run that it was stopped, unless it ended; called when the process ends."""
    from mlflow.exceptions import MlflowException

    with suppress(OSError, MlflowException):
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_terminated(run_id, "KILLED")
