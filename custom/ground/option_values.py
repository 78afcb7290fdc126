"""Values of options: switches, choices and numbers, checked."""

from __future__ import annotations

import difflib
import math
import re
from typing import Any

from ..errors import InputError

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def flag(option: str, value: bool | str | int) -> bool:
    """Return a switch as a bool: the command line hands ``true`` and ``false`` over as strings.

    Raises:
        InputError: when it is neither.
    """
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if value in (True, False):
        return bool(value)
    raise InputError(f"--{option}: found {value!r}, expected true or false.")


def choice(option: str, value: Any, *choices: str) -> str:
    """Return ``value`` when it is one of ``choices``.

    Raises:
        InputError: when it is not.
    """
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"--{option}: found {value!r}, expected {' or '.join(choices)}{hint}.")
    return value


def number(option: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> float:
    """Return ``value`` when it is a number of at least ``least`` that is above ``above``.

    Raises:
        InputError: when it is not.
    """
    if type(value) in (int, float) and value >= least and value > above:
        return value
    limit = f"of at least {least:g}" if least > -math.inf else f"above {above:g}"
    raise InputError(f"--{option}: found {value!r}, expected a number {limit}.")


def frame_range(option: str, text: str | None) -> range | None:
    """Return the frames from the first to the last, typed as ``0-35``; None for all, when nothing was typed.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"--{option}: found {text!r}, expected the first and the last frame, such as 0-35.")
    return range(int(match[1]), int(match[2]) + 1)
