"""Ctrl-C and SIGTERM in training: the run stops after the current iteration, with a checkpoint."""

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

_MESSAGE = "\nStopping after this iteration, with a checkpoint. Repeat to stop immediately, without a checkpoint.\n"


class StopSignals:
    """Records the first Ctrl-C (SIGINT) or SIGTERM while an engine runs; a second one has its usual effect.

    Outside the main thread, where Python allows no signal handlers, nothing is recorded.
    """

    def __init__(self) -> None:
        self.received = 0  # number of the signal
        self._previous: dict[int, Any] = {}
        self._process = os.getpid()

    def attach(self, engine: Engine) -> None:
        """Register on the engine to be stopped."""
        engine.add_event_handler(Events.STARTED, self._catch)
        engine.add_event_handler(Events.COMPLETED, self._release)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _catch(self, engine: Engine) -> None:
        self.received = 0
        self._process = os.getpid()
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._record) for number in (signal.SIGINT, signal.SIGTERM)}

    def _record(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            return  # a worker of a data loader, which gets the signal of the terminal too; it ends with this process
        self.received = number
        self._release()
        if is_main():
            os.write(2, _MESSAGE.encode())  # print() is not reentrant

    def _release(self) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous = {}

    def _fail(self, engine: Engine, error: BaseException) -> NoReturn:
        self._release()
        raise error  # handlers of EXCEPTION_RAISED replace ignite's own raise


def stop(engine: Engine, signal_number: int) -> NoReturn:
    """Print where training stopped and the command that continues it, and end the process as the signal would.

    Raises:
        SystemExit: always, with 128 + number of the signal.
    """
    if is_main():
        where = f"epoch {engine.state.epoch}, iteration {engine.state.iteration}"
        message = f"Stopped in {where}, with a checkpoint. To continue:\n  {resume_command()}"
        tqdm.write(message, file=sys.stderr)
    raise SystemExit(128 + signal_number)
