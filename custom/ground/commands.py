"""Entry point of the commands of this package, such as ``python -m custom.score``."""

from __future__ import annotations

import argparse
import difflib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from ..errors import InputError, show_input_errors
from .quiet import quieten


def run_commands(module: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Run the command that was typed after ``python -m MODULE``; an `InputError` ends it with one sentence.

    Args:
        module: name of the module, such as ``custom.score``.
        commands: name of a command → function; its arguments without a default are typed in their order, the others as
            ``--name value``. The function receives text; ``true`` for a switch without a value.

    Raises:
        InputError: an argument is missing or unknown, or the command raises it.
        SystemExit: ``--help`` or no command was given, and the help printed.
    """
    show_input_errors()
    name, *words = sys.argv[1:] or ["--help"]
    if {"--help", "-h"} & {name, *words}:
        print(_help(module, commands, name))
        raise SystemExit(0)
    if name not in commands:
        raise InputError(
            f"python -m {module}: found {name!r}, expected {' or '.join(commands)}{_near(name, commands)}."
        )
    arguments = _parse(f"python -m {module} {name}", commands[name], words)
    quieten()
    commands[name](**arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message}; --help lists all arguments.")


def _parse(command: str, function: Callable[..., None], words: list[str]) -> dict[str, str]:
    """Return the arguments of a function that were typed."""
    parser = _Parser(prog=command, add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    options = []
    for name, parameter in inspect.signature(function).parameters.items():
        options.append(f"--{name}")
        if parameter.default is not inspect.Parameter.empty:
            switch: dict[str, Any] = {"nargs": "?", "const": "true"} if "bool" in str(parameter.annotation) else {}
            parser.add_argument(options[-1], **switch)
        elif any(word.split("=")[0] == options[-1] for word in words):  # typed with its name
            parser.add_argument(options[-1], required=True)
        else:
            parser.add_argument(name)
    given, unknown = parser.parse_known_args(words)
    if unknown:
        parser.error(f"found {unknown[0]!r}, which it does not have{_near(unknown[0].split('=')[0], options)}")
    return vars(given)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


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
