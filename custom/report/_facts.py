"""Facts about a run for the end of a page: command, weights, data, machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..data import Manifest
from ..ground.command_line import command_line
from ..ground.files import sha256
from ..weights import RUN_FILE, THRESHOLD_FILE, machine, versions

_PROVENANCE = (RUN_FILE, "provenance.json")  # next to weights of a training run, and of a bundle


def of_this_run(device: Any) -> dict[str, str]:
    """Return command, date, machine and package versions of this process."""
    return {
        "command": command_line(),
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "machine": machine(device),
        "versions": listed(versions()),
    }


def of_weights(weights: Path, threshold: float | None) -> dict[str, str]:
    """Return path and SHA-256 of weights, the threshold, and seed and data of their training if known."""
    found = {"weights": str(weights), "SHA-256 of the weights": sha256(weights)}
    for record in (_read(weights.with_name(name)) for name in _PROVENANCE):
        if record.get("sha256") == found["SHA-256 of the weights"]:
            names = ", ".join(str(data.get("name")) for data in record.get("data", []))
            found["trained with"] = f"seed {record.get('seed')}, on {names}"
    return found if threshold is None else found | {"threshold": f"{threshold:g}"}


def of_data(data: Sequence[Manifest], images: Mapping[str, int]) -> dict[str, str]:
    """Return the data sets and the number of images of each split."""
    folders = "; ".join(f"{manifest.name}: {manifest.folder}" for manifest in data)
    return {"data": folders, "images": ", ".join(f"{count} {split}" for split, count in images.items())}


def threshold_scans(weights: Path) -> dict[str, tuple[float, dict[str, Any]]]:
    """Return name → threshold and its scan, read from ``threshold.json`` next to weights; empty without that file."""
    content = _read(weights.with_name(THRESHOLD_FILE))
    return {name: (content[name], scan) for name, scan in content.get("scans", {}).items()}


def listed(pairs: Mapping[str, Any]) -> str:
    """Return names and values in one line, such as ``torch 2.9.0, numpy 2.4.0``."""
    return ", ".join(f"{name} {value}" for name, value in pairs.items())


def _read(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file written by this package; empty if there is no file."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
