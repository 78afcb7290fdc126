"""Mixed precision on any device: bfloat16 autocast around a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..ground.option_values import flag


def in_bfloat16(network: nn.Module, enabled: bool | str) -> nn.Module:
    """Run a network's forward pass under bfloat16 autocast; weights, gradients and outputs stay float32.

    CPUs with bfloat16 instructions (AVX-512 BF16, AMX) train about twice as fast; others gain nothing. Unlike float16,
    bfloat16 needs no loss scaling. TorchScript can no longer compile the network, but parameters and state-dict keys do
    not change, so that its weights also load into an unwrapped network.

    Args:
        network: its first argument and its output are tensors.
        enabled: False returns the network unchanged; also as typed on the command line, ``"true"`` or ``"false"``.

    Returns:
        The same object, modified in place.

    Examples:
        >>> import torch
        >>> from custom.networks import in_bfloat16
        >>> network = in_bfloat16(torch.nn.Linear(2, 1, bias=False), enabled=True)
        >>> network(torch.ones(3, 2)).dtype, network.weight.dtype
        (torch.float32, torch.float32)
    """
    if flag("bfloat16", enabled):
        network.forward = _Autocast(network.forward)
    return network


class _Autocast:
    """Forward method under autocast; an object, not a closure, so that the network can be copied and pickled."""

    def __init__(self, forward: Callable[..., torch.Tensor]) -> None:
        self.forward = forward

    def __call__(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            return self.forward(x, *args, **kwargs).float()
