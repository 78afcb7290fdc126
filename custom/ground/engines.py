"""Engines of ignite: run over a loader, what is attached to them, their progress."""

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
    """Run an evaluator over another loader than the one it was made with."""
    evaluator.data_loader = loader
    evaluator.state.epoch_length = None  # loaders differ in length
    evaluator.run()


def attached(engine: Engine, kind: type[Handler], event: Any = Events.STARTED) -> dict[str, Handler]:
    """Return the objects of a kind that are attached to an engine; ignite has no public way to list them.

    Args:
        engine: the engine.
        kind: their class, such as that of a handler or a metric.
        event: one that they are registered for.

    Returns:
        name → object. The name is that of a metric, or the class of a handler.
    """
    found = {}
    for function, given, _ in engine._event_handlers[event]:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, kind):
            found[given[-1] if given and isinstance(given[-1], str) else type(owner).__name__] = owner
    return found


class Progress:
    """Handler that shows how far a training, an evaluation or an inference is.

    A training shows its epoch, the mean loss of the epoch so far, the last validation score and the time left, and
    prints a line per epoch where the output is not a terminal. Others show the item that was done last.

    Args:
        description: what is being done.
        evaluator: in training, the engine whose metrics are shown beside the loss.
        loaders: what the engine runs over one after the other, for one bar for all of them; None for its own loader.
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
            self.evaluator.add_event_handler(Events.STARTED, self._validate, engine)

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
            names = [str(item.get("name", "")) for item in engine.state.batch]  # none of a page that cannot be read
            self.bar.update(names[-1] if names else "")
        else:
            self.losses.append(float(from_engine("loss", first=True)(engine.state.output)))
            self.bar.update(self._note())

    def _start_epoch(self, engine: Engine) -> None:
        self.losses = []
        if self.bar is not None:
            self.bar.describe(self._epoch(engine), self._note())

    def _validate(self, evaluator: Engine, engine: Engine) -> None:
        if self.bar is not None:
            self.bar.describe(f"{self._epoch(engine)}, validation", self._note())

    def _end_epoch(self, engine: Engine) -> None:
        if self.bar is None:
            return
        self.bar.describe(self._epoch(engine), self._note())
        if self.bar.plain:
            left = "" if engine.state.epoch == engine.state.max_epochs else f", {self.bar.time_left()}"
            print(f"epoch {engine.state.epoch}/{engine.state.max_epochs}: {self._numbers(engine)}{left}", flush=True)

    def _end(self, engine: Engine) -> None:
        if self.bar is not None and self.bar.done >= self.bar.total:
            self.bar.close()
            self.bar = None

    def _epoch(self, engine: Engine) -> str:
        return f"{self.description} epoch {engine.state.epoch}/{engine.state.max_epochs}"

    def _note(self) -> str:
        """Return the mean loss of the epoch so far, and the last validation score."""
        shown = {"loss": sum(self.losses) / len(self.losses)} if self.losses else {}
        state: Any = self.evaluator and self.evaluator.state
        name = getattr(state, "key_metric_name", "")
        if name in state.metrics:
            shown[name] = state.metrics[name]
        return _listed(shown)

    def _numbers(self, engine: Engine) -> str:
        shown = dict(engine.state.metrics)
        if self.evaluator is not None and self.evaluator.state.epoch == engine.state.epoch:
            shown |= self.evaluator.state.metrics
        return _listed(shown)


def _listed(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in numbers.items() if isinstance(value, float))
