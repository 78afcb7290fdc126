"""Ctrl-C and SIGTERM in a training: noted at once, obeyed where nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, NoReturn

from ignite.engine import Engine, Events
from tqdm import tqdm

from ..ground.command_line import resume_command
from ..ground.processes import is_main

_NOTE = "\nStopping after this iteration, with a checkpoint. Once more stops at once, without.\n"


class StopSignals:
    """The first Ctrl-C (SIGINT) or SIGTERM while an engine runs; the second one does what it always did.

    Outside the main thread, where Python allows no such thing, nothing is noted.
    """

    def __init__(self) -> None:
        self.received = 0  # number of the signal
        self._former: dict[int, Any] = {}
        self._process = os.getpid()

    def attach(self, engine: Engine) -> None:
        """Register on the engine that may be stopped."""
        engine.add_event_handler(Events.STARTED, self._catch)
        engine.add_event_handler(Events.COMPLETED, self._release)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _catch(self, engine: Engine) -> None:
        self.received = 0
        self._process = os.getpid()
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}

    def _note(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            return  # a loader's worker, which the terminal signals too; it ends with this process
        self.received = number
        self._release()
        if is_main():
            os.write(2, _NOTE.encode())  # print() is not allowed to interrupt itself

    def _release(self) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former = {}

    def _fail(self, engine: Engine, error: BaseException) -> NoReturn:
        self._release()
        raise error  # which ignite leaves to whoever listens


def stop(engine: Engine, signal_number: int) -> NoReturn:
    """Say where a training stopped and how it goes on, and end the process as the signal would, with 128 + its number.

    Raises:
        SystemExit: always.
    """
    if is_main():
        where = f"epoch {engine.state.epoch}, iteration {engine.state.iteration}"
        tqdm.write(f"Stopped in {where}; the checkpoint is written. To go on:\n  {resume_command()}", file=sys.stderr)
    raise SystemExit(128 + signal_number)
