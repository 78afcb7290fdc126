"""How far a long job is: one bar on a terminal, a plain line now and then where the output goes elsewhere."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from .processes import is_main

Step = TypeVar("Step")

_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Bar:
    """A job of known length, shown while it lasts; use it in a ``with`` statement, or close it.

    On a terminal it is a bar, which stays as one line when the job is done and goes away when it fails. Log lines meet
    it without breaking it; so do other lines that are written by ``tqdm.write``. Elsewhere, such as in a log file, a
    job that takes longer than half a minute prints a line every half minute.

    Args:
        total: number of steps.
        description: what is being done.
        done: steps that were done before, by a run that is gone on with.
        delay: seconds after which a job is worth a bar.
        seconds: from one plain line to the next.
    """

    def __init__(self, total: int, description: str, done: int = 0, delay: float = 1.0, seconds: float = 30.0) -> None:
        self.total = total
        self.description = description
        self.seconds = seconds
        self._bar = tqdm(
            total=total,
            initial=done,
            desc=description,
            disable=None if is_main() else True,
            bar_format=_BAR,
            dynamic_ncols=True,
            smoothing=0,  # steps differ in length, such as those with a validation
            delay=delay,
            leave=False,  # unless it is closed: what an error leaves is the error
        )
        weakref.finalize(self, _close, self._bar)  # so that a job that was broken off leaves no bar behind
        self._redirected = ExitStack()
        if not self._bar.disable:
            self._redirected.enter_context(logging_redirect_tqdm())
        self._first, self.done = done, done
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(finished=error is None)

    @property
    def plain(self) -> bool:
        """Whether nobody watches: the output is not a terminal."""
        return bool(self._bar.disable)

    def update(self, note: str = "") -> None:
        """Count a step, and show a note on it behind the bar."""
        self.done += 1
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update()
        self._say()

    def describe(self, description: str, note: str = "") -> None:
        """Show another description and note at once."""
        self._bar.set_description(description, refresh=False)
        self._bar.set_postfix_str(note)

    def _say(self) -> None:
        now = time.monotonic()
        if self.plain and is_main() and now - self._said >= self.seconds:
            self._said = now
            print(f"{self.description}: {self.done} of {self.total}, {self.time_left()}", flush=True)

    def time_left(self) -> str:
        """Return how long the rest takes, if its steps take as long as those before."""
        steps = max(1, self.done - self._first)
        return f"{_duration((time.monotonic() - self._started) / steps * (self.total - self.done))} left"

    def close(self, finished: bool = True) -> None:
        """Leave the last state of the bar as a line, or nothing where the job failed."""
        self._bar.leave = finished
        _close(self._bar)
        self._redirected.close()


def _close(bar: tqdm) -> None:
    bar.clear()  # tqdm itself does not, if a note has shown the bar before its delay was over
    bar.close()


def shown(steps: Iterable[Step], total: int, description: str) -> Iterator[Step]:
    """Yield steps, each of which counts as done when the next is asked for."""
    with Bar(total, description) as bar:
        for step in steps:
            yield step
            bar.update()


def _duration(seconds: float) -> str:
    """Return a duration in the unit that one would say it in."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
