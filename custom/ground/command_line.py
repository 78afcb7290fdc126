"""What the user typed: switches, paths and choices of the command line, and options that no config knows."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from monai.bundle import ReferenceResolver

from ..errors import InputError


def typed(option: str, value: Any) -> str:
    """Return the text that was typed for ``--option``.

    The command line reads it as Python: it turns ``2024_05`` into the number 202405 and cuts ``run#2`` off at the sign.
    Quotes around it, which say that it is text, are taken off here too.

    Args:
        option: name of the config id.
        value: its value as the config holds it, taken when the option was not typed.
    """
    text = str(value)
    for index, argument in enumerate(sys.argv):
        name, equals, after = argument.partition("=")
        if name == f"--{option}" and (equals or index + 1 < len(sys.argv)):
            text = after if equals else sys.argv[index + 1]  # of several the last one counts
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def paths(option: str, value: Any) -> list[Path]:
    """Return the absolute path, or those of a list, of an option; relative ones start where the user stands."""
    texts = [str(text) for text in value] if isinstance(value, list) else [typed(option, value)]
    return [Path(text).expanduser().resolve() for text in texts]


def path(option: str, value: Any) -> Path:
    """Return the one absolute path of an option.

    Raises:
        InputError: when several are given.
    """
    found = paths(option, value)
    if len(found) != 1:
        raise InputError(f"--{option}: found {len(found)} paths, expected one.")
    return found[0]


def command_line() -> str:
    """Return what the user typed, as far as the process knows it."""
    return joined([*_program(), *sys.argv[1:]])


def joined(words: Iterable[str]) -> str:
    """Return words as a line for the shell, with a list such as ``['a.yaml','b.yaml']`` in double quotes."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def started_by_bundle_command() -> bool:
    """Return whether this process runs MONAI's command for bundles, rather than a program that uses them."""
    return Path(sys.argv[0]).parts[-2:] == ("bundle", "__main__.py")


def typed_options() -> dict[str, str]:
    """Return option → value as they were typed; of several the last one counts."""
    found = {}
    for argument, after in zip(sys.argv[1:], [*sys.argv[2:], ""], strict=True):
        name, equals, value = argument.partition("=")
        if re.match(r"--[A-Za-z_+]", name):
            found[name[2:]] = value if equals else after
    return found


def resume_command() -> str:
    """Return what to type to go on with the training that this process runs: its command with ``--resume true``."""
    if not started_by_bundle_command():
        return "the same call with resume=True"  # started from Python
    kept = [
        here
        for last, here in zip(["", *sys.argv[1:]], sys.argv[1:], strict=False)
        if here.partition("=")[0] != "--resume" and (last != "--resume" or here.startswith("--"))
    ]
    return joined([*_program(), *kept, "--resume", "true"])


def _program() -> list[str]:
    """Return how MONAI's command was started: by Python, or by torchrun, which names the number of its processes."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")
    launcher = ["python"] if processes is None else ["torchrun", "--nproc_per_node", processes]
    return [*launcher, "-m", "monai.bundle"]


def config_files() -> list[str]:
    """Return the config files that were typed."""
    for index, argument in enumerate(sys.argv):
        name, equals, text = argument.partition("=")
        if name == "--config_file":
            value = text if equals else (sys.argv[index + 1] if index + 1 < len(sys.argv) else "")
            return re.findall(r"[^\[\]'\",]+", value)
    return []


def _positional() -> list[str]:
    """Return the arguments that are neither options nor their values."""
    before = ["", *sys.argv[1:]]
    pairs = zip(before, sys.argv[1:], strict=False)
    return [here for last, here in pairs if not here.startswith("--") and ("=" in last or not last.startswith("--"))]


def _typed_keys() -> list[str]:
    options = (argument[2:].partition("=")[0] for argument in sys.argv[1:] if re.match(r"--[A-Za-z_+]", argument))
    return [ReferenceResolver.normalize_id(option) for option in options]
