"""Dice of trained weights on validation images that are brighter or darker by a factor, or squared.

The images are changed as float32 right after reading, unclipped, before any preprocessing. Run, once per training:

    python benchmarks/vesicle_intensity.py RUN/model.pt --option dataset_dir=FOLDER --option input_normalization=log

It prints one row of a Markdown table; with ``--header``, the head of the table first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from monai.bundle import ConfigWorkflow
from monai.transforms import Compose
from torch import nn

import custom
from custom.errors import show_input_errors
from custom.transforms import ReadImaged, ReadLabeld
from custom.weights import WeightsLoader

TRAIN = Path(__file__).resolve().parents[1] / "bundles" / "vesicle" / "configs" / "train.yaml"

CHANGES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "1/500": lambda image: image / 500,
    "1/50": lambda image: image / 50,
    "1/7": lambda image: image / 7,
    "1": lambda image: image,
    "7": lambda image: image * 7,
    "50": lambda image: image * 50,
    "500": lambda image: image * 500,
    "squared": lambda image: image**2,
}

Item = Mapping[Any, Any]
Inferer = Callable[[torch.Tensor, nn.Module], torch.Tensor]
Step = Callable[[Item], dict[Any, Any]]


def dice_per_change(
    network: nn.Module, inferer: Inferer, preprocessing: Step, postprocessing: Step, items: Iterable[Item], cut: float
) -> dict[str, list[float]]:
    """Return the Dice of every image for every change of its intensities.

    Args:
        network: from (1, 1, H, W) images to (1, 1, H, W) logits.
        inferer: function of images and network that returns logits.
        preprocessing: the transforms after those that read files.
        postprocessing: from the logits to a probability map of the label's size, in ``pred``.
        items: with ``image`` (1, H, W) float32 and ``label`` (1, H, W), as they were read.
        cut: pixels with this probability or more are foreground.
    """
    score = custom.evaluation.at_threshold(custom.metrics.dice, cut)
    scores: dict[str, list[float]] = {name: [] for name in CHANGES}
    network.eval()
    device = next(network.parameters()).device
    for item in items:
        for name, change in CHANGES.items():
            prepared = preprocessing({**item, "image": change(item["image"])})
            with torch.inference_mode():
                logits = inferer(prepared["image"][None].to(device), network)
            predicted = postprocessing({**prepared, "pred": logits[0].cpu()})
            scores[name].append(score(predicted["pred"], predicted["label"]))
    return scores


def split_reading(steps: Sequence[Any]) -> tuple[Compose, Compose]:
    """Return the transforms that read files, and the transforms after them."""
    readers = [isinstance(step, (ReadImaged, ReadLabeld)) for step in steps]
    count = sum(readers)
    if not all(readers[:count]):
        raise ValueError("a transform that reads files comes after another transform")
    return Compose(steps[:count]), Compose(steps[count:])


def open_training(config: Path, options: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a function from an id of a bundle's train.yaml to its object; no image is cached."""
    settings = {"bundle_root": str(config.resolve().parents[1]), "cache_rate": 0.0, "num_workers": 0, **options}
    workflow = ConfigWorkflow(str(config), workflow_type="train", logging_file=False, **settings)
    workflow.initialize()
    return workflow.parser.get_parsed_content


def read_all(reading: Step, items: Iterable[Item]) -> Iterator[dict[Any, Any]]:
    """Yield items with their image and label, one at a time."""
    for item in items:
        yield reading(item)


def option(text: str) -> tuple[str, Any]:
    """Return an id of train.yaml and its value, from ``id=value``."""
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form id=value")
    return name, yaml.safe_load(value)


def main() -> None:
    """Score one file of weights and print its row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, help="model.pt of a training run")
    parser.add_argument("--config", type=Path, default=TRAIN, help="train.yaml of the bundle")
    parser.add_argument("--option", type=option, action="append", default=[], metavar="ID=VALUE", help="as in training")
    parser.add_argument("--threshold", type=float, help="instead of the one stored next to the weights")
    parser.add_argument("--name", help="name of the row; by default, that of the folder of the weights")
    parser.add_argument("--header", action="store_true", help="print the header of the table first")
    arguments = parser.parse_args()
    show_input_errors()
    get = open_training(arguments.config, dict(arguments.option))
    cut = custom.read_threshold(arguments.weights, arguments.threshold)
    network = get("network")
    WeightsLoader(arguments.weights, network)(None)
    reading, preprocessing = split_reading(get("validate#preprocessing").transforms)
    items = read_all(reading, get("validate#dataset").data)
    scores = dice_per_change(
        network, get("validate#inferer"), preprocessing, get("validate#postprocessing"), items, cut
    )
    if arguments.header:
        print(f"| training | {' | '.join(scores)} |\n|{'---|' * (1 + len(scores))}")
    cells = [f"{np.mean(values):.3f} ± {np.std(values):.3f}" for values in scores.values()]
    print(f"| {arguments.name or arguments.weights.parent.name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
