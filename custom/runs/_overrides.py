"""A check of the command line: options that no config contains are refused."""

from __future__ import annotations

import difflib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from monai.bundle import ConfigParser, ConfigWorkflow, ReferenceResolver
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS, merge_kv

from ..errors import InputError
from ..ground.command_line import config_files, positional_arguments, typed_ids, typed_options
from ._options import KINDS, PLACES, check_kinds, listed_options
from ._workflow import MLFLOW_IDS, config_folder, content, is_plain

_OWN = {*inspect.signature(ConfigWorkflow.__init__).parameters, "config_file", "run_id", "args_file"}
"""Options of MONAI's command itself."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, ten times as fast, where PyYAML has it


def check_overrides(this_config: object = None) -> None:
    """Refuse options that set an id missing in all config files, which MONAI accepts, and values that are none.

    With ``--help``, print the options of the config instead, and end the process.

    Args:
        this_config: ``@this_config`` of the config.

    Raises:
        InputError: an option is unknown (the message gives the nearest id) or has a wrong value, or an argument has no
            option.
        SystemExit: ``--help`` was given.
    """
    files = [argument for argument in config_files() if Path(argument).is_file()]
    given = content(this_config)
    known = content_of(files or _files_of_program(this_config, given))
    if files:
        check_command(files, known, given)
    elif known:
        _check_keywords(known, given)
    check_kinds(given, known)


def _files_of_program(this_config: object, given: Mapping[str, Any]) -> list[str]:
    """Return the files of the bundle that a program has opened: those whose ids are all in the config, base first.

    MONAI does not tell which files these are. One counts if all its ids are there and a value is unchanged. Overlays
    from other folders are not found, nor those without own ids.
    """
    folder = config_folder(this_config)
    files = [] if folder is None else [file for file in folder.iterdir() if file.suffix in (".yaml", ".yml")]
    contents = {str(file): _read(file) for file in files if file.is_file()}
    opened: list[str] = []
    known: set[str] = set()
    for file, settings in sorted(contents.items(), key=lambda one: (-len(one[1]), one[0])):
        ids = {key.split("#")[0].lstrip("+") for key in settings}
        unchanged = any(given.get(key, ...) == value for key, value in settings.items())
        if ids <= given.keys() and unchanged and not ids <= known:
            opened.append(file)
            known |= ids
    return opened


def check_command(files: Sequence[str], known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse options of the command line that no config contains; with ``--help``, list those that one does.

    Args:
        files: the config files.
        known: their content.
        given: the config with all options; may be empty.
    """
    if "help" in typed_ids():
        print(listed_options([Path(file) for file in files], given or known))
        raise SystemExit(0)
    extra = positional_arguments()[2:]  # after `run` and what to run
    if extra:
        raise InputError(f"{extra[0]}: found an argument without an option, expected a glob in quotes.")
    ids = _ids(known) | _ids_of_tracking()
    for key, text in typed_options().items():
        _check_null(key, text, known)
    for key in typed_ids():
        if key.split(ReferenceResolver.sep)[0] not in _OWN and key.lstrip("+") not in ids:
            raise _unknown(key, ids)


def _check_null(key: str, text: str, known: Mapping[str, Any]) -> None:
    """Refuse a typed null: MONAI ignores ``None`` and takes ``null`` for a text."""
    if text not in ("None", "null") or key not in KINDS:
        return
    if known.get(key) is None:
        raise InputError(f"--{key}: found {text}, expected a value, or no --{key} at all, which is the same as null.")
    raise InputError(f"--{key}: found {text}, expected {KINDS[key].words}.")


def _check_keywords(known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse keyword arguments of a program that no config has and nothing in it refers to, if they look misspelt.

    Others may be ids of an overlay from another folder; they are refused if they are options of any of our bundles.
    """
    ids = {*known, *MLFLOW_IDS}
    used = set(re.findall(r"[@%](\w+)", json.dumps(given, default=str)))
    for key, value in given.items():
        if key.startswith("_") or key in ids | used or not is_plain(value):
            continue
        if difflib.get_close_matches(key, {*ids, *KINDS, *PLACES}, n=1, cutoff=0.75):
            raise _unknown(key, ids)


def _unknown(key: str, ids: set[str]) -> InputError:
    near = difflib.get_close_matches(key, sorted(ids), n=1)
    hint = f"; the nearest is --{near[0].replace('::', '#')}" if near else ""
    return InputError(f"--{key.replace('::', '#')}: found an option that no config contains{hint}.")


def content_of(files: Sequence[str]) -> dict[str, Any]:
    """Return what `ConfigParser.load_config_files` makes of files, sooner.

    Raises:
        InputError: a file extends sections that no file before it has.
    """
    parser = ConfigParser(config={})
    for file in files:
        for key, value in _read(Path(file)).items():
            try:
                merge_kv(parser, key, value)
            except KeyError as error:
                expected = "the config that it extends before it, as in \"['train.yaml','evaluate.yaml']\""
                raise InputError.about(file, f"{key} without its section", expected) from error
    return parser.get()


def _read(file: Path) -> dict[str, Any]:
    if file.suffix.lower() in (".yaml", ".yml"):
        return _Loader(file.read_bytes()).get_single_data()
    return ConfigParser.load_config_file(file)


def _ids_of_tracking() -> set[str]:
    """Return the ids that experiment tracking adds to a config, from MONAI's defaults or from a file.

    Raises:
        InputError: MLflow is requested but not installed, or it cannot write to ``--tracking_uri``.
    """
    tracking, uri = (typed_options().get(option, "") for option in ("tracking", "tracking_uri"))
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


def _ids(content: Any, prefix: str = "") -> set[str]:
    """Return all ids of a config; nested ids are joined like in MONAI's parser."""
    if not isinstance(content, (dict, list)):
        return set()
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    found = set()
    for key, value in pairs:
        name = f"{prefix}{key}"
        found |= {name} | _ids(value, f"{name}{ReferenceResolver.sep}")
    return found
