"""Half the bits where the processor is faster with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..ground.option_values import flag


def in_bfloat16(network: nn.Module, enabled: bool | str) -> nn.Module:
    """Let a network compute in bfloat16, on any device, with float32 weights, gradients and results.

    A CPU with bfloat16 instructions (AVX-512 BF16, AMX) trains about twice as fast so; one without them gains nothing.
    The loss needs no scaling, unlike with float16. TorchScript cannot compile the network afterwards, but its weights
    fit one that was left alone: parameters and the names in the state dict stay as they are.

    Args:
        network: one whose first argument and result are tensors.
        enabled: False leaves the network alone; also as typed on the command line, ``"true"`` or ``"false"``.

    Returns:
        The same object, changed.
    """
    if flag("bfloat16", enabled):
        network.forward = _Autocast(network.forward)
    return network


class _Autocast:
    """A forward under autocast. An object and not a closure, so that the network can be copied and pickled."""

    def __init__(self, forward: Callable[..., torch.Tensor]) -> None:
        self.forward = forward

    def __call__(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            return self.forward(x, *args, **kwargs).float()
