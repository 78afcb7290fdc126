"""Entry point of the commands of this package, such as ``python -m custom.score``."""

from __future__ import annotations

import inspect
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import fire
from tqdm import tqdm

from ..errors import show_input_errors


def run_commands(module: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Run the command that was typed after ``python -m MODULE``; an `InputError` ends it with one sentence.

    Args:
        module: name of the module, such as ``custom.score``.
        commands: name of a command → function; the arguments of the function are the options of the command.

    Raises:
        SystemExit: ``--help`` was given, and printed.
    """
    show_input_errors()
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(_help(module, commands, sys.argv[1]))
        raise SystemExit(0)
    quieten()
    fire.Fire(dict(commands), name=f"python -m {module}")


def _help(module: str, commands: Mapping[str, Callable[..., None]], name: str) -> str:
    """Return how to type a command, with its docstring; without a command, the first line of each."""
    if name not in commands:
        lines = [f"  {one}  {(inspect.getdoc(function) or '').splitlines()[0]}" for one, function in commands.items()]
        return "\n".join([f"python -m {module} COMMAND …, and --help after a command for its options:", *lines])
    words = []
    for parameter in inspect.signature(commands[name]).parameters.values():
        required = parameter.default is inspect.Parameter.empty
        words.append(parameter.name.upper() if required else f"[--{parameter.name} {parameter.name.upper()}]")
    return f"python -m {module} {name} {' '.join(words)}\n\n{inspect.getdoc(commands[name])}"


def quieten() -> None:
    """Hide messages of the libraries that a user cannot act on, and shorten the others to one line, each shown once."""
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*", category=UserWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
    warnings.filterwarnings("ignore", message="This DataLoader will create .* worker processes", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.showwarning = _notes()
    for name in ("mlflow", "alembic"):  # both log every database table that they create
        logging.getLogger(name).setLevel(logging.WARNING)


def _notes() -> Callable[..., None]:
    """Return a function that prints warnings as notes, the same text once; MONAI lets all repetitions through."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            tqdm.write(f"Note: {message}", file=sys.stderr)  # above a progress bar, not inside it

    return show
