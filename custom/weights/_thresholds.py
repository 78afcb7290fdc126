"""Thresholds that are stored with weights, and read with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.json_files import read_object

THRESHOLD_FILE = "threshold.json"


def read_threshold(weights: str | Path, given: float | str | None = None, name: str = "threshold") -> float:
    """Return a threshold that belongs to a file of weights, unless one is given.

    Args:
        weights: the file beside which ``threshold.json`` lies.
        given: a threshold from the command line, or None.
        name: which of the thresholds; also the name of its option.

    Raises:
        InputError: when the threshold is not a number in [0, 1], or there is none; or there are no weights.
    """
    if given is not None:
        return checked_threshold(f"--{name}", given)
    file = Path(weights).with_name(THRESHOLD_FILE)
    if not file.exists():
        check_exists(weights)
        raise InputError.about(file, "nothing", f"the {name} that belongs to the weights, or --{name}")
    stored = read_object(file, f"a JSON object with the {name} of the weights")
    if name not in stored:
        raise InputError.about(file, f"no {name}", "a number from 0 to 1")
    return checked_threshold(file, stored[name])


def check_exists(weights: str | Path) -> None:
    """Raise InputError unless there is a file of weights."""
    file = Path(weights)
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise InputError.about(file, found, "a checkpoint, such as model.pt of a training")


def checked_threshold(where: str | Path, value: Any) -> float:
    """Return a threshold as a number.

    Args:
        where: the file or the option that it comes from.
        value: what stands there.

    Raises:
        InputError: when it is not a number in [0, 1].
    """
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    if not 0 <= number <= 1:
        raise InputError.about(where, f"{value}", "a number from 0 to 1")
    return number
