"""Weight files: how they are read, written and loaded into a network."""

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
RUN_FILE = "run.json"
"""Provenance of weights, the last file that a training run writes, see `record_training`."""


class WeightsLoader:
    """Handler that loads weights into a network at the start of a run.

    Args:
        file: a state dict, or a checkpoint of `custom.training.Checkpoints`, of which ``network`` is used.
        network: the network; weights in half precision are converted.

    Raises:
        InputError: at the start, if the file is missing, is not a checkpoint, or belongs to another network.
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
            expected = "weights of this bundle, with the network options they were trained with"
            raise InputError.about(self.file, "weights of another network", expected) from error


def load_weights(file: Path) -> dict[str, Any]:
    """Return the dictionary in a checkpoint file, on the CPU; no code in the file is executed.

    Raises:
        InputError: the file is missing, cannot be read or does not contain a dictionary.
    """
    check_exists(file)
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise InputError.about(file, "a file without read permission", "a readable file") from error
    except Exception as error:  # torch raises many types of exceptions for damaged files
        raise InputError.about(file, "a damaged file or content other than weights", "a checkpoint") from error
    if not isinstance(checkpoint, dict):
        raise InputError.about(file, f"a {type(checkpoint).__name__}", "a state dict")
    return checkpoint


def save_weights(content: dict[str, Any], file: Path) -> None:
    """Write a dictionary of tensors; an interrupted write leaves the previous file.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights({"bias": torch.ones(2)}, Path(folder, "model.pt"))
        ...     load_weights(Path(folder, "model.pt"))
        {'bias': tensor([1., 1.])}
    """
    with atomic_path(file) as path:
        torch.save(content, path)
