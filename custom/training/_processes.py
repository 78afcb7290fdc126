"""Training on several GPUs, one process for each, started by ``torchrun``: what ``multi_gpu_train.yaml`` asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.tensorboard import SummaryWriter

from ..errors import InputError
from ..ground.locks import claim
from ..ground.processes import is_main


def join() -> torch.device:
    """Join the processes that ``torchrun`` started, and return this one's device: a GPU of its own, else the CPU.

    GPUs talk through NCCL, processes on a CPU through Gloo. All but the main process are silent from here on.

    Raises:
        InputError: when the process was not started by ``torchrun``.
    """
    if "LOCAL_RANK" not in os.environ:
        raise InputError("multi_gpu_train.yaml: found a single process, expected `torchrun --nproc_per_node N -m …`.")
    local_rank = int(os.environ["LOCAL_RANK"])
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", local_rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
    if not is_main():
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    return device


def parallel(network: nn.Module) -> DistributedDataParallel:
    """Return the network with gradients averaged over the processes; its parameters are those of the main one."""
    device = next(network.parameters()).device
    return DistributedDataParallel(network, device_ids=[device] if device.type == "cuda" else None)


def unwrapped(network: nn.Module) -> nn.Module:
    """Return the network itself, whose weights have the same names on one GPU and on many."""
    return network.module if isinstance(network, DistributedDataParallel) else network


def summary_writer(folder: str | Path) -> Any:
    """Return TensorBoard's writer in the main process, and one that writes nothing in the others.

    Raises:
        InputError: another run is at work in the folder, see `locks.claim`.
    """
    return SummaryWriter(str(claim(folder))) if is_main() else _NoWriter()


class _NoWriter:
    """A `SummaryWriter` without a file."""

    def add_scalar(self, *_: Any, **__: Any) -> None: ...

    def add_image(self, *_: Any, **__: Any) -> None: ...

    def flush(self) -> None: ...


def largest(numbers: Sequence[int], device: torch.device) -> list[int]:
    """Return each number as it is largest among the processes, so that all of them decide alike.

    Args:
        numbers: as many in every process.
        device: where the processes meet, as `join` returned it.
    """
    if not distributed.is_initialized():
        return list(numbers)
    tensor = torch.tensor(numbers, device=device)
    distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
    return tensor.tolist()


def wait() -> None:
    """Wait until all processes are here; what one of them writes before it, the others find after it."""
    distributed.barrier()


def leave() -> None:
    """Wait for the other processes and part from them; the last entry of a run."""
    wait()
    distributed.destroy_process_group()
