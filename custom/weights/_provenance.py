"""Provenance of weights: command, data, seed, package versions and training time."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..data import Manifest
from ..ground.command_line import command_line
from ..ground.files import atomic_path, sha256
from ._files import CHECKPOINT_FILE, RUN_FILE, WEIGHTS_FILE, load_weights

_PACKAGES = ("torch", "monai", "pytorch-ignite", "numpy", "scipy", "scikit-image", "tifffile")


def record_training(folder: Path, seed: int, device: Any, data: Sequence[Manifest], images: Mapping[str, int]) -> None:
    """Write ``run.json`` next to the weights of a finished training run.

    Args:
        folder: output folder of the run.
        seed: seed of the run.
        device: torch device or its name.
        data: data sets of the run.
        images: split → number of images.
    """
    best = load_weights(folder / CHECKPOINT_FILE)["best"]
    content = {
        "command": command_line(),
        "data": [{"name": manifest.name, "source": manifest.source, "splits": manifest.splits} for manifest in data],
        "images": dict(images),
        "seed": seed,
        "best": best,
        "minutes": _minutes(folder),
        "machine": machine(device),
        "versions": versions(),
        "sha256": sha256(folder / WEIGHTS_FILE),
    }
    with atomic_path(folder / RUN_FILE) as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def machine(device: Any) -> str:
    """Return processor architecture, device and number of threads, such as ``x86_64, cpu, 1 torch thread(s)``."""
    return f"{platform.machine()}, {torch.device(device).type}, {torch.get_num_threads()} torch thread(s)"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results: name → version."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _minutes(folder: Path) -> float:
    """Return the duration of all epochs, including those before an interruption."""
    with (folder / "history.csv").open(newline="", encoding="utf-8") as stream:
        return round(sum(float(row["seconds"]) for row in csv.DictReader(stream)) / 60, 1)
