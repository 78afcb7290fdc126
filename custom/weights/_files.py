"""Files of weights: read, written and loaded into a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import nn

from ..errors import InputError
from ..ground.files import atomic_path
from ._thresholds import check_exists

CHECKPOINT_FILE = "checkpoint_last.pt"
WEIGHTS_FILE = "model.pt"
RUN_FILE = "run.json"  # what a training leaves last, see `provenance`


class WeightsLoader:
    """Handler that loads a network's weights before a run.

    Args:
        file: a state dict, or a checkpoint of `Checkpoints`, whose ``network`` is taken.
        network: the network; weights of half precision are converted.

    Raises:
        InputError: when the file is missing, is no checkpoint, or belongs to another network.
    """

    def __init__(self, file: str | Path, network: nn.Module) -> None:
        self.file = Path(file)
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        checkpoint = load_weights(self.file)
        weights = checkpoint.get("network", checkpoint)
        try:
            self.network.load_state_dict(weights)
        except (AttributeError, RuntimeError, TypeError) as error:
            expected = "weights of this bundle, and the options of the network as in their training"
            raise InputError.about(self.file, "weights of another network", expected) from error


def load_weights(file: Path) -> dict[str, Any]:
    """Return the dictionary in a checkpoint file, on the CPU; nothing in it is executed.

    Raises:
        InputError: when the file is missing, cannot be read or holds no dictionary.
    """
    check_exists(file)
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise InputError.about(file, "a file that may not be read", "one that you may read") from error
    except Exception as error:  # torch raises many kinds for a damaged file
        raise InputError.about(file, "a damaged file or one that holds more than weights", "a checkpoint") from error
    if not isinstance(checkpoint, dict):
        raise InputError.about(file, f"a {type(checkpoint).__name__}", "a state dict")
    return checkpoint


def save_weights(content: dict[str, Any], file: Path) -> None:
    """Write a dictionary of tensors, whole or not at all."""
    with atomic_path(file) as path:
        torch.save(content, path)
