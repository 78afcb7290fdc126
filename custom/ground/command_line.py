"""The command line of this process as the user typed it: options, paths, config files, the command to resume.

MONAI parses the values of options as Python, which changes some of them; this module reads ``sys.argv`` itself.
"""

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
from .names import as_given, in_home

# ---------------------------------------------------------------------------------------------------- values of options


def typed(option: str, value: Any) -> str:
    """Return the value of ``--option`` exactly as it was typed.

    MONAI's command line parses values as Python: it turns ``2024_05`` into the number 202405 and drops everything from
    the ``#`` on in ``run#2``. Quotes that mark a value as text are removed here as well.

    Args:
        option: id of the option in the config.
        value: its value in the config, returned as text if the option was not typed.

    Examples:
        >>> typed("output_dir", "'2024_05'")  # not typed
        '2024_05'
    """
    text = str(value)
    for index, argument in enumerate(sys.argv):
        name, equals, after = argument.partition("=")
        if name == f"--{option}" and (equals or index + 1 < len(sys.argv)):
            text = after if equals else sys.argv[index + 1]  # if an option is repeated, the last one counts
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def paths(option: str, value: Any) -> list[Path]:
    """Return the path or the list of paths of an option as absolute paths; links keep the names that were given.

    Args:
        option: id of the option in the config.
        value: its value in the config: a path or a list of paths; ``~`` is the home folder.
    """
    texts = [str(text) for text in value] if isinstance(value, list) else [typed(option, value)]
    return [as_given(in_home(text)) for text in texts]


def path(option: str, value: Any) -> Path:
    """Return the path of an option as an absolute path; arguments as in `paths`.

    Raises:
        InputError: the value is a list with more or fewer than one path.

    Examples:
        >>> path("output_dir", "/data/../results").as_posix()
        '/results'
    """
    found = paths(option, value)
    if len(found) != 1:
        raise InputError(f"--{option}: found {len(found)} paths, expected one.")
    return found[0]


def typed_options() -> dict[str, str]:
    """Return option → value for all options as they were typed; if an option is repeated, the last one counts."""
    found = {}
    for argument, after in zip(sys.argv[1:], [*sys.argv[2:], ""], strict=True):
        name, equals, value = argument.partition("=")
        if re.match(r"--[A-Za-z_+]", name):
            found[name[2:]] = value if equals else after
    return found


def config_files() -> list[str]:
    """Return the files of ``--config_file``, which is one path or a list such as ``['a.yaml','b.yaml']``."""
    for index, argument in enumerate(sys.argv):
        name, equals, text = argument.partition("=")
        if name == "--config_file":
            value = text if equals else (sys.argv[index + 1] if index + 1 < len(sys.argv) else "")
            return re.findall(r"[^\[\]'\",]+", value)
    return []


def typed_ids() -> list[str]:
    """Return the config ids of all typed options, normalized as MONAI's parser does it."""
    options = (argument[2:].partition("=")[0] for argument in sys.argv[1:] if re.match(r"--[A-Za-z_+]", argument))
    return [ReferenceResolver.normalize_id(option) for option in options]


def positional_arguments() -> list[str]:
    """Return the arguments that are neither options nor values of options."""
    before = ["", *sys.argv[1:]]
    pairs = zip(before, sys.argv[1:], strict=False)
    return [here for last, here in pairs if not here.startswith("--") and ("=" in last or not last.startswith("--"))]


# ------------------------------------------------------------------------------------------------------- whole commands


def started_by_bundle_command() -> bool:
    """Return whether this process is ``python -m monai.bundle``, not another program that uses a bundle."""
    return Path(sys.argv[0]).parts[-2:] == ("bundle", "__main__.py")


def command_line() -> str:
    """Return the command that started this process, as a line for the shell."""
    return joined([*_program(), *sys.argv[1:]])


def resume_command() -> str:
    """Return the command that resumes the current training run: its own command with ``--resume true``."""
    if not started_by_bundle_command():
        return "the same call with resume=True"  # started from Python
    kept = [
        here
        for last, here in zip(["", *sys.argv[1:]], sys.argv[1:], strict=False)
        if here.partition("=")[0] != "--resume" and (last != "--resume" or here.startswith("--"))
    ]
    return joined([*_program(), *kept, "--resume", "true"])


def joined(words: Iterable[str]) -> str:
    """Return words as one line for the shell; a list such as ``['a.yaml','b.yaml']`` gets double quotes.

    Examples:
        >>> joined(["python", "train.py", "--output_dir", "my run"])
        "python train.py --output_dir 'my run'"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def _program() -> list[str]:
    """Return the words that start MONAI's bundle command: with Python, or with torchrun on several GPUs."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")
    launcher = ["python"] if processes is None else ["torchrun", "--nproc_per_node", processes]
    return [*launcher, "-m", "monai.bundle"]
