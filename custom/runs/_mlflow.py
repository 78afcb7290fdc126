"""``--tracking mlflow``: one MLflow run per run, without duplicates.

MONAI adds an ``MLFlowHandler`` to every engine whose config has the usual ids. By itself, this handler continues any
unfinished MLflow run of the experiment, uses one name for the losses of iterations and of epochs, and records the steps
that a resumed run repeats a second time. The functions here change that. Without ``--tracking``, engines have no such
handler, and the functions do nothing.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.handlers import MLFlowHandler

from ..errors import InputError
from ..ground.engines import attached
from ._workflow import config_copy, plain_options

_RESULTS = ("scores.csv", "scores.json", "measurements_summary.csv", "failed.csv")
"""Files of the output folder that are stored with a run; weights and images are not."""


def track(engine: Engine, folder: Path) -> None:
    """Begin the MLflow run of an evaluation or inference that is about to start; `finish` ends it.

    Args:
        engine: the engine that predicts.
        folder: the output folder.

    Raises:
        InputError: MLflow cannot write to ``--tracking_uri``.
    """
    for tracker in trackers(engine):
        begin_run(tracker, folder)
        tracker.artifacts = ()
        if engine.has_event_handler(tracker.close, Events.COMPLETED):  # an evaluation completes once for each split
            engine.remove_event_handler(tracker.close, Events.COMPLETED)


def finish(engine: Engine, folder: Path, scores: Mapping[str, Mapping[str, float]] | None = None) -> None:
    """End an MLflow run that `track` began: record its scores, and store its tables.

    Args:
        engine: the engine given to `track`.
        folder: the output folder.
        scores: split → name → mean; recorded as ``SPLIT_NAME``, such as ``test_dice``.
    """
    for tracker in trackers(engine):
        run_id = tracker.cur_run.info.run_id
        means = {
            f"{split}_{name}": value for split, numbers in (scores or {}).items() for name, value in numbers.items()
        }
        log(tracker.client, run_id, means, step=0)
        tracker.artifacts = (config_copy(folder), *(folder / name for name in _RESULTS))
        tracker.complete()
        tracker.close()


def trackers(engine: Engine) -> list[MLFlowHandler]:
    """Return the MLflow handlers of an engine: none or one."""
    return list(attached(engine, MLFlowHandler).values())


def begin_run(tracker: MLFlowHandler, folder: Path, previous: str | None = None) -> str:
    """Begin an MLflow run, or continue the run with the id ``previous``; return its id."""
    from mlflow.exceptions import MlflowException

    try:
        tracker._set_experiment()
        run_id = previous or _new_run(tracker, folder)
        tracker.client.update_run(run_id, status="RUNNING")
        tracker.cur_run = tracker.client.get_run(run_id)
    except MlflowException as error:
        uri = tracker.client.tracking_uri
        raise InputError(f"--tracking_uri: found {uri}, where MLflow cannot write ({error}).") from error
    atexit.register(_end_unfinished, tracker.client, run_id)
    return run_id


def _new_run(tracker: MLFlowHandler, folder: Path) -> str:
    from mlflow.entities import Param

    run = tracker.client.create_run(tracker.experiment.experiment_id, run_name=tracker.run_name or folder.name)
    params = [Param(name, str(value)[:6000]) for name, value in plain_options().items()]  # MLflow's limit
    tracker.client.log_batch(run.info.run_id, params=params[:100])
    return run.info.run_id


def log(client: Any, run_id: str, numbers: Mapping[str, float], step: int) -> None:
    """Record numbers of one step."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in numbers.items()])


def _end_unfinished(client: Any, run_id: str) -> None:
    """Mark an unfinished MLflow run as killed; called when the process ends."""
    from mlflow.exceptions import MlflowException

    with suppress(OSError, MlflowException):
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_terminated(run_id, "KILLED")
