"""Checks of option values: switches, choices, numbers and frame ranges. Errors name the option."""

from __future__ import annotations

import difflib
import math
import re
from typing import Any

from ..errors import InputError

_SWITCH_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def flag(option: str, value: bool | str | int) -> bool:
    """Return a switch as a bool. The command line may pass ``true`` and ``false`` as strings.

    Args:
        option: name of the option, for the message.
        value: its value.

    Raises:
        InputError: the value is neither true nor false.

    Examples:
        >>> flag("resume", "yes")
        True
    """
    if isinstance(value, str) and value.lower() in _SWITCH_WORDS:
        return _SWITCH_WORDS[value.lower()]
    if value in (True, False):
        return bool(value)
    raise InputError(f"--{option}: found {value!r}, expected true or false.")


def choice(option: str, value: Any, *choices: str) -> str:
    """Return ``value`` if it is one of ``choices``.

    Args:
        option: name of the option, for the message.
        value: its value.
        *choices: the allowed values.

    Raises:
        InputError: the value is not allowed; the message suggests the most similar choice.

    Examples:
        >>> choice("truth", "gold", "silver", "gold")
        'gold'
    """
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"--{option}: found {value!r}, expected {' or '.join(choices)}{hint}.")
    return value


def number(option: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> float:
    """Return ``value`` if it is a number that is at least ``least`` and greater than ``above``.

    Args:
        option: name of the option, for the message.
        value: its value.
        least: inclusive lower limit.
        above: exclusive lower limit.

    Raises:
        InputError: the value is not a number or is too small.

    Examples:
        >>> number("crop_size", 256, least=188)
        256
    """
    if type(value) in (int, float) and value >= least and value > above:
        return value
    limit = f"of at least {least:g}" if least > -math.inf else f"above {above:g}"
    raise InputError(f"--{option}: found {value!r}, expected a number {limit}.")


def frame_range(option: str, text: str | None) -> range | None:
    """Return the frames of a range such as ``0-35``, first and last frame included; None (all frames) for no text.

    Args:
        option: name of the option, for the message.
        text: its value.

    Raises:
        InputError: the text is not a range of frames.

    Examples:
        >>> frame_range("frames", "7-9")
        range(7, 10)
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"--{option}: found {text!r}, expected the first and the last frame, such as 0-35.")
    return range(int(match[1]), int(match[2]) + 1)
