"""The files that a training run saves: the best weights with their threshold, and checkpoints to continue from."""

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
    Start,
    checked_threshold,
    describe_start,
    load_weights,
    save_weights,
    write_settings,
    write_thresholds,
)
from ._finite_loss import FiniteLoss, is_finite
from ._processes import largest_of_processes, unwrapped
from ._run_record import different, hyperparameters, identities, training_options
from ._stopping import StopSignals, stop
from ._within_epoch import WithinEpoch

BEST_BY = ("metric", "loss", "last")


class Checkpoints:
    """Handler that saves a training run: the best weights with their threshold, and checkpoints to continue from.

    It writes ``model.pt`` and ``threshold.json`` whenever validation is the best so far, and ``checkpoint_last.pt``
    after every epoch, every few minutes within an epoch, and when Ctrl-C or SIGTERM stops the run. The checkpoint is
    the last file that an epoch writes, so that resuming neither repeats nor loses anything.

    ``model.pt`` is the state dict of the network. Score and threshold come from the same validation, which uses the
    validation split only.

    A resumed run is the same run: options that affect the weights or their score must not change. The batch size may
    change, and so may the images, which is reported: the interrupted epoch then starts over, and with other validation
    images or another ``best_by`` the best score begins anew. Checkpoints of older versions have no record of options
    and images; they are resumed without this comparison.

    Args:
        folder: the output folder.
        scheduler: scheduler of the learning rate; it is saved like the network and the optimizer of the trainer.
        evaluator: the engine that validates.
        best_by: how the best weights are chosen: by the key ``"metric"`` of the evaluator, by its ``"loss"`` (named
            ``val_loss``), or the weights of the ``"last"`` epoch. The last epoch is always validated.
        scans: name of a threshold → its scan, a metric of the evaluator; if empty, ``threshold.json`` is not written.
        thresholds: name → threshold to store instead of the best one of the scan, for training on all labels.
        settings: option → value that must be the same when the weights are used; written to ``settings.json``.
        statistics: statistics of the images; written to ``reference.json``.
        resume: whether to continue from ``checkpoint_last.pt``.
        minutes: minutes between checkpoints within an epoch.
        config: the config of the run with all options, its expressions as text, see `custom.runs.content`.
        start: weights that the network starts from; random ones if None. A resumed run does not load them again.

    Raises:
        InputError: there is no checkpoint to resume, it belongs to another run or to other options, a threshold is not
            a number from 0 to 1, no validation gave a score, or weights are infinite or NaN (they are not written).
        SystemExit: a signal stopped the run after a checkpoint was written; with 128 + number of the signal.
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
        config: Mapping[str, Any] | None = None,
        start: Start | None = None,
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
        self.options = training_options(config or {})
        self.images: dict[str, dict[str, Any]] = {}
        self.start = start or Start(None)
        self.started: dict[str, Any] = {}

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
        if getattr(engine, "scaler", None) is not None:  # mixed precision: the scale factor changes while training
            self.saved["scaler"] = engine.scaler
        loaders = {"training": engine.data_loader, "validation": self.evaluator.data_loader}
        self.images = identities({split: getattr(loader, "dataset", None) for split, loader in loaders.items()})
        if self.resume:
            self._resume(engine)
        else:
            self.started = self.start.load(self.network)
        if self.started and is_main():
            print(describe_start(self.started), flush=True)
        self.saved_at = time.monotonic()
        # Registered last, so that the files of all other handlers are written before the checkpoint.
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._save_within)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._save)

    def _resume(self, engine: Engine) -> None:
        file = self.folder / CHECKPOINT_FILE
        checkpoint = load_weights(file)
        try:
            self._check_options(file, checkpoint)
            for name, target in self.saved.items():
                target.load_state_dict(checkpoint[name])
            engine.state.epoch = checkpoint["trainer"]["epoch"]
            engine.state.iteration = engine.state.epoch * engine.state.epoch_length  # the batch size may have changed
            self.options = self.options or checkpoint.get("options", {})  # none if a program runs the trainer itself
            changed = self._changed(checkpoint)
            self.started = checkpoint.get("start", {})
            self.best = {} if changed & {"best_by", "validation"} else checkpoint["best"]
            if "within" in checkpoint and (
                "training" in changed or not self.within.resume(engine, checkpoint["within"])
            ):
                warnings.warn(f"The batches have changed: epoch {engine.state.epoch + 1} starts over.", stacklevel=2)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise InputError.about(file, "the state of another training run", "a checkpoint of this run") from error
        self._check_epochs(engine, file, checkpoint)

    def _check_options(self, file: Path, checkpoint: dict[str, Any]) -> None:
        """Refuse options that cannot take effect or would make one run of two."""
        planned, now = (state.get("T_max") for state in (checkpoint["scheduler"], self.saved["scheduler"].state_dict()))
        if planned != now:  # beyond the old schedule, the learning rate would rise again
            raise InputError.about(file, f"a run planned for {planned} epochs", f"--max_epochs {planned}, not {now}")
        others = different(checkpoint["options"], self.options) if checkpoint.get("options") and self.options else []
        if not others and "settings" in checkpoint:  # such as classes and pixel size that were adopted
            others = different(*(_affecting(settings) for settings in (checkpoint["settings"], self.settings)))
        if not others:
            before, after = checkpoint["optimizer"], self.saved["optimizer"].state_dict()
            others = different(hyperparameters(before, after), hyperparameters(after, before))
        if others:
            more = f"; and {len(others) - 3} more" if len(others) > 3 else ""
            raise InputError.about(file, "a run with other options", f"{'; '.join(others[:3])}{more}")

    def _changed(self, checkpoint: dict[str, Any]) -> set[str]:
        """Return what differs from the run so far of ``best_by`` and the images of the splits, and warn of it."""
        before, after = checkpoint.get("images", {}), f"from epoch {checkpoint['trainer']['epoch'] + 1} on"
        changed = {split for split in before.keys() & self.images.keys() if before[split] != self.images[split]}
        if "training" in changed:
            warnings.warn(f"{self._counted(before, 'training')}: training continues on them {after}.", stacklevel=3)
        if "validation" in changed:
            text = f"{self._counted(before, 'validation')}: the best score begins anew {after}."
            warnings.warn(text, stacklevel=3)
        if checkpoint["best"].get("by", self.best_by) != self.best_by:  # different scores cannot be compared
            changed.add("best_by")
            found = f"--best_by {self.best_by} instead of {checkpoint['best']['by']}"
            warnings.warn(f"{found}: the best score begins anew {after}.", stacklevel=3)
        return changed

    def _counted(self, before: Mapping[str, Any], split: str) -> str:
        """Return how many images a split has now and had before."""
        now, then = self.images[split]["images"], before[split]["images"]
        return f"Other {split} images or labels than before ({now}, before: {then})"

    def _check_epochs(self, engine: Engine, file: Path, checkpoint: dict[str, Any]) -> None:
        """Refuse a finished run; without ``run.json``, it continues, to write that file."""
        if engine.state.epoch < (engine.state.max_epochs or 0):
            return
        found = f"{engine.state.epoch} finished epochs"
        if (self.folder / RUN_FILE).is_file():
            raise InputError.about(file, found, f"fewer than {engine.state.max_epochs}")
        if checkpoint["best"] and not self.best:
            raise InputError.about(file, found, "the same --best_by and validation images, as no epoch is left")

    def _save_within(self, engine: Engine) -> None:
        """Save within an epoch if a checkpoint is due or a signal was received; a signal then ends the run."""
        due = time.monotonic() - self.saved_at >= 60 * self.minutes
        signal_number, due_anywhere = largest_of_processes([self.signals.received, int(due)], engine.state.device)
        if signal_number or due_anywhere:
            self._write(engine, engine.state.epoch - 1, {"within": self.within.state(engine)})
        if signal_number:
            stop(engine, signal_number)

    def _stop_validation(self, evaluator: Engine, engine: Engine) -> None:
        """Stop during validation, too; it starts over when the run is resumed."""
        (signal_number,) = largest_of_processes([self.signals.received], engine.state.device)
        if signal_number:
            self._write(engine, engine.state.epoch - 1, {"within": self.within.state(engine)})
            stop(engine, signal_number)

    def _validate_last(self, engine: Engine) -> None:
        if engine.state.epoch == engine.state.max_epochs and self.evaluator.state.epoch != engine.state.epoch:
            # Not interruptible: earlier handlers of this event have run, such as the one of the learning rate.
            self.evaluator.remove_event_handler(self._stop_validation, Events.ITERATION_COMPLETED)
            self.evaluator.run(engine.state.epoch)

    def _save(self, engine: Engine) -> None:
        self._write(engine, engine.state.epoch, {})

    def _write(self, engine: Engine, epochs: int, within: dict[str, Any]) -> None:
        """Write a checkpoint after ``epochs`` finished epochs, with the state ``within`` the next one."""
        if not is_main():
            return
        file = self.folder / CHECKPOINT_FILE
        if not is_finite(self.network):
            expected = "finite weights (no checkpoint was written; a lower --learning_rate may help)"
            raise InputError.about(file, f"infinite or NaN weights in epoch {engine.state.epoch}", expected)
        state = {name: target.state_dict() for name, target in self.saved.items()}
        state["trainer"] = {"epoch": epochs, "iteration": engine.state.iteration}
        state |= {"best": self.best, "options": self.options, "images": self.images, "start": self.started}
        state["settings"] = dict(self.settings)
        save_weights(state | within, file)
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
            self.statistics.write(self.folder, self.settings.get("bundle"))
        if self.scans:
            write_thresholds(self.folder / THRESHOLD_FILE, self.scans, self.thresholds, self.settings.get("bundle"))

    def _check_best(self, engine: Engine) -> None:
        if not self.best:
            expected = "foreground in the validation images"
            raise InputError.about(self.folder / WEIGHTS_FILE, "no validation score to choose weights", expected)

    def _score(self, engine: Engine) -> float:
        """Return the score that chooses the weights; larger is better."""
        state = self.evaluator.state
        if self.best_by == "last":
            return float(engine.state.epoch)
        return -state.metrics["val_loss"] if self.best_by == "loss" else state.metrics[state.key_metric_name]


def _affecting(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that must be the same when a run is resumed: those that do not only follow from images."""
    return {name: value for name, value in settings.items() if name not in ("colors", "usual_pixel_size")}
