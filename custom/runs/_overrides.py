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
from ._options import check_kinds, listed_options
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
    if files:
        _check_command(files, given)
    else:
        _check_keywords(this_config, given)
    check_kinds(given)


def _check_command(files: Sequence[str], given: Mapping[str, Any]) -> None:
    known = _content(files)
    if "help" in typed_ids():
        print(listed_options([Path(file) for file in files], given or known))
        raise SystemExit(0)
    extra = positional_arguments()[2:]  # after `run` and what to run
    if extra:
        raise InputError(f"{extra[0]}: found an argument without an option, expected a glob in quotes.")
    ids = _ids(known) | _ids_of_tracking()
    for key in typed_ids():
        if key.split(ReferenceResolver.sep)[0] not in _OWN and key.lstrip("+") not in ids:
            raise _unknown(key, ids)


def _check_keywords(this_config: object, given: Mapping[str, Any]) -> None:
    """Refuse keyword arguments of a program that no config of the bundle has and nothing in the config refers to.

    MONAI does not tell which files a program has opened; its overlays may be anywhere and have ids of their own.
    """
    folder = config_folder(this_config)
    if folder is None:
        return
    files = [file for file in sorted(folder.iterdir()) if file.suffix in (".yaml", ".yml") and file.is_file()]
    ids = {key for file in files for key in _read(file)} | set(MLFLOW_IDS)
    used = set(re.findall(r"[@%](\w+)", json.dumps(given, default=str)))
    for key, value in given.items():
        if not key.startswith("_") and key not in ids | used and is_plain(value):
            raise _unknown(key, ids)


def _unknown(key: str, ids: set[str]) -> InputError:
    near = difflib.get_close_matches(key, sorted(ids), n=1)
    hint = f"; the nearest is --{near[0].replace('::', '#')}" if near else ""
    return InputError(f"--{key.replace('::', '#')}: found an option that no config contains{hint}.")


def _content(files: Sequence[str]) -> dict[str, Any]:
    """Return what `ConfigParser.load_config_files` makes of files that MONAI has already read and checked, sooner."""
    parser = ConfigParser(config={})
    for file in files:
        content = _read(Path(file))
        for key, value in content.items():
            merge_kv(parser, key, value)
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
