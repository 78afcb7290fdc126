"""Helpers for Ignite engines: run over any loader, list attached handlers and metrics, show progress.

Progress is one bar for the whole run on a terminal, and plain lines elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from ignite.engine import Engine, Events
from monai.handlers import from_engine
from torch.utils.data import DataLoader

from .progress import Bar

Handler = TypeVar("Handler")


def run_over(evaluator: Engine, loader: DataLoader) -> None:
    """Run an evaluator over a data loader other than its own."""
    evaluator.data_loader = loader
    evaluator.state.epoch_length = None  # otherwise the length of the previous loader would be used
    evaluator.run()


def attached(engine: Engine, kind: type[Handler], event: Any = Events.STARTED) -> dict[str, Handler]:
    """Return the handlers or metrics of a class that are attached to an engine; Ignite has no public way to list them.

    Args:
        engine: the engine.
        kind: class of the handlers or metrics.
        event: an event that they are registered for.

    Returns:
        Name → object. The name of a metric is the one it was attached with, that of a handler is its class.
    """
    found = {}
    for function, given, _ in engine._event_handlers[event]:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, kind):
            found[given[-1] if given and isinstance(given[-1], str) else type(owner).__name__] = owner
    return found


class Progress:
    """Handler that shows the progress of training, evaluation or inference.

    During training, the bar shows the epoch, the mean loss of the epoch so far, the latest validation score and the
    remaining time; if the output is not a terminal, each epoch prints a line instead. In evaluation and inference, it
    shows the name of the latest item.

    Args:
        description: what is being done, shown in front of the bar.
        evaluator: for training only, the engine whose metrics are shown next to the loss.
        loaders: the loaders that the engine runs over one after another, to share one bar; None for the engine's own
            loader.
    """

    def __init__(
        self, description: str, evaluator: Engine | None = None, loaders: Mapping[str, DataLoader] | None = None
    ) -> None:
        self.description = description
        self.evaluator = evaluator
        self.loaders = loaders
        self.bar: Bar | None = None
        self.losses: list[float] = []

    def attach(self, engine: Engine) -> None:
        """Register on the engine whose iterations are counted."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        engine.add_event_handler(Events.COMPLETED, self._end)
        if self.evaluator is not None:
            engine.add_event_handler(Events.EPOCH_STARTED, self._start_epoch)
            engine.add_event_handler(Events.EPOCH_COMPLETED, self._end_epoch)
            self.evaluator.add_event_handler(Events.STARTED, self._start_validation, engine)

    def _start(self, engine: Engine) -> None:
        if self.evaluator is not None:
            length = engine.state.epoch_length or len(engine.data_loader)
            total = length * (engine.state.max_epochs or 1)
            self.bar = Bar(total, self.description, engine.state.iteration, delay=0, seconds=math.inf)
        elif self.loaders is None:
            self.bar = Bar(len(engine.data_loader), self.description)
        elif self.bar is None:
            self.bar = Bar(sum(map(len, self.loaders.values())), self.description)

    def _advance(self, engine: Engine) -> None:
        if self.bar is None:
            return
        if self.evaluator is None:
            names = [str(item.get("name", "")) for item in engine.state.batch]  # empty if no page could be read
            self.bar.update(names[-1] if names else "")
        else:
            self.losses.append(float(from_engine("loss", first=True)(engine.state.output)))
            self.bar.update(self._loss_and_score())

    def _start_epoch(self, engine: Engine) -> None:
        self.losses = []
        if self.bar is not None:
            self.bar.describe(self._epoch(engine), self._loss_and_score())

    def _start_validation(self, evaluator: Engine, engine: Engine) -> None:
        if self.bar is not None:
            self.bar.describe(f"{self._epoch(engine)}, validation", self._loss_and_score())

    def _end_epoch(self, engine: Engine) -> None:
        if self.bar is None:
            return
        self.bar.describe(self._epoch(engine), self._loss_and_score())
        if self.bar.plain:
            left = "" if engine.state.epoch == engine.state.max_epochs else f", {self.bar.time_left()}"
            metrics = self._all_metrics(engine)
            print(f"epoch {engine.state.epoch}/{engine.state.max_epochs}: {metrics}{left}", flush=True)

    def _end(self, engine: Engine) -> None:
        if self.bar is not None and self.bar.done >= self.bar.total:
            self.bar.close()
            self.bar = None

    def _epoch(self, engine: Engine) -> str:
        return f"{self.description} epoch {engine.state.epoch}/{engine.state.max_epochs}"

    def _loss_and_score(self) -> str:
        """Return the mean loss of the epoch so far and the latest validation score, as text."""
        numbers = {"loss": sum(self.losses) / len(self.losses)} if self.losses else {}
        state: Any = self.evaluator and self.evaluator.state
        name = getattr(state, "key_metric_name", "")
        if name in state.metrics:
            numbers[name] = state.metrics[name]
        return _listed(numbers)

    def _all_metrics(self, engine: Engine) -> str:
        """Return the metrics of the epoch, with those of validation if the epoch had one, as text."""
        numbers = dict(engine.state.metrics)
        if self.evaluator is not None and self.evaluator.state.epoch == engine.state.epoch:
            numbers |= self.evaluator.state.metrics
        return _listed(numbers)


def _listed(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in numbers.items() if isinstance(value, float))
