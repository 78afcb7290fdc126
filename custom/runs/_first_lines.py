"""The parts that the first lines of all runs share: device, weights, data and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from ..data import Manifest, describe_scale

PixelSize: TypeAlias = float | Literal["never"] | None


def announce_scale(items: Sequence[dict[str, Any]], network_pixel_size: PixelSize) -> None:
    """Print how images are rescaled.

    Args:
        items: pages, as listed by `custom.datalist` or `custom.input_list`.
        network_pixel_size: in µm; None: the network has none; "never": the bundle has no such option, and nothing is
            printed.
    """
    if network_pixel_size != "never":
        print(describe_scale(items, network_pixel_size), flush=True)


def device_name(device: Any) -> str:
    """Return the name of a GPU, or ``CPU``.

    Examples:
        >>> device_name("cpu")
        'CPU'
    """
    device = torch.device(device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def weights_in_use(weights: Path, threshold: float | None) -> str:
    """Return the file of the weights and the threshold, if there is one, in words."""
    return str(weights) if threshold is None else f"{weights}, threshold {threshold:.2f}"


def print_data(data: Sequence[Manifest], images: Mapping[str, int]) -> None:
    """Print the number of images of each split and the folders and names of the data sets."""
    counts = ", ".join(f"{count} {split}" for split, count in images.items())
    folders = ", ".join(f"{manifest.folder} ({manifest.name})" for manifest in data)
    print(f"Images: {counts}, from {folders or 'the calling program'}")
