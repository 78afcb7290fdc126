"""What the keys ``labels``, ``label`` and ``colors`` of a manifest mean together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import InputError
from ._manifest import INSTANCES, Color
from ._models import color_of


def values_of(content: dict[str, Any]) -> dict[str, Any]:
    """Return class name → label value or color of a checked manifest; nothing for instance labels.

    Examples:
        >>> values_of({"labels": ["background", "axon"]}), values_of({"labels": "instances"})
        ({'background': 0, 'axon': 1}, {})
    """
    labels = content.get("labels", INSTANCES)
    if labels == INSTANCES:
        return {}
    if isinstance(labels, list):
        return {name: number for number, name in enumerate(labels)}
    return {name: color_of(value) for name, value in labels.items()}


def colors_of(content: dict[str, Any]) -> dict[str, Color]:
    """Return class name → (red, green, blue) of a checked manifest: those to draw, or else those in the masks.

    Examples:
        >>> colors_of({"labels": {"background": "#000000", "axon": [38, 139, 210]}})
        {'background': (0, 0, 0), 'axon': (38, 139, 210)}
    """
    given = content.get("colors") or {name: one for name, one in values_of(content).items() if isinstance(one, tuple)}
    return {name: color_of(color) for name, color in given.items()}


def check_labels(path: Path, content: dict[str, Any]) -> None:
    """Raise InputError if the keys on labels in the manifest at ``path`` do not fit together.

    Args:
        path: the manifest.
        content: its keys, each of which is valid by itself.
    """
    classes, labels, label = values_of(content), content.get("labels"), content.get("label", "")
    colors = content.get("colors", {})
    if colors and set(colors) != set(classes):
        raise InputError.about(path, f"colors of {_names(colors)}", f"a color for each class, {_names(classes)}")
    if isinstance(label, dict):
        _check_layers(path, content, list(label), list(classes))
    numbers = isinstance(labels, list) or any(isinstance(value, int) for value in classes.values())
    if not isinstance(label, dict) and not numbers:
        for key in content.keys() & {"label_threshold", "label_tolerance"}:
            what = "colors" if classes else "instance labels"
            raise InputError.about(path, f"{key} with {what}", f"no {key}, which has no meaning there")
    if content.get("label_threshold") is not None and not isinstance(label, dict) and len(classes) != 2:
        raise InputError.about(path, f"label_threshold with {len(classes)} classes", "two classes")


def _check_layers(path: Path, content: dict[str, Any], drawn: list[str], classes: list[str]) -> None:
    """Refuse files of classes that are not those of ``labels``, or values, which binary files do not have."""
    if not isinstance(content["labels"], list):
        found = f"a file for each class in `label`, and labels {content['labels']!r}"
        raise InputError.about(path, found, "labels with a list of class names, background first")
    if set(drawn) != set(classes[1:]):
        expected = f"one for each class but the first, {_names(classes[1:])}"
        raise InputError.about(path, f"label with paths for {_names(drawn) or 'no class'}", expected)
    if content.get("label_tolerance"):
        raise InputError.about(path, "label_tolerance with a file for each class", "label_threshold, for soft edges")


def _names(names: Any) -> str:
    return ", ".join(names)
