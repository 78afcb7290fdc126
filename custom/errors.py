"""`InputError`, the exception for errors that the user can fix, and the hooks that print it without a traceback."""

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
    """The input is wrong, and the user can fix it: a file, an option, a config.

    It takes a single string, so that it can be pickled in a data loader's worker process.
    """

    @classmethod
    def about(cls, file: str | os.PathLike[str], found: str, expected: str) -> InputError:
        """Return an error in the usual form: the file, what was found in it, and what was expected.

        Args:
            file: the file or folder with the problem.
            found: what was found, for example ``"3 channels"``.
            expected: what was expected instead, for example ``"a gray image"``.

        Examples:
            >>> print(InputError.about("cells.tif", "3 channels", "a gray image"))
            cells.tif: found 3 channels, expected a gray image.
        """
        return cls(f"{os.fspath(file)}: found {found}, expected {expected}.")


class OutputError(InputError):
    """The results cannot be written. This ends a run, whereas an `InputError` about one image only skips that image."""


NO_ROOM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file exceeds the size limit of the disk or the process",
}
"""Error numbers of the operating system for a file that does not fit → the reason in words."""


def show_input_errors() -> None:
    """Print every uncaught `InputError` as one sentence and exit with code 1, wherever it was raised.

    Other exceptions keep their traceback, because they are not the user's fault.
    """
    logging.getLogger("ignite.engine").setLevel(logging.CRITICAL)  # it logs tracebacks itself
    sys.excepthook = _hook
    threading.excepthook = _thread_hook


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sentence = find_input_error(error)
    with tqdm.external_write_mode(file=sys.stderr):  # otherwise the text would end up inside a progress bar
        if sentence is None:
            traceback.print_exception(kind, error, trace)
        else:
            print(f"Error: {sentence}", file=sys.stderr)


def _thread_hook(arguments: threading.ExceptHookArgs) -> None:
    """Ignore a full disk: TensorBoard's writer thread passes that error on to the main thread."""
    if no_room(arguments.exc_value) is None:
        threading.__excepthook__(arguments)


def find_input_error(error: BaseException | None) -> str | None:
    """Return the sentence of the first `InputError` in an exception chain, or None.

    The chain includes the text of exceptions raised in a data loader's worker. A full disk reported by the operating
    system also counts, and gets a sentence of its own.

    Examples:
        >>> error = RuntimeError("Failed to instantiate")
        >>> error.__cause__ = InputError.about("cells.tif", "3 channels", "a gray image")
        >>> find_input_error(error)
        'cells.tif: found 3 channels, expected a gray image.'
    """
    for current in chain(error):
        # A loader's worker passes on only the text of its traceback, possibly as the message of another InputError.
        quoted = re.search(r"^(?:[\w.]+\.)?InputError: (.+)$", str(current), flags=re.MULTILINE)
        if quoted:
            return quoted.group(1)
        if isinstance(current, InputError):
            return str(current)
        if isinstance(current, OSError) and current.errno in NO_ROOM:
            where = "" if current.filename is None else f"{current.filename}: "
            return f"{where}{NO_ROOM[current.errno]}; files completed before are kept."
    return None


def no_room(error: BaseException | None) -> str | None:
    """Return the reason from `NO_ROOM` if an exception chain contains a full disk, else None.

    Examples:
        >>> no_room(OSError(errno.ENOSPC, "No space left on device"))
        'the disk is full'
    """
    found = (NO_ROOM.get(current.errno or 0) for current in chain(error) if isinstance(current, OSError))
    return next((reason for reason in found if reason), None)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception chain contains a lack of memory, on the CPU or the GPU.

    Examples:
        >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."))
        True
    """
    words = r"out of memory|not enough memory|can't allocate memory|insufficient memory"
    return any(isinstance(one, MemoryError) or re.search(words, str(one), re.IGNORECASE) for one in chain(error))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, its causes and its contexts, each once."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        queue += [current.__cause__, current.__context__]
