"""The one exception for what a user can mend, and the way it is shown: as one sentence, without a traceback."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from types import TracebackType


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


def show_input_errors() -> None:
    """From now on end the process with one sentence and exit code 1 for an `InputError`, wherever it was raised.

    Anything else keeps its traceback, because then it is not the user's fault.
    """
    logging.getLogger("ignite.engine").setLevel(logging.CRITICAL)  # it prints tracebacks of its own
    sys.excepthook = _hook


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sentence = find_input_error(error)
    if sentence is None:
        traceback.print_exception(kind, error, trace)
    else:
        print(f"Error: {sentence}", file=sys.stderr)


def find_input_error(error: BaseException | None) -> str | None:
    """Return the sentence of the `InputError` that ``error`` is, or comes from, or quotes from a worker; else None."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # A loader's worker hands over only the text of its traceback, which may come as the text of an InputError.
        quoted = re.search(r"^(?:[\w.]+\.)?InputError: (.+)$", str(current), flags=re.MULTILINE)
        if quoted:
            return quoted.group(1)
        if isinstance(current, InputError):
            return str(current)
        queue += [current.__cause__, current.__context__]
    return None
