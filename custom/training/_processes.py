"""Training on several GPUs with one process per GPU, started by ``torchrun``; used by ``multi_gpu_train.yaml``."""

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


def join_processes() -> torch.device:
    """Join the process group of ``torchrun`` and return the device of this process: a GPU of its own, or the CPU.

    GPUs communicate through NCCL, CPU processes through Gloo. From here on, only the main process prints.

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
    """Return a network without its wrapper for several GPUs, which would change the names of its weights.

    Examples:
        >>> unwrapped(DataParallel(nn.Identity()))
        Identity()
    """
    return network.module if isinstance(network, (DataParallel, DistributedDataParallel)) else network


def largest_of_processes(numbers: Sequence[int], device: torch.device) -> list[int]:
    """Return the largest value of each number over all processes, so that all make the same decision.

    Args:
        numbers: numbers of this process, equally many in every process.
        device: device of this process, as returned by `join_processes`.

    Examples:
        >>> largest_of_processes([0, 15], torch.device("cpu"))
        [0, 15]
    """
    if idist.get_world_size() == 1:
        return list(numbers)
    return idist.all_reduce(torch.tensor(numbers, device=device), "MAX").tolist()


def wait_for_processes() -> None:
    """Wait until all processes get here, so that files written by one before are available to all after."""
    if idist.get_world_size() > 1:
        idist.barrier()


def leave_processes() -> None:
    """Wait for the other processes and leave the process group; the last step of a run."""
    if torch.distributed.is_initialized():
        wait_for_processes()
        idist.finalize()
