"""``run.json``: the provenance of the weights of a training run, with its parts if it was resumed."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data import Manifest
from ..ground.command_line import command_line
from ..ground.files import atomic_path, sha256
from ..ground.json_files import read_object
from ._files import CHECKPOINT_FILE, RUN_FILE, WEIGHTS_FILE, load_weights
from ._provenance import machine, versions

PARTS_FILE = "run_parts.json"
"""The parts of an unfinished run; `record_training` moves them to ``run.json``."""


def record_part(
    folder: Path, epoch: int, resumed: bool, device: Any, images: Mapping[str, Any], batch_size: int | None
) -> None:
    """Record that a process trains from here on.

    Args:
        folder: output folder of the run.
        epoch: the epoch that begins or continues, from 1.
        resumed: whether the run continues; otherwise, a new one begins.
        device: torch device or its name.
        images: split → number and SHA-256 of its images.
        batch_size: of the training loader.
    """
    part = {
        "from_epoch": epoch,
        "command": command_line(),
        "images": dict(images),
        "batch_size": batch_size,
        "machine": machine(device),
        "versions": versions(),
    }
    parts = [earlier for earlier in _parts(folder) if resumed and earlier != part]
    with atomic_path(folder / PARTS_FILE) as path:
        path.write_text(json.dumps({"parts": [*parts, part]}, indent=2) + "\n", encoding="utf-8")


def record_training(
    folder: Path,
    seed: int,
    device: Any,
    data: Sequence[Manifest],
    images: Mapping[str, int],
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write ``run.json`` next to the weights of a finished training run.

    Args:
        folder: output folder of the run.
        seed: seed of the run.
        device: torch device or its name.
        data: data sets of the run.
        images: split → number of images.
        options: options of the config: name → value.
    """
    checkpoint, parts = load_weights(folder / CHECKPOINT_FILE), _parts(folder)
    content = {
        "command": command_line(),
        "options": dict(options or {}),
        "data": [{"name": manifest.name, "source": manifest.source, "splits": manifest.splits} for manifest in data],
        "images": dict(images),
        "images_sha256": {split: found["sha256"] for split, found in checkpoint.get("images", {}).items()},
        "start": checkpoint.get("start", {}),
        "seed": seed,
        "best": checkpoint["best"],
        "minutes": _minutes(folder),
        "machine": machine(device),
        "versions": versions(),
        "sha256": sha256(folder / WEIGHTS_FILE),
    }
    if len(parts) > 1 or (parts and parts[0]["from_epoch"] > 1):  # an older version recorded no parts
        content["parts"] = parts  # the entries above are those of the last one
    with atomic_path(folder / RUN_FILE) as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / PARTS_FILE).unlink(missing_ok=True)


def _parts(folder: Path) -> list[dict[str, Any]]:
    file = folder / PARTS_FILE
    return read_object(file, "the parts of a training run")["parts"] if file.is_file() else []


def _minutes(folder: Path) -> float:
    """Return the duration of all epochs, including those before an interruption."""
    with (folder / "history.csv").open(newline="", encoding="utf-8") as stream:
        return round(sum(float(row["seconds"]) for row in csv.DictReader(stream)) / 60, 1)
