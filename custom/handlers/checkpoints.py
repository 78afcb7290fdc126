"""What a training run saves: the best weights with their threshold, and all that is needed to go on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..errors import InputError
from ..writers import atomic_path
from .scores import ThresholdCurve

LAST = "checkpoint_last.pt"
BEST = "model.pt"
THRESHOLD = "threshold.json"


class Checkpoints:
    """Handler that saves a training: the best weights with their threshold, and all that is needed to go on.

    It writes ``model.pt`` and ``threshold.json`` when validation is the best so far and ``checkpoint_last.pt`` after
    every epoch, and goes on from the latter when told.

    ``model.pt`` is the network's state dict. The threshold comes from the same validation pass as the score, so the two
    files belong together; no other data than the validation split is seen.

    Args:
        folder: where the files go.
        network, optimizer, scheduler: what is saved and resumed, besides the trainer's own state.
        evaluator: the engine that validates.
        best_by: what decides: the evaluator's key ``"metric"``, its ``"loss"`` (named ``val_loss``), or ``"last"`` for
            the weights of the last epoch.
        curve: the threshold scan among the evaluator's metrics.
        threshold: one that was chosen before, stored instead of the scan's; for training on the validation split too.
        resume: whether to go on from ``checkpoint_last.pt``.

    Raises:
        InputError: when there is nothing to resume, it belongs to another network, or no validation gave a score.
    """

    def __init__(
        self,
        folder: str | Path,
        network: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler,
        evaluator: Engine,
        best_by: str,
        curve: ThresholdCurve,
        threshold: float | None = None,
        resume: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.network = network
        self.saved: dict[str, Any] = {"network": network, "optimizer": optimizer, "scheduler": scheduler}
        self.evaluator = evaluator
        self.best_by = best_by
        self.curve = curve
        self.threshold = threshold
        self.resume = resume
        self.best: dict[str, float] = {}

    def attach(self, engine: Engine) -> None:
        """Register on the trainer, after the handler that validates."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._save)
        engine.add_event_handler(Events.COMPLETED, self._check_best)

    def _start(self, engine: Engine) -> None:
        if not self.resume:
            return
        file = self.folder / LAST
        checkpoint = load_weights(file)
        try:
            for name, target in self.saved.items():
                target.load_state_dict(checkpoint[name])
            engine.state.epoch = checkpoint["trainer"]["epoch"]
            engine.state.iteration = engine.state.epoch * engine.state.epoch_length  # the batch size may have changed
            self.best = checkpoint["best"]
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise InputError.about(file, "the state of another training", "a checkpoint of this one") from error
        if engine.state.epoch >= (engine.state.max_epochs or 0):
            raise InputError.about(
                file, f"{engine.state.epoch} finished epochs", f"fewer than {engine.state.max_epochs}"
            )

    def _save(self, engine: Engine) -> None:
        self._save_best(engine)
        state = {name: target.state_dict() for name, target in self.saved.items()}
        state["trainer"] = {"epoch": engine.state.epoch, "iteration": engine.state.iteration}
        save_weights(state | {"best": self.best}, self.folder / LAST)

    def _save_best(self, engine: Engine) -> None:
        if self.evaluator.state.epoch != engine.state.epoch:
            return  # no validation in this epoch
        score = self._score(engine)
        if not math.isfinite(score) or (self.best and score <= self.best["score"]):
            return
        self.best = {"score": score, "epoch": engine.state.epoch}
        save_weights(self.network.state_dict(), self.folder / BEST)
        write_threshold(self.curve, self.folder / THRESHOLD, self.threshold)

    def _check_best(self, engine: Engine) -> None:
        if not self.best:
            expected = "a val_interval of at most max_epochs, and foreground in the validation images"
            raise InputError.about(self.folder / BEST, "no validation score to choose weights by", expected)

    def _score(self, engine: Engine) -> float:
        """Return what decides, larger is better."""
        state = self.evaluator.state
        if self.best_by == "last":
            return float(engine.state.epoch)
        return -state.metrics["val_loss"] if self.best_by == "loss" else state.metrics[state.key_metric_name]


class WeightsLoader:
    """Handler that loads a network's weights before a run.

    Args:
        file: a state dict, or a checkpoint of `Checkpoints`, whose ``network`` is taken.
        network: the network; weights of half precision are converted.

    Raises:
        InputError: when the file is missing, is no checkpoint, or belongs to another network.
    """

    def __init__(self, file: str | Path, network: nn.Module) -> None:
        self.file = Path(file)
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        checkpoint = load_weights(self.file)
        weights = checkpoint.get("network", checkpoint)
        try:
            self.network.load_state_dict(weights)
        except (AttributeError, RuntimeError, TypeError) as error:
            raise InputError.about(self.file, "weights of another network", "weights of this bundle") from error


def load_weights(file: Path) -> dict[str, Any]:
    """Return the dictionary in a checkpoint file, on the CPU; nothing in it is executed.

    Raises:
        InputError: when the file is missing, cannot be read or holds no dictionary.
    """
    if not file.is_file():
        raise InputError.about(file, "nothing", "a checkpoint")
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise InputError.about(file, "a damaged file or one that holds more than weights", "a checkpoint") from error
    if not isinstance(checkpoint, dict):
        raise InputError.about(file, f"a {type(checkpoint).__name__}", "a state dict")
    return checkpoint


def save_weights(content: dict[str, Any], file: Path) -> None:
    """Write a dictionary of tensors, whole or not at all."""
    with atomic_path(file) as path:
        torch.save(content, path)


def write_threshold(curve: ThresholdCurve, file: Path, given: float | None = None) -> None:
    """Write the best threshold of a scan (or a given one), the best score and the whole curve as JSON."""
    scores = [round(float(value), 6) if math.isfinite(value) else None for value in curve.mean_curve()]
    content = {
        "threshold": curve.best_threshold() if given is None else given,
        "validation_score": max((score for score in scores if score is not None), default=None),
        "thresholds": curve.thresholds.round(6).tolist(),
        "scores": scores,
    }
    with atomic_path(file) as path:
        path.write_text(json.dumps(content), encoding="utf-8")


def read_threshold(weights: str | Path, given: float | str | None = None) -> float:
    """Return the threshold that belongs to a file of weights, unless one is given.

    Args:
        weights: the file beside which ``threshold.json`` lies.
        given: a threshold from the command line, or None.

    Raises:
        InputError: when the threshold is not a number in [0, 1], or there is none.
    """
    file = Path(weights).with_name(THRESHOLD)
    if given is None and not file.is_file():
        raise InputError.about(file, "nothing", "the threshold that belongs to the weights, or --threshold")
    try:
        value = float(json.loads(file.read_text(encoding="utf-8"))["threshold"] if given is None else given)
    except (ValueError, KeyError, TypeError) as error:
        where, found = (file, "no threshold") if given is None else ("--threshold", f"{given!r}")
        raise InputError.about(where, found, "a number from 0 to 1") from error
    if not 0 <= value <= 1:
        raise InputError.about(file if given is None else "--threshold", f"{value}", "a number from 0 to 1")
    return value
