"""What the user typed: switches, paths and choices of the command line, and options that no config knows."""

from __future__ import annotations

import difflib
import inspect
import math
import os
import re
import shlex
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow, ReferenceResolver
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

from .errors import InputError

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def flag(option: str, value: bool | str | int) -> bool:
    """Return a switch as a bool: the command line hands ``true`` and ``false`` over as strings.

    Raises:
        InputError: when it is neither.
    """
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if value in (True, False):
        return bool(value)
    raise InputError(f"--{option}: found {value!r}, expected true or false.")


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


def choice(option: str, value: Any, *choices: str) -> str:
    """Return ``value`` when it is one of ``choices``.

    Raises:
        InputError: when it is not.
    """
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"--{option}: found {value!r}, expected {' or '.join(choices)}{hint}.")
    return value


def number(option: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> float:
    """Return ``value`` when it is a number of at least ``least`` that is above ``above``.

    Raises:
        InputError: when it is not.
    """
    if type(value) in (int, float) and value >= least and value > above:
        return value
    limit = f"of at least {least:g}" if least > -math.inf else f"above {above:g}"
    raise InputError(f"--{option}: found {value!r}, expected a number {limit}.")


def frame_range(option: str, text: str | None) -> range | None:
    """Return the frames from the first to the last, typed as ``0-35``; None for all, when nothing was typed.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"--{option}: found {text!r}, expected the first and the last frame, such as 0-35.")
    return range(int(match[1]), int(match[2]) + 1)


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


def check_overrides() -> None:
    """Refuse options on the command line that set an id which no config file has; the parser itself takes any.

    Raises:
        InputError: with the nearest id.
    """
    files = [argument for argument in config_files() if Path(argument).is_file()]
    if not files:
        return  # started from Python: overrides are keyword arguments there
    extra = _positional()[2:]  # after `run` and what to run
    if extra:
        raise InputError(f"{extra[0]}: found an argument without an option, expected a glob to stand in quotes.")
    known = _ids(ConfigParser.load_config_files(files)) | _ids_of_tracking()
    own = set(inspect.signature(ConfigWorkflow.__init__).parameters) | {"config_file", "run_id", "args_file"}
    for key in _typed_keys():
        if key.split(ReferenceResolver.sep)[0] not in own and key.lstrip("+") not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1)
            hint = f"; the nearest is --{near[0].replace('::', '#')}" if near else ""
            raise InputError(f"--{key.replace('::', '#')}: found an option that no config knows{hint}.")


def _ids_of_tracking() -> set[str]:
    """Return the ids that experiment tracking adds to a config, whether MONAI's own or that of a file.

    Raises:
        InputError: MLflow is asked for and not installed, or to write where it cannot.
    """
    tracking, uri = typed("tracking", ""), typed("tracking_uri", "")
    if not tracking:
        return set()
    if find_spec("mlflow") is None:
        package = "pip install mlflow-skinny sqlalchemy alembic"
        raise InputError(f"--tracking: found {tracking} without the package mlflow, expected it installed: {package}.")
    if uri and ("://" not in uri or uri.startswith("file:")):  # MLflow no longer writes folders
        expected = "a server, https://…, or a database, sqlite:////folder/mlruns.db"
        raise InputError(f"--tracking_uri: found {uri}, expected {expected}.")
    settings = DEFAULT_EXP_MGMT_SETTINGS.get(tracking) or ConfigParser.load_config_files(tracking)
    return set(settings["configs"])


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


def _ids(content: Any, prefix: str = "") -> set[str]:
    """Return all ids of a config, nested ones joined as the parser joins them."""
    if not isinstance(content, (dict, list)):
        return set()
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    found = set()
    for key, value in pairs:
        name = f"{prefix}{key}"
        found |= {name} | _ids(value, f"{name}{ReferenceResolver.sep}")
    return found
