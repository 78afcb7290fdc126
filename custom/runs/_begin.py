"""The start of a run: messages, checks, random numbers; and settings of PyTorch that hold only while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import torch
from monai.utils import set_determinism

from ..errors import InputError, show_input_errors
from ..ground.command_line import started_by_bundle_command
from ..ground.option_values import flag
from ..ground.quiet import quieten
from ._overrides import check_overrides
from ._workflow import announce

_deterministic: ContextVar[bool] = ContextVar("deterministic", default=False)


def begin(
    device: Any = "cpu", seed: int | None = None, deterministic: bool | str = False, config: object = None
) -> None:
    """Prepare a run; the first entry of every run list.

    Options that no config contains are refused, and all random generators are seeded. Under MONAI's command, errors
    that the user can correct are from here on printed as one sentence, and warnings as one line. In another program,
    messages and hooks are left alone.

    Args:
        device: torch device or its name, to be checked.
        seed: seed of all random generators; None leaves them unchanged.
        deterministic: whether PyTorch may use deterministic algorithms only, while the run lasts. They are slower on a
            GPU; a CPU always uses them.
        config: ``@this_config`` of the config.

    Raises:
        InputError: the command line sets an id that no config contains, or the device is not available.
    """
    if started_by_bundle_command():
        show_input_errors()
        quieten()
    announce(config)
    check_overrides(config)
    _check_device(device)
    _deterministic.set(flag("deterministic", deterministic))
    if seed is not None:
        with settings_kept():
            set_determinism(seed)


@contextmanager
def computing() -> Iterator[None]:
    """Compute as `begin` was told while the block runs; then restore the settings of PyTorch.

    A process that runs several bundles, or other things, is not changed by one of them.
    """
    with settings_kept():
        if _deterministic.get():
            compute_deterministically()
        yield


@contextmanager
def settings_kept() -> Iterator[None]:
    """Restore after the block what `compute_deterministically` and MONAI's ``set_determinism`` change."""
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    strict, kept = torch.are_deterministic_algorithms_enabled(), [(*one, getattr(*one)) for one in _backend_settings()]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        for backend, name, value in kept:
            setattr(backend, name, value)


def _backend_settings() -> list[tuple[Any, str]]:
    """Return the backends with the names of their settings, except those that a program has set in the new way."""
    backends: list[Any] = [torch.backends.cudnn, torch.backends.cuda.matmul]
    settings = [(backends[0], "deterministic"), (backends[0], "benchmark")]
    for backend in backends:
        with suppress(RuntimeError):  # `fp32_precision` was set, and `allow_tf32` cannot be read any more
            backend.allow_tf32  # noqa: B018
            settings.append((backend, "allow_tf32"))
    return settings


def compute_deterministically() -> None:
    """Make PyTorch use deterministic algorithms only, and refuse operations that have none.

    Matrix products and convolutions use full float32, not TensorFloat-32. Call it before the first computation on a
    GPU. See https://docs.pytorch.org/docs/stable/notes/randomness.html.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def _check_device(device: Any) -> None:
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise InputError(f"--device: found {device!r}, expected cpu, cuda or cuda:0.") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("--device: found cuda, but PyTorch finds no GPU, expected cpu.")
