"""What a config asks of its surroundings: where its bundle is, and how a run begins."""

from __future__ import annotations

import inspect
import sys
import warnings
from types import FrameType
from typing import Any

import torch
from monai.bundle import ConfigWorkflow
from monai.utils import set_determinism

from .errors import InputError, show_input_errors
from .options import check_overrides


def bundle_root() -> str:
    """Return the root folder of the bundle whose config is being run, whatever the current directory.

    Raises:
        RuntimeError: when no config is being run.
    """
    config_folder = _workflow().config_root_path.resolve()
    return str(config_folder.parent if config_folder.name == "configs" else config_folder)


def _workflow() -> ConfigWorkflow:
    """Return the workflow that evaluates the calling expression: MONAI hands it to nobody."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, ConfigWorkflow):
            return candidate
        frame = frame.f_back
    raise RuntimeError("This function serves expressions in the config of a bundle, and no config is being run.")


def begin(device: Any = "cpu", seed: int | None = None) -> None:
    """Prepare a run; the first entry of every list that a bundle runs.

    From here on what a user can mend is shown as one sentence, overrides that no config knows are refused, and all
    generators start from ``seed``.

    Args:
        device: torch device or its name, to be checked.
        seed: seed for weights and whatever else is drawn; None leaves the generators alone.

    Raises:
        InputError: when the command line sets an id that no config has, or the device is not there.
    """
    show_input_errors()
    _quieten()
    check_overrides()
    _check_device(device)
    if seed is not None:
        set_determinism(seed)


def _check_device(device: Any) -> None:
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise InputError(f"--device: found {device!r}, expected cpu, cuda or cuda:0.") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("--device: found cuda, but PyTorch sees no GPU here, expected cpu.")


def _quieten() -> None:
    """Turn off messages of the libraries that tell a user nothing they could act on."""
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*", category=UserWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.showwarning = _show_warning  # type: ignore[assignment]


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    print(f"Note: {message}", file=sys.stderr)
