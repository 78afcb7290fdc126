"""A check that the loss is finite, before it can spoil the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ignite.engine import Engine
from monai.engines.utils import IterationEvents
from monai.utils import CommonKeys
from torch import nn

from ..errors import InputError


class FiniteLoss:
    """Handler that stops a training run before an infinite or NaN loss changes the weights.

    Raises:
        InputError: the loss is infinite or NaN; the message gives the files of the batch. Saved files are kept.
    """

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(IterationEvents.LOSS_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        loss = float(engine.state.output[CommonKeys.LOSS].detach())
        if math.isfinite(loss):
            return
        found = f"a loss of {loss} in epoch {engine.state.epoch}, iteration {engine.state.iteration}"
        expected = "a finite loss (the last checkpoint is kept; check these images or lower --learning_rate)"
        raise InputError.about(", ".join(_files(engine.state.batch)), found, expected)


def is_finite(network: nn.Module) -> bool:
    """Return whether all weights and buffers of a network are finite."""
    return all(bool(tensor.isfinite().all()) for tensor in network.state_dict().values())


def _files(batch: Mapping[str, Any]) -> list[str]:
    """Return the names of the image files in a batch, without duplicates."""
    meta = getattr(batch[CommonKeys.IMAGE], "meta", {})
    return list(dict.fromkeys(str(file) for file in meta.get("filename_or_obj", ["a batch without file names"])))
