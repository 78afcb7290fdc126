"""The first and the last lines of a run: what will be done with what, what came out, what to type next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from torch import nn

from ..data import Inputs, Manifest, describe_scale
from ..inference import FAILED, ImageQueue
from ..measurements import OBJECTS
from ..review import review_conclusion
from ..tracking import Plan, marks_margin, open_movie_truth
from ..weights import RUN_FILE
from ._next_commands import evaluating_command, inference_command

PixelSize: TypeAlias = float | Literal["never"] | None

_KINDS = {
    "Mask": "_mask.tif",
    "Labels": "_labels.tif",
    "ROIs": "_rois.zip",
    "OME-Zarr": ".ome.zarr",
    "Measurements": OBJECTS,
}
"""Kind of result → how the names of its files end."""


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


def announce_scale(items: Sequence[dict[str, Any]], network_pixel_size: PixelSize) -> None:
    """Print how images are rescaled.

    Args:
        items: as `data.datalist` or `data.input_list` makes them.
        network_pixel_size: in µm; None: the network has none; "never": the bundle has no such option, and no line.
    """
    if network_pixel_size != "never":
        print(describe_scale(items, network_pixel_size), flush=True)


def announce_evaluation(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], weights: Path, threshold: float | None
) -> None:
    """Print what an evaluation will do; arguments as above, with the file of the weights and the threshold in use."""
    counts = ", ".join(f"{count} {split}" for split, count in images.items())
    print(f"Scoring {task} on {_device(device)} with {_weights(weights, threshold)}.")
    _print_data(data, counts)


def announce_inference(
    task: str, device: Any, inputs: Inputs, weights: Path, threshold: float | None, output_dir: Path
) -> None:
    """Print what an inference will do; ``inputs`` as `datalists.open_inputs` lists them."""
    pages = {item["file"]: item["pages"] for item in inputs.items}
    failed = f"; {len(inputs.failed)} more cannot be, which are listed at the end" if inputs.failed else ""
    print(f"Segmenting {len(pages)} image(s), {len(inputs.items)} page(s), from {inputs.source}{failed}")
    stacks = [count for count in pages.values() if count > 1]
    if stacks:
        print(f"Stacks: {len(stacks)}; their {sum(stacks)} pages are processed one by one, each by itself.")
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
        if any(marks_margin(open_movie_truth(movie, plan.truth), movie.frames, plan.margin) for movie in plan.movies):
            print("It has cells there, which will count as missed; --margin 0 scores all of them.")
    print(f"Results: {plan.folder}", flush=True)


def conclude_training(output_dir: Path) -> None:
    """Print the result of a training run, from its ``run.json``, and the next commands."""
    best = json.loads((output_dir / RUN_FILE).read_text(encoding="utf-8"))["best"]
    best_by = best["by"]
    what = {"last": "last epoch", "loss": "lowest validation loss"}.get(best_by, "best validation score")
    score = "" if best_by == "last" else f" {abs(best['score']):.4f}"
    weights = output_dir / "model.pt"
    print(f"Weights of the {what}{score}, from epoch {best['epoch']}: {weights}")
    print(f"Curves: {output_dir / 'history.png'}   Pictures: {output_dir / 'pictures'}")
    _print_next(score_the_weights=evaluating_command(weights), segment_images=inference_command(weights))


def conclude_evaluation(weights: Path) -> None:
    """Print what to do with weights after an evaluation."""
    _print_next(segment_images=inference_command(weights))


def _print_next(**commands: str | None) -> None:
    """Print commands under what they do; a program that runs bundles without the command line knows what it does."""
    for what, command in commands.items():
        if command is not None:
            print(f"Next, {what.replace('_', ' ')}:\n  {command}", flush=True)


def conclude_inference(batch: ImageQueue) -> None:
    """Print what an inference has left, the pictures to look at, and last what failed."""
    results = [file for files in batch.results.values() for file in files]
    results += [file for file in (batch.folder / OBJECTS,) if file.is_file()]
    if batch.written:
        print(f"Wrote {len(batch.written)} files.")
    for kind, ending in _KINDS.items():
        _print_first(kind, [file for file in results if file.name.endswith(ending)])
    _print_first("Look at", [file for file in results if file.name.endswith("_overlay.png")])
    review = review_conclusion(batch.folder, [Path(file).stem for file in batch.results])
    if review is not None:
        print(review)
    if batch.failed:
        _print_failed(batch)


def _print_first(kind: str, files: Sequence[Path]) -> None:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    if files:
        print(f"{kind}: {files[0]}{more}")


def _print_failed(batch: ImageQueue, most: int = 10) -> None:
    print(f"Failed: {len(batch.failed)} image(s), see {batch.folder / FAILED}")
    for file, reason in sorted(batch.failed.items())[:most]:
        print(f"  {file.name}: {reason}")
    if len(batch.failed) > most:
        print(f"  and {len(batch.failed) - most} more")


def _device(device: Any) -> str:
    device = torch.device(device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def _weights(weights: Path, threshold: float | None) -> str:
    return str(weights) if threshold is None else f"{weights}, threshold {threshold:.2f}"


def _print_data(data: Sequence[Manifest], counts: str) -> None:
    folders = ", ".join(f"{manifest.folder} ({manifest.name})" for manifest in data)
    print(f"Images: {counts}, from {folders}")
