"""Helpers of the bundle tests: paths, and runs in this process or on the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.bundle import run

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
BUNDLES = sorted(folder.name for folder in (ROOT / "bundles").iterdir() if (folder / "configs").is_dir())

REPRESENTATIVE = [
    name if name in ("dendrite", "hela_track") else pytest.param(name, marks=pytest.mark.slow) for name in BUNDLES
]
"""All bundles; those whose code paths the others cover are slow tests."""

# Settings that make an epoch of the sample data two iterations on small images.
SMALL: dict[str, dict[str, Any]] = {
    "cytoskeleton": {"crop_size": 64, "batch_size": 12, "num_workers": 0},
    "dendrite": {"size": 64, "tile_size": 64, "batch_size": 14},
    "hela_track": {"width": 2, "crop_size": 220, "batch_size": 12, "val_interval": 1},
    "neuron_em": {"crop_size": 64, "crops_per_slice": 1, "batch_size": 4, "val_interval": 1},
    "tem": {"patch_size": 64, "patches_per_image": 1, "batch_size": 5, "val_interval": 1},
    "vesicle": {"crop_size": 64, "batch_size": 12, "num_workers": 0},
}

# Options that make an inference fast.
FAST_INFERENCE: dict[str, dict[str, Any]] = {
    "cytoskeleton": {"crop_size": 64, "network_pixel_size": None},
    "dendrite": {"size": 64},
    "hela_track": {"tile_size": 100, "min_area": 10},
    "neuron_em": {"crop_size": 64, "min_area": 5},
    "tem": {"patch_size": 64},
    "vesicle": {"crop_size": 64, "network_pixel_size": None},
}

# Options among these that change the network, and are needed in inference, too.
NETWORK: dict[str, dict[str, Any]] = {"hela_track": {"width": 2}}


def config(bundle: str, *names: str) -> list[str]:
    """Return the paths of a bundle's config files."""
    return [str(ROOT / "bundles" / bundle / "configs" / f"{name}.yaml") for name in names]


def train(bundle: str, data: Path | list[str], output: Path, *overlays: Path, **options: Any) -> Path:
    """Train a bundle for two short epochs, unless told otherwise."""
    folders = data if isinstance(data, list) else str(data)
    settings = SMALL[bundle] | {"dataset_dir": folders, "output_dir": str(output), "max_epochs": 2} | options
    run("training", config_file=[*config(bundle, "train"), *map(str, overlays)], **settings)
    return output


class StopAt:
    """Handler that stops a training run like Ctrl-C, in an iteration counted from 1."""

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def attach(self, engine: Engine) -> None:
        event = Events.ITERATION_COMPLETED(once=self.iteration)
        engine.add_event_handler(event, lambda: signal.raise_signal(signal.SIGINT))


def evaluate(bundle: str, data: Path, output: Path, weights: Path, **options: Any) -> Path:
    """Score a bundle's weights."""
    settings = SMALL[bundle] | {"dataset_dir": str(data), "output_dir": str(output), "ckpt_path": str(weights)}
    run("evaluating", config_file=config(bundle, "train", "evaluate"), **(settings | options))
    return output


def infer(bundle: str, images: Path, output: Path, weights: Path, **options: Any) -> Path:
    """Segment images with a bundle's weights."""
    settings = {"input": str(images), "output_dir": str(output), "ckpt_path": str(weights)} | NETWORK.get(bundle, {})
    run("inference", config_file=config(bundle, "inference"), **(settings | options))
    return output


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of MONAI's bundle interface in another folder."""
    return subprocess.run(
        [sys.executable, "-m", "monai.bundle", "run", *arguments],
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def kill(script: str, folder: Path, kills: int = 3) -> str:
    """Start a script that kills runs ``kills`` times, as `make soak` does, and return its output."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "tests" / script), str(folder), str(kills)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout


def weights(file: Path) -> dict[str, Any]:
    """Return the content of a checkpoint."""
    return torch.load(file, weights_only=True)


def same(a: Any, b: Any) -> bool:
    """Return whether two nested structures contain the same numbers, bit for bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
