"""What a training run saves: the best weights with their threshold, and all that is needed to go on."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from torch.optim.lr_scheduler import LRScheduler

from ..errors import InputError
from ..evaluation import ThresholdCurve
from ..ground.files import remove_leftovers
from ..ground.option_values import choice, flag, number
from ..ground.processes import is_main
from ..review import TrainingStatistics
from ..weights import (
    CHECKPOINT_FILE,
    RUN_FILE,
    SETTINGS_FILE,
    THRESHOLD_FILE,
    WEIGHTS_FILE,
    checked_threshold,
    load_weights,
    save_weights,
    write_settings,
    write_thresholds,
)
from ._finite_loss import FiniteLoss, is_finite
from ._processes import largest, unwrapped
from ._stopping import StopSignals, stop
from ._within_epoch import WithinEpoch

BEST_BY = ("metric", "loss", "last")


class Checkpoints:
    """Handler that saves a training: the best weights with their threshold, and all that is needed to go on.

    It writes ``model.pt`` and ``threshold.json`` when validation is the best so far and ``checkpoint_last.pt`` after
    every epoch, every few minutes within one, and when Ctrl-C or SIGTERM stops the training; it goes on from there when
    told. The checkpoint of an epoch comes last, after all else that the epoch leaves.

    ``model.pt`` is the network's state dict. The threshold comes from the same validation pass as the score, so the two
    files belong together; no other data than the validation split is seen.

    Args:
        folder: where the files go.
        scheduler: saved and resumed, as are the network and the optimizer of the trainer, and its own state.
        evaluator: the engine that validates.
        best_by: what decides: the evaluator's key ``"metric"``, its ``"loss"`` (named ``val_loss``), or ``"last"`` for
            the weights of the last epoch. The last epoch is always validated.
        scans: name of a threshold → its scan, among the evaluator's metrics; without any, no ``threshold.json``.
        thresholds: name → one that was chosen before, stored instead of the scan's; for a training on all labels.
        settings: option → value, without which the weights mean nothing; written as ``settings.json``.
        statistics: what the images are like; written as ``reference.json``.
        resume: whether to go on from ``checkpoint_last.pt``.
        minutes: from one checkpoint within an epoch to the next.

    Raises:
        InputError: when there is nothing to resume, it belongs to another training, a threshold is no number from 0 to
            1, no validation gave a score, or weights are infinite or not a number, which are not written.
        SystemExit: when a signal stopped the training, after it was saved; with 128 + the signal's number.
    """

    def __init__(
        self,
        folder: str | Path,
        scheduler: LRScheduler,
        evaluator: Engine,
        best_by: str,
        scans: Mapping[str, ThresholdCurve] | None = None,
        thresholds: Mapping[str, float | None] | None = None,
        settings: Mapping[str, Any] | None = None,
        statistics: TrainingStatistics | None = None,
        resume: bool | str = False,
        minutes: float = 5.0,
    ) -> None:
        self.folder = Path(folder)
        self.saved: dict[str, Any] = {"scheduler": scheduler}
        self.evaluator = evaluator
        self.best_by = choice("best_by", best_by, *BEST_BY)
        self.scans = scans or {}
        self.thresholds = {
            name: checked_threshold(f"--{name}", value)
            for name, value in (thresholds or {}).items()
            if value is not None
        }
        self.settings = settings or {}
        self.statistics = statistics
        self.resume = flag("resume", resume)
        self.within = WithinEpoch()
        self.minutes = number("checkpoint_minutes", minutes, least=0)
        self.saved_at = 0.0
        self.signals = StopSignals()
        self.best: dict[str, Any] = {}

    def attach(self, engine: Engine) -> None:
        """Register on the trainer, after the handler that validates."""
        FiniteLoss().attach(engine)
        self.signals.attach(engine)
        if self.statistics is not None:
            self.statistics.attach(engine, self.evaluator, self.settings.get("network_pixel_size"))
        engine.add_event_handler(Events.STARTED, self._start)
        self.evaluator.add_event_handler(Events.ITERATION_COMPLETED, self._stop_validation, engine)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._validate_last)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._save_best)
        engine.add_event_handler(Events.COMPLETED, self._check_best)

    def _start(self, engine: Engine) -> None:
        if is_main():
            remove_leftovers(self.folder)
        self.within.attach(engine)
        self.network = unwrapped(engine.network)
        self.saved = {"network": self.network, "optimizer": engine.optimizer} | self.saved
        if getattr(engine, "scaler", None) is not None:  # of mixed precision: a factor that belongs to the state
            self.saved["scaler"] = engine.scaler
        if self.resume:
            self._resume(engine)
        self.saved_at = time.monotonic()
        # Registered only now, so that all other handlers come before: what a checkpoint counts as done is on disk.
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._save_within)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._save)

    def _resume(self, engine: Engine) -> None:
        file = self.folder / CHECKPOINT_FILE
        checkpoint = load_weights(file)
        try:
            self._check_schedule(file, checkpoint)
            for name, target in self.saved.items():
                target.load_state_dict(checkpoint[name])
            engine.state.epoch = checkpoint["trainer"]["epoch"]
            engine.state.iteration = engine.state.epoch * engine.state.epoch_length  # the batch size may have changed
            best = checkpoint["best"]
            self.best = best if best.get("by") == self.best_by else {}  # scores of two kinds cannot be compared
            if "within" in checkpoint and not self.within.go_on(engine, checkpoint["within"]):
                warnings.warn(f"Batches are others now: epoch {engine.state.epoch + 1} begins anew.", stacklevel=2)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise InputError.about(file, "the state of another training", "a checkpoint of this one") from error
        # One that ended between its last checkpoint and its record has that record to write.
        if engine.state.epoch >= (engine.state.max_epochs or 0) and (self.folder / RUN_FILE).is_file():
            raise InputError.about(
                file, f"{engine.state.epoch} finished epochs", f"fewer than {engine.state.max_epochs}"
            )

    def _check_schedule(self, file: Path, checkpoint: dict[str, Any]) -> None:
        """Refuse another number of epochs: the learning rate would climb again where the old schedule ends."""
        planned, now = (state.get("T_max") for state in (checkpoint["scheduler"], self.saved["scheduler"].state_dict()))
        if planned != now:
            raise InputError.about(
                file, f"a training planned for {planned} epochs", f"--max_epochs {planned}, not {now}"
            )

    def _save_within(self, engine: Engine) -> None:
        """Save within an epoch when it is time to, or when a signal came, which then ends the training."""
        due = time.monotonic() - self.saved_at >= 60 * self.minutes
        signal_number, due_anywhere = largest([self.signals.received, int(due)], engine.state.device)
        if signal_number or due_anywhere:
            self._write(engine, engine.state.epoch - 1, {"within": self.within.state(engine)})
        if signal_number:
            stop(engine, signal_number)

    def _stop_validation(self, evaluator: Engine, engine: Engine) -> None:
        """Let no signal wait for the end of a validation, which begins anew when the training goes on."""
        (signal_number,) = largest([self.signals.received], engine.state.device)
        if signal_number:
            self._write(engine, engine.state.epoch - 1, {"within": self.within.state(engine)})
            stop(engine, signal_number)

    def _validate_last(self, engine: Engine) -> None:
        if engine.state.epoch == engine.state.max_epochs and self.evaluator.state.epoch != engine.state.epoch:
            # It cannot begin anew: the handlers before this one, such as that of the learning rate, are done already.
            self.evaluator.remove_event_handler(self._stop_validation, Events.ITERATION_COMPLETED)
            self.evaluator.run(engine.state.epoch)

    def _save(self, engine: Engine) -> None:
        self._write(engine, engine.state.epoch, {})

    def _write(self, engine: Engine, epochs: int, within: dict[str, Any]) -> None:
        """Write the checkpoint of so many finished epochs, and of what there is ``within`` the next."""
        if not is_main():
            return
        file = self.folder / CHECKPOINT_FILE
        if not is_finite(self.network):
            expected = "finite ones (it is not written; a lower --learning_rate may help)"
            raise InputError.about(file, f"infinite weights in epoch {engine.state.epoch}", expected)
        state = {name: target.state_dict() for name, target in self.saved.items()}
        state["trainer"] = {"epoch": epochs, "iteration": engine.state.iteration}
        save_weights(state | {"best": self.best} | within, file)
        self.saved_at = time.monotonic()

    def _save_best(self, engine: Engine) -> None:
        if self.evaluator.state.epoch != engine.state.epoch:
            return  # no validation in this epoch
        score = self._score(engine)
        if not math.isfinite(score) or (self.best and score <= self.best["score"]):
            return
        self.best = {"by": self.best_by, "score": score, "epoch": engine.state.epoch}
        if not is_main():
            return
        save_weights(self.network.state_dict(), self.folder / WEIGHTS_FILE)
        if self.settings:
            write_settings(self.folder / SETTINGS_FILE, self.settings)
        if self.statistics is not None:
            self.statistics.write(self.folder)
        if self.scans:
            write_thresholds(self.folder / THRESHOLD_FILE, self.scans, self.thresholds)

    def _check_best(self, engine: Engine) -> None:
        if not self.best:
            expected = "foreground in the validation images"
            raise InputError.about(self.folder / WEIGHTS_FILE, "no validation score to choose weights by", expected)

    def _score(self, engine: Engine) -> float:
        """Return what decides, larger is better."""
        state = self.evaluator.state
        if self.best_by == "last":
            return float(engine.state.epoch)
        return -state.metrics["val_loss"] if self.best_by == "loss" else state.metrics[state.key_metric_name]
