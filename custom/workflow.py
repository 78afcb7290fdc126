"""What a config asks of its surroundings: where its bundle is, what the command line meant, how errors are shown."""

from __future__ import annotations

import difflib
import inspect
import logging
import re
import sys
import traceback
import warnings
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow, ReferenceResolver
from monai.utils import set_determinism

from .errors import InputError

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


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


# ----------------------------------------------------------------------------------------------------- the command line


def flag(value: bool | str | int) -> bool:
    """Return a switch as a bool: the command line hands ``true`` and ``false`` over as strings.

    Raises:
        InputError: when it is neither.
    """
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if value in (True, False):
        return bool(value)
    raise InputError(f"Found {value!r} for a switch, expected true or false.")


def typed(option: str, value: Any) -> str:
    """Return the text that was typed for ``--option``: the command line turns ``2024_05`` into the number 202405.

    Args:
        option: name of the config id.
        value: its value as the config holds it.
    """
    if isinstance(value, str):
        return value
    for index, argument in enumerate(sys.argv):
        name, equals, text = argument.partition("=")
        if name == f"--{option}" and (equals or index + 1 < len(sys.argv)):
            return text if equals else sys.argv[index + 1]
    return str(value)


def paths(option: str, value: Any) -> list[Path]:
    """Return the absolute path, or several, of an option; relative ones start where the user stands."""
    several = isinstance(value, (list, tuple))
    texts = [str(text) for text in value] if several else [typed(option, value)]
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


# -------------------------------------------------------------------------------------------------------- start of a run


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
    _check_overrides(_workflow())
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


def _check_overrides(workflow: ConfigWorkflow) -> None:
    """Refuse overrides of ids that no config file has; the parser itself takes any."""
    files = [argument for argument in _config_files() if Path(argument).is_file()]
    if not files:
        return  # started from Python: overrides are keyword arguments there
    known = _ids(ConfigParser.load_config_files(files))
    own = set(inspect.signature(ConfigWorkflow.__init__).parameters) | {"config_file", "run_id", "args_file"}
    for key in _typed_keys():
        if key.split(ReferenceResolver.sep)[0] not in own and key.lstrip("+") not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1)
            hint = f"; the nearest is --{near[0].replace('::', '#')}" if near else ""
            raise InputError(f"--{key.replace('::', '#')}: found an option that no config knows{hint}.")


def _config_files() -> list[str]:
    for index, argument in enumerate(sys.argv):
        name, equals, text = argument.partition("=")
        if name == "--config_file":
            value = text if equals else (sys.argv[index + 1] if index + 1 < len(sys.argv) else "")
            return re.findall(r"[^\[\]'\",]+", value)
    return []


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


# ------------------------------------------------------------------------------------------------------ showing an error


def show_input_errors() -> None:
    """From now on end the process with one sentence and exit code 1 for an `InputError`, wherever it was raised.

    Anything else keeps its traceback, because then it is not the user's fault.
    """
    logging.getLogger("ignite.engine").setLevel(logging.CRITICAL)  # it prints tracebacks of its own
    sys.excepthook = _hook


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sentence = find_input_error(error)
    if sentence is None:
        traceback.print_exception(kind, error, trace)
    else:
        print(f"Error: {sentence}", file=sys.stderr)


def find_input_error(error: BaseException | None) -> str | None:
    """Return the sentence of the `InputError` that ``error`` is, or comes from, or quotes from a worker; else None."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, InputError):
            return str(current)
        # A loader's worker hands over only the text of its traceback.
        quoted = re.search(r"^(?:[\w.]+\.)?InputError: (.+)$", str(current), flags=re.MULTILINE)
        if quoted:
            return quoted.group(1)
        queue += [current.__cause__, current.__context__]
    return None
