"""Thresholds of weights: stored next to the weights and read with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.json_files import read_object

THRESHOLD_FILE = "threshold.json"


def read_threshold(weights: str | Path, given: float | str | None = None, name: str = "threshold") -> float:
    """Return the given threshold or, if it is None, the one stored next to the weights.

    Args:
        weights: file of the weights, with ``threshold.json`` next to it.
        given: a threshold from the command line, or None.
        name: name of the threshold and of its option.

    Raises:
        InputError: the threshold is missing or not a number from 0 to 1, or there are no weights.

    Examples:
        >>> read_threshold("model.pt", given="0.4")
        0.4
    """
    if given is not None:
        return checked_threshold(f"--{name}", given)
    file = Path(weights).with_name(THRESHOLD_FILE)
    if not file.exists():
        check_exists(weights)
        raise InputError.about(file, "nothing", f"the {name} of the weights, or --{name}")
    stored = read_object(file, f"a JSON object with the {name} of the weights")
    if name not in stored:
        raise InputError.about(file, f"no {name}", "a number from 0 to 1")
    return checked_threshold(file, stored[name])


def check_exists(weights: str | Path) -> None:
    """Raise InputError if a file of weights does not exist."""
    file = Path(weights)
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise InputError.about(file, found, "a checkpoint, such as model.pt of a training run")


def checked_threshold(where: str | Path, value: Any) -> float:
    """Return a threshold as a number.

    Args:
        where: file or option that gives the value, for an error.
        value: the value.

    Raises:
        InputError: the value is not a number from 0 to 1.

    Examples:
        >>> checked_threshold("--threshold", "0.4")
        0.4
    """
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    if not 0 <= number <= 1:
        raise InputError.about(where, f"{value}", "a number from 0 to 1")
    return number
