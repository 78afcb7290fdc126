"""Data sets of four tiny images, one for each bundle, and weights of untrained networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bundle_runs import NETWORK, config
from monai.bundle import ConfigParser

from custom.images import write_image
from custom.tracking import Track, write_tracks

LABELS: dict[str, dict[str, int]] = {
    "cytoskeleton": {"background": 0, "filament": 255},
    "dendrite": {"background": 0, "dendrite": 255},
    "neuron_em": {"cell": 0, "membrane": 255},
    "tem": {
        "background": 0,
        "blood_vessel": 255,
        "myelinated_axon": 100,
        "unmyelinated_axon": 150,
        "schwann_cell": 200,
    },
    "vesicle": {"background": 0, "vesicle": 255},
}


def gray(shape: tuple[int, ...] = (40, 50), seed: int = 0) -> np.ndarray:
    """Return noise, uint8."""
    return np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)


def half(shape: tuple[int, ...], value: int = 255) -> np.ndarray:
    """Return a mask whose upper left quarter is foreground, at least one pixel."""
    mask = np.zeros(shape, np.uint16)
    mask[: shape[0] // 2 + 1, : shape[1] // 2 + 1] = value
    return mask


def make_data(bundle: str, folder: Path, shape: tuple[int, int] = (40, 50)) -> Path:
    """Write four images with labels, two for training and two for validation, and their manifest."""
    if bundle == "hela_track":
        return make_movie(folder, shape)
    for number in range(4):
        write_image(folder / "image" / f"{number}.tif", gray(shape, number))
        write_image(folder / "mask" / f"{number}.tif", half(shape).astype(np.uint8))
    content = {
        "name": "tiny",
        "layout": "paired_folders",
        "image": "image",
        "label": "mask",
        "labels": LABELS[bundle],
        "splits": {"train": {"numbers": [0, 1]}, "validation": {"numbers": [2, 3]}},
    }
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def make_movie(folder: Path, shape: tuple[int, int] = (40, 50)) -> Path:
    """Write a Cell Tracking Challenge sequence, four frames of one cell, with truth and result."""
    for number in range(4):
        cell = half(shape, 1)
        write_image(folder / "01" / f"t{number:03d}.tif", gray(shape, number))
        write_image(folder / "01_ST" / "SEG" / f"man_seg{number:03d}.tif", cell)
        write_image(folder / "01_GT" / "SEG" / f"man_seg{number:03d}.tif", cell)
        write_image(folder / "01_GT" / "TRA" / f"man_track{number:03d}.tif", cell)
        write_image(folder / "01_RES" / f"mask{number:03d}.tif", cell)
    write_tracks(folder / "01_GT" / "TRA" / "man_track.txt", [Track(1, 0, 3)])
    write_tracks(folder / "01_RES" / "res_track.txt", [Track(1, 0, 3)])
    splits = {"train": {"frames": {"01": [0, 2]}}, "validation": {"frames": {"01": [2, 4]}}}
    content: dict[str, Any] = {"name": "tiny", "layout": "cell_tracking", "splits": splits}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def untrained(bundle: str, folder: Path, *overlays: str) -> Path:
    """Write weights of an untrained network, and its thresholds."""
    torch.manual_seed(0)
    parser = ConfigParser()
    parser.read_config(config(bundle, "inference", *overlays))
    parser.update(NETWORK.get(bundle, {}))
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(parser.get_parsed_content("network_def").state_dict(), folder / "model.pt")
    (folder / "threshold.json").write_text('{"threshold": 0.5, "seed_threshold": 0.5}')
    if bundle == "tem":
        (folder / "settings.json").write_text(json.dumps({"classes": parser.get_parsed_content("names")}))
    return folder / "model.pt"
