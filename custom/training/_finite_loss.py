"""A training whose loss is no number any more has nothing left to learn."""

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
    """Handler that stops a training before a loss that is infinite or not a number changes the weights.

    Raises:
        InputError: with the files of the batch; what is on disk stays as it is.
    """

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(IterationEvents.LOSS_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        loss = float(engine.state.output[CommonKeys.LOSS].detach())
        if math.isfinite(loss):
            return
        found = f"a loss of {loss} in epoch {engine.state.epoch}, iteration {engine.state.iteration}"
        expected = "a finite one (the checkpoint before it is kept; a lower --learning_rate may help, or other images)"
        raise InputError.about(", ".join(_files(engine.state.batch)), found, expected)


def is_finite(network: nn.Module) -> bool:
    """Return whether no weight is infinite or not a number."""
    return all(bool(tensor.isfinite().all()) for tensor in network.state_dict().values())


def _files(batch: Mapping[str, Any]) -> list[str]:
    """Return the names of the images in a batch, each once."""
    meta = getattr(batch[CommonKeys.IMAGE], "meta", {})
    return list(dict.fromkeys(str(file) for file in meta.get("filename_or_obj", ["a batch without file names"])))
