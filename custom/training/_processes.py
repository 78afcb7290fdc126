"""Training on several GPUs, one process for each, started by ``torchrun``: used by ``multi_gpu_train.yaml``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import ignite.distributed as idist
import torch
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from ..errors import InputError
from ..ground.processes import is_main


def join() -> torch.device:
    """Join the processes that ``torchrun`` started, and return the device of this one: a GPU of its own, else the CPU.

    GPUs communicate through NCCL, processes on a CPU through Gloo. All but the main process are silent from here on.

    Raises:
        InputError: the process was not started by ``torchrun``.
    """
    if "LOCAL_RANK" not in os.environ:
        raise InputError("multi_gpu_train.yaml: found a single process, expected `torchrun --nproc_per_node N -m …`.")
    if not torch.distributed.is_initialized():
        idist.initialize("nccl" if torch.cuda.is_available() else "gloo")
    if not is_main():
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    return idist.device()


def unwrapped(network: nn.Module) -> nn.Module:
    """Return the network itself, whose weights have the same names on one GPU and on many."""
    return network.module if isinstance(network, (DataParallel, DistributedDataParallel)) else network


def largest(numbers: Sequence[int], device: torch.device) -> list[int]:
    """Return the largest value of each number over the processes, so that all of them decide alike.

    Args:
        numbers: as many in every process.
        device: of this process, as `join` returned it.
    """
    if idist.get_world_size() == 1:
        return list(numbers)
    return idist.all_reduce(torch.tensor(numbers, device=device), "MAX").tolist()


def wait() -> None:
    """Wait for all processes: what one of them wrote before this line, the others find after it."""
    if idist.get_world_size() > 1:
        idist.barrier()


def leave() -> None:
    """Wait for the other processes and leave their group; the last step of a run."""
    if torch.distributed.is_initialized():
        wait()
        idist.finalize()
