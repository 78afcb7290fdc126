"""The one exception for what a user can mend, and the way it is shown: as one sentence, without a traceback."""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

from tqdm import tqdm


class InputError(Exception):
    """Something is wrong with what the user gave, and the user can mend it.

    It is built from one string, so that it survives the way out of a data loader's worker process.
    """

    @classmethod
    def about(cls, file: str | os.PathLike[str], found: str, expected: str) -> InputError:
        """Return the error in its usual form: which file, what was found there, what was expected.

        Args:
            file: the file or folder that is at fault.
            found: what it holds, for example ``"3 channels"``.
            expected: what it should hold, for example ``"a gray image"``.
        """
        return cls(f"{os.fspath(file)}: found {found}, expected {expected}.")


class OutputError(InputError):
    """Nothing can be written where results go: that ends a run, whereas after one bad image the others go on."""


NO_ROOM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota on this disk is used up",
    errno.EFBIG: "the file is larger than its disk, or a limit, allows",
}
"""What an operating system says when a file does not fit."""


def show_input_errors() -> None:
    """From now on end the process with one sentence and exit code 1 for an `InputError`, wherever it was raised.

    Anything else keeps its traceback, because then it is not the user's fault.
    """
    logging.getLogger("ignite.engine").setLevel(logging.CRITICAL)  # it prints tracebacks of its own
    sys.excepthook = _hook
    threading.excepthook = _thread_hook


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sentence = find_input_error(error)
    with tqdm.external_write_mode(file=sys.stderr):  # not into a bar
        if sentence is None:
            traceback.print_exception(kind, error, trace)
        else:
            print(f"Error: {sentence}", file=sys.stderr)


def _thread_hook(arguments: threading.ExceptHookArgs) -> None:
    """Say nothing of a full disk: the main thread meets it too. TensorBoard writes in a thread and hands it over."""
    if no_room(arguments.exc_value) is None:
        threading.__excepthook__(arguments)


def find_input_error(error: BaseException | None) -> str | None:
    """Return the sentence of the `InputError` that ``error`` is, or comes from, or quotes from a worker; else None.

    A full disk that a library met by itself has a sentence too.
    """
    for current in chain(error):
        # A loader's worker hands over only the text of its traceback, which may come as the text of an InputError.
        quoted = re.search(r"^(?:[\w.]+\.)?InputError: (.+)$", str(current), flags=re.MULTILINE)
        if quoted:
            return quoted.group(1)
        if isinstance(current, InputError):
            return str(current)
        if isinstance(current, OSError) and current.errno in NO_ROOM:
            where = "" if current.filename is None else f"{current.filename}: "
            return f"{where}{NO_ROOM[current.errno]}; what was complete before is kept."
    return None


def no_room(error: BaseException | None) -> str | None:
    """Return what is said when an exception is, or comes from, one of the operating system about a full disk."""
    found = (NO_ROOM.get(current.errno or 0) for current in chain(error) if isinstance(current, OSError))
    return next((reason for reason in found if reason), None)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception, or what it comes from, says that there is too little memory, of CPU or GPU."""
    words = r"out of memory|not enough memory|can't allocate memory|insufficient memory"
    return any(isinstance(one, MemoryError) or re.search(words, str(one), re.IGNORECASE) for one in chain(error))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an exception and those that it comes from, each once."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        queue += [current.__cause__, current.__context__]
