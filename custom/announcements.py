"""The first and the last lines of a run: what will be done with what, what came out, what to type next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .following import Plan
from .manifests import Manifest
from .provenance import RUN


def announce_training(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], network: nn.Module, output_dir: Path
) -> None:
    """Print what a training will do.

    Args:
        task: name of the bundle.
        device: torch device or its name.
        data: the data sets.
        images: split → number of images.
        network: the network, for its size.
        output_dir: where results go.
    """
    counts = ", ".join(f"{count} {split}" for split, count in images.items())
    size = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"Training {task} on {_device(device)}: {type(network).__name__} with {size:.2f} million parameters.")
    _print_data(data, counts)
    print(f"Results: {output_dir}", flush=True)


def announce_evaluation(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], weights: Path, threshold: float | None
) -> None:
    """Print what an evaluation will do; arguments as above, with the file of the weights and the threshold in use."""
    counts = ", ".join(f"{count} {split}" for split, count in images.items())
    print(f"Scoring {task} on {_device(device)} with {_weights(weights, threshold)}.")
    _print_data(data, counts)


def announce_inference(
    task: str, device: Any, items: Sequence[dict], weights: Path, threshold: float | None, output_dir: Path
) -> None:
    """Print what an inference will do; ``items`` are its pages, as `datalists.input_list` makes them."""
    files = list(dict.fromkeys(item["file"] for item in items))
    where = files[0] if len(files) == 1 else Path(files[0]).parent
    print(f"Segmenting {len(files)} image(s), {len(items)} page(s), from {where}")
    print(f"{task} on {_device(device)} with {_weights(weights, threshold)}.")
    print(f"Results: {output_dir}", flush=True)


def announce_tracking(task: str, device: Any, plan: Plan, weights: Path, threshold: float | None) -> None:
    """Print what a tracking will do; where masks are given, weights and threshold have no part in it."""
    for movie in plan.movies:
        print(f"Following the cells of {movie.name}: frames {movie.frames[0]} to {movie.frames[-1]} of {movie.source}")
    if plan.masks is None:
        print(f"{task} on {_device(device)} with {_weights(weights, threshold)}.")
    else:
        print(f"Cells are those of the masks {plan.masks}")
    if plan.margin:
        print(f"Cells that lie wholly within {plan.margin} pixels of the border are left out (--margin 0 keeps them).")
    if plan.truth is not None:
        print(f"Truth: {plan.truth}")
    print(f"Results: {plan.folder}", flush=True)


def conclude_training(best_by: str, output_dir: Path) -> None:
    """Print what came out of a training, from the ``run.json`` that it left in its output folder."""
    best = json.loads((output_dir / RUN).read_text(encoding="utf-8"))["best"]
    what = {"last": "last epoch", "loss": "lowest validation loss"}.get(best_by, "best validation score")
    score = "" if best_by == "last" else f" {abs(best['score']):.4f}"
    print(f"Weights of the {what}{score}, from epoch {best['epoch']}: {output_dir / 'model.pt'}")
    print(f"Curves: {output_dir / 'history.png'}   Pictures: {output_dir / 'pictures'}")
    print(f"Next: evaluate or predict with --ckpt_path {output_dir / 'model.pt'}")


def conclude_inference(written: Sequence[Path]) -> None:
    """Print the files that an inference wrote, the pictures to look at last."""
    pictures = [path for path in written if path.suffix == ".png"]
    print(f"Wrote {len(written)} files.")
    for kind, ending in (("mask", "_mask.tif"), ("labels", "_labels.tif"), ("measurements", "measurements.csv")):
        found = [path for path in written if path.name.endswith(ending)]
        if found:
            print(f"{kind.capitalize()}: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else ""))
    print(f"Look at: {pictures[0]}" + (f" and {len(pictures) - 1} more" if len(pictures) > 1 else ""))


def _device(device: Any) -> str:
    device = torch.device(device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def _weights(weights: Path, threshold: float | None) -> str:
    return str(weights) if threshold is None else f"{weights}, threshold {threshold:.2f}"


def _print_data(data: Sequence[Manifest], counts: str) -> None:
    folders = ", ".join(f"{manifest.folder} ({manifest.name})" for manifest in data)
    print(f"Images: {counts}, from {folders}")
