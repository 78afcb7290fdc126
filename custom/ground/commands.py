"""How the commands of this package are run: ``python -m custom.score`` and others."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import fire
from tqdm import tqdm

from ..errors import show_input_errors


def run_commands(module: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Run the command that was typed after ``python -m MODULE``; what the user can mend ends it with one sentence.

    Args:
        module: such as ``custom.score``.
        commands: by name.
    """
    show_input_errors()
    quieten()
    fire.Fire(dict(commands), name=f"python -m {module}")


def quieten() -> None:
    """Turn off messages of the libraries that tell a user nothing they could act on."""
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*", category=UserWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
    warnings.filterwarnings("ignore", message="This DataLoader will create .* worker processes", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    for name in ("mlflow", "alembic"):  # of the tables they create
        logging.getLogger(name).setLevel(logging.WARNING)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    tqdm.write(f"Note: {message}", file=sys.stderr)  # above a bar, not into it
