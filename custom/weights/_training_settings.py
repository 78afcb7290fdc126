"""Settings of weights: options that must be the same in training and in use, stored next to the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.command_line import path
from ..ground.files import atomic_path
from ..ground.json_files import read_object
from ..review import REFERENCE_FILE
from ._thresholds import THRESHOLD_FILE, check_exists

SETTINGS_FILE = "settings.json"


def write_settings(file: Path, settings: Mapping[str, Any]) -> None:
    """Write the training options that must be the same when the weights are used, as JSON.

    Args:
        file: usually ``settings.json`` next to the weights.
        settings: name of an option → value, of a JSON type.
    """
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(dict(settings)) + "\n", encoding="utf-8")


def stored_settings(weights: Path) -> dict[str, Any]:
    """Return the settings next to weights: name of an option → value; empty if there are none."""
    file = weights.with_name(SETTINGS_FILE)
    return read_object(file, "a JSON object that belongs to the weights") if file.exists() else {}


def adopted(name: str, value: Any, weights: Path | None, default: Any = None) -> Any:
    """Return the value of an option that weights bring along, unless it is given.

    Args:
        name: name of the option, as in ``settings.json``.
        value: its value; None: as in the training of the weights. For pixel sizes, ``"none"`` stands for no rescaling.
        weights: the weights, with ``settings.json`` next to them; None for random ones.
        default: if the option is not given and the weights do not have it.

    Examples:
        >>> adopted("network_pixel_size", None, None, 0.38), adopted("network_pixel_size", "none", None, 0.38)
        (0.38, None)
    """
    if value is not None:
        return None if str(value).lower() == "none" else value
    return default if weights is None else stored_settings(weights).get(name, default)


def class_names(weights: Path, classes: Sequence[str] | None) -> list[str]:
    """Return the names of the classes, background first: those given, else those of the training of the weights.

    Raises:
        InputError: there are no weights, or none are given and none are stored next to the weights.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "model.pt").touch()
        ...     class_names(Path(folder, "model.pt"), ["background", "axon"])
        ['background', 'axon']
    """
    check_exists(weights)
    found = adopted("classes", classes, weights)
    if not found:
        raise InputError.about(weights.with_name(SETTINGS_FILE), "no classes", "the classes of training, or --classes")
    return list(found)


def find_weights(ckpt_path: Any, **settings: Any) -> Path:
    """Return the file given by ``--ckpt_path``, after checking that the weights were trained with the same settings.

    What the files next to the weights do not contain is not checked. They name the ``bundle``; it must be the same.

    Args:
        ckpt_path: value of the option.
        settings: name of an option → value that is going to be used; None: as in training, see `adopted`.

    Raises:
        InputError: several paths are given, the weights or a file next to them belong to another bundle, an option
            differs from training, or a file is damaged.
    """
    weights = path("ckpt_path", ckpt_path)
    for name in (REFERENCE_FILE, THRESHOLD_FILE, SETTINGS_FILE):
        file = weights.with_name(name)
        stored = read_object(file, "a JSON object that belongs to the weights") if file.exists() else {}
        found, expected = stored.get("bundle"), settings.get("bundle")
        if None not in (found, expected) and found != expected:
            raise InputError.about(weights, f"weights of {found} ({name})", f"weights of {expected}")
    for name, value in settings.items():
        if value is not None and stored.get(name) is not None and stored[name] != value:  # trained without it: free
            raise InputError(f"--{name}: found {value}, expected {stored[name]}, as in the training of {weights}.")
    return weights
