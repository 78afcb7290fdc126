"""One progress bar for a whole run; a plain line per epoch where the output is not a terminal."""

from __future__ import annotations

from ignite.engine import Engine, Events
from tqdm import tqdm

from ..distributed import is_main


class Progress:
    """Handler that shows how far a training, an evaluation or an inference is.

    Args:
        description: what is being done.
        evaluator: in training, the engine whose metrics are shown beside the loss.
    """

    def __init__(self, description: str, evaluator: Engine | None = None) -> None:
        self.description = description
        self.evaluator = evaluator
        self.bar: tqdm | None = None

    def attach(self, engine: Engine) -> None:
        """Register on the engine whose iterations are counted."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._end_epoch)
        engine.add_event_handler(Events.COMPLETED, self._close)

    def _start(self, engine: Engine) -> None:
        length = engine.state.epoch_length or len(engine.data_loader)
        total = length * (engine.state.max_epochs or 1)
        self.bar = tqdm(
            total=total, initial=engine.state.iteration, desc=self.description, disable=None if is_main() else True
        )

    def _advance(self, engine: Engine) -> None:
        if self.bar is not None:
            self.bar.update()

    def _end_epoch(self, engine: Engine) -> None:
        if self.bar is None or self.evaluator is None:
            return
        numbers = self._numbers(engine)
        self.bar.set_postfix_str(f"epoch {engine.state.epoch}, {numbers}")
        if self.bar.disable:
            print(f"epoch {engine.state.epoch}/{engine.state.max_epochs}: {numbers}", flush=True)

    def _numbers(self, engine: Engine) -> str:
        shown = dict(engine.state.metrics)
        if self.evaluator is not None and self.evaluator.state.epoch == engine.state.epoch:
            shown |= self.evaluator.state.metrics
        return ", ".join(f"{name} {value:.4f}" for name, value in shown.items() if isinstance(value, float))

    def _close(self, engine: Engine) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
