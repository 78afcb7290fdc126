"""Messages of the libraries that a run hides or shortens."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

from tqdm import tqdm


def quieten() -> None:
    """Hide messages of the libraries that a user cannot act on, and shorten the others to one line, each shown once."""
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*", category=UserWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
    warnings.filterwarnings("ignore", message="This DataLoader will create .* worker processes", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.showwarning = _notes()
    print_any_text()
    for name in ("mlflow", "alembic"):  # both log every database table that they create
        logging.getLogger(name).setLevel(logging.WARNING)


def print_any_text() -> None:
    """Print question marks for characters that the terminal does not have, such as µ in a C locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _notes() -> Callable[..., None]:
    """Return a function that prints warnings as notes, the same text once; MONAI lets all repetitions through."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            tqdm.write(f"Note: {message}", file=sys.stderr)  # above a progress bar, not inside it

    return show
