"""Settings of weights: options that must be the same in training and in use, stored next to the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.command_line import path
from ..ground.files import atomic_path
from ..ground.json_files import read_object
from ..review import REFERENCE_FILE
from ._thresholds import THRESHOLD_FILE

SETTINGS_FILE = "settings.json"


def write_settings(file: Path, settings: Mapping[str, Any]) -> None:
    """Write the training options that must be the same when the weights are used, as JSON.

    Args:
        file: usually ``settings.json`` next to the weights.
        settings: name of an option → value, of a JSON type.
    """
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(dict(settings)) + "\n", encoding="utf-8")


def find_weights(ckpt_path: Any, **settings: Any) -> Path:
    """Return the file given by ``--ckpt_path``, after checking that the weights were trained with the same settings.

    Options that ``settings.json`` does not contain are not checked, nor are weights without that file. ``bundle``, the
    name of the bundle, is also compared with that in ``threshold.json`` and ``reference.json``.

    Args:
        ckpt_path: value of the option.
        settings: name of an option → value that is going to be used.

    Raises:
        InputError: several paths are given, the weights belong to another bundle, an option differs from training, or
            one of the files is damaged.
    """
    weights, bundle = path("ckpt_path", ckpt_path), settings.pop("bundle", None)
    stored: dict[str, Any] = {}
    for file in map(weights.with_name, (REFERENCE_FILE, THRESHOLD_FILE, SETTINGS_FILE)):
        stored = read_object(file, f"a JSON object of the weights {weights.name}") if file.exists() else {}
        if bundle is not None and stored.get("bundle", bundle) != bundle:
            what = "weights" if file.name == SETTINGS_FILE else file.name
            raise InputError.about(
                weights, f"{what} of the bundle {stored['bundle']}", f"weights of the bundle {bundle}"
            )
    for name, value in settings.items():
        if name in stored and stored[name] != value:
            raise InputError(f"--{name}: found {value}, expected {stored[name]}, as in the training of {weights}.")
    return weights
