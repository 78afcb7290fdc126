"""Settings that belong to weights: stored beside them, compared when they are used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.command_line import path
from ..ground.files import atomic_path
from ..ground.json_files import read_object

SETTINGS_FILE = "settings.json"


def write_settings(file: Path, settings: Mapping[str, Any]) -> None:
    """Write options with which a network was trained, and without which its weights mean nothing, as JSON.

    Args:
        file: usually ``settings.json`` beside the weights.
        settings: name of the option → its value, of the types that JSON has.
    """
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(dict(settings)) + "\n", encoding="utf-8")


def check_settings(weights: str | Path, **settings: Any) -> None:
    """Check that options are those with which weights were trained.

    Of an option that their ``settings.json`` does not name, or of weights without one, nothing is known.

    Args:
        weights: the file beside which ``settings.json`` lies.
        settings: name of the option → the value that is going to be used.

    Raises:
        InputError: when one differs, with the option, both values and the weights; or the file is damaged.
    """
    file = Path(weights).with_name(SETTINGS_FILE)
    if not file.exists():
        return
    stored = read_object(file, "a JSON object with the settings of the weights")
    for name, value in settings.items():
        if name in stored and stored[name] != value:
            raise InputError(f"--{name}: found {value}, expected {stored[name]}, with which {weights} were trained.")


def find_weights(ckpt_path: Any, **settings: Any) -> Path:
    """Return the file of weights that ``--ckpt_path`` names, for use with these settings.

    Args:
        ckpt_path: value of the option.
        settings: name of an option → its value; those without which the weights mean nothing must be the same.

    Raises:
        InputError: several paths, or a setting differs, see `check_settings`.
    """
    weights = path("ckpt_path", ckpt_path)
    check_settings(weights, **settings)
    return weights
