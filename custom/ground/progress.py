"""Progress of a long job: one bar on a terminal; elsewhere, such as in a log file, a plain line every half minute."""

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
    """Progress of a job of known length. Use it in a ``with`` statement, or call `close`.

    On a terminal, it shows a bar, which remains as one line when the job succeeds and disappears when it fails. Log
    lines and lines from ``tqdm.write`` appear above the bar. Elsewhere, it prints a plain line at regular intervals.

    Args:
        total: number of steps.
        description: what is being done.
        done: number of steps that an earlier, now resumed, run completed.
        delay: time in seconds before the bar appears, so that short jobs show none.
        seconds: time in seconds between two plain lines.

    Examples:
        >>> with Bar(total=2, description="reading images") as bar:
        ...     bar.update("cell_1")
        ...     bar.done
        1
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
            smoothing=0,  # steps differ in duration, for example those with a validation
            delay=delay,
            leave=False,  # `close` keeps the bar; after an error, only the error stays visible
        )
        weakref.finalize(self, _close, self._bar)  # removes the bar of an interrupted job
        self._redirected = ExitStack()
        if not self._bar.disable:
            self._redirected.enter_context(logging_redirect_tqdm())
        self._first, self.done = done, done
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(finished=error is None)

    @property
    def plain(self) -> bool:
        """Whether the output is not a terminal."""
        return bool(self._bar.disable)

    def update(self, note: str = "") -> None:
        """Count a step, and show a note about it after the bar."""
        self.done += 1
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update()
        self._print_line()

    def describe(self, description: str, note: str = "") -> None:
        """Change the description and the note immediately."""
        self._bar.set_description(description, refresh=False)
        self._bar.set_postfix_str(note)

    def _print_line(self) -> None:
        now = time.monotonic()
        if self.plain and is_main() and now - self._last_line >= self.seconds:
            self._last_line = now
            print(f"{self.description}: {self.done} of {self.total}, {self.time_left()}", flush=True)

    def time_left(self) -> str:
        """Return the remaining time as text, estimated from the mean duration of the steps so far."""
        steps = max(1, self.done - self._first)
        return f"{_duration((time.monotonic() - self._started) / steps * (self.total - self.done))} left"

    def close(self, finished: bool = True) -> None:
        """End the bar: keep its last state as a line if the job has finished, else remove it."""
        self._bar.leave = finished
        _close(self._bar)
        self._redirected.close()


def _close(bar: tqdm) -> None:
    bar.clear()  # tqdm itself does not do this if a note made the bar appear before its delay
    bar.close()


def shown(steps: Iterable[Step], total: int, description: str) -> Iterator[Step]:
    """Yield from an iterable and show the progress; a step counts as done when the next one is requested.

    Args:
        steps: any iterable.
        total: number of its items.
        description: what is being done.

    Examples:
        >>> sum(shown([1, 2, 3], total=3, description="adding"))
        6
    """
    with Bar(total, description) as bar:
        for step in steps:
            yield step
            bar.update()


def _duration(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours, whichever suits it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
