"""What a config asks of its surroundings: where its bundle is, and how a run begins."""

from __future__ import annotations

import inspect
import sys
import warnings
from types import FrameType
from typing import Any

from monai.bundle import ConfigWorkflow
from monai.utils import set_determinism

from .errors import show_input_errors
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


def begin(seed: int | None = None) -> None:
    """Prepare a run; the first entry of every list that a bundle runs.

    From here on what a user can mend is shown as one sentence, overrides that no config knows are refused, and all
    generators start from ``seed``.

    Args:
        seed: seed for weights and whatever else is drawn; None leaves the generators alone.

    Raises:
        InputError: when the command line sets an id that no config has.
    """
    show_input_errors()
    _quieten()
    check_overrides()
    if seed is not None:
        set_determinism(seed)


def _quieten() -> None:
    """Turn off messages of the libraries that tell a user nothing they could act on."""
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*", category=UserWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.showwarning = _show_warning  # type: ignore[assignment]


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    print(f"Note: {message}", file=sys.stderr)
