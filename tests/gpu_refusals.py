"""Operations that PyTorch refuses on a GPU if algorithms must be deterministic, detected on a CPU."""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

# Operations in PyTorch's list (`torch.use_deterministic_algorithms`) that raise on a GPU. Bilinear upsampling and
# replication padding are not among them, because PyTorch then decomposes them into other operations.
REFUSED = {
    "_adaptive_avg_pool2d_backward",
    "_ctc_loss_backward",
    "adaptive_max_pool2d_backward",
    "grid_sampler_2d_backward",
    "histc",
    "max_unpool2d",
    "median",
    "put_",
    "reflection_pad2d_backward",
    "upsample_bicubic2d_backward",
    "upsample_linear1d_backward",
}


class Recorder(TorchDispatchMode):
    """Records the operations that PyTorch would refuse on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        self.count += 1
        if _refused(func.overloadpacket.__name__, args, kwargs or {}):
            self.refused.add(str(func))
        return func(*args, **(kwargs or {}))


def _refused(name: str, args: tuple, kwargs: dict) -> bool:
    if name == "nll_loss2d_forward":
        return args[3] != 0  # 0: no reduction
    if name == "bincount":
        return (len(args) > 1 and args[1] is not None) or kwargs.get("weights") is not None
    if name == "cumsum":
        return kwargs.get("dtype", args[0].dtype).is_floating_point
    return name in REFUSED
