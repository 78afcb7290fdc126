"""What the first lines of all runs have in common: device, weights, data and scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from ..data import Manifest, describe_scale

PixelSize: TypeAlias = float | Literal["never"] | None


def announce_scale(items: Sequence[dict[str, Any]], network_pixel_size: PixelSize) -> None:
    """Print how images are rescaled.

    Args:
        items: as `data.datalist` or `data.input_list` makes them.
        network_pixel_size: in µm; None: the network has none; "never": the bundle has no such option, and no line.
    """
    if network_pixel_size != "never":
        print(describe_scale(items, network_pixel_size), flush=True)


def device_name(device: Any) -> str:
    device = torch.device(device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def weights_in_use(weights: Path, threshold: float | None) -> str:
    return str(weights) if threshold is None else f"{weights}, threshold {threshold:.2f}"


def print_data(data: Sequence[Manifest], counts: str) -> None:
    folders = ", ".join(f"{manifest.folder} ({manifest.name})" for manifest in data)
    print(f"Images: {counts}, from {folders}")
