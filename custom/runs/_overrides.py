"""A check of the command line: options that no config contains are refused."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from monai.bundle import ConfigParser, ConfigWorkflow, ReferenceResolver
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS, merge_kv

from ..errors import InputError
from ..ground.command_line import config_files, positional_arguments, typed_ids, typed_options

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, ten times as fast, where PyYAML has it


def check_overrides() -> None:
    """Refuse options on the command line that set an id missing in all config files; MONAI's parser accepts any.

    Raises:
        InputError: an option is unknown (the message gives the nearest id), or an argument has no option.
    """
    files = [argument for argument in config_files() if Path(argument).is_file()]
    if not files:
        return  # started from Python: overrides are keyword arguments there
    extra = positional_arguments()[2:]  # after `run` and what to run
    if extra:
        raise InputError(f"{extra[0]}: found an argument without an option, expected a glob in quotes.")
    known = _ids(_content(files)) | _ids_of_tracking()
    own = set(inspect.signature(ConfigWorkflow.__init__).parameters) | {"config_file", "run_id", "args_file"}
    for key in typed_ids():
        if key.split(ReferenceResolver.sep)[0] not in own and key.lstrip("+") not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1)
            hint = f"; the nearest is --{near[0].replace('::', '#')}" if near else ""
            raise InputError(f"--{key.replace('::', '#')}: found an option that no config contains{hint}.")


def _content(files: Sequence[str]) -> dict[str, Any]:
    """Return what `ConfigParser.load_config_files` makes of files that MONAI has already read and checked, sooner."""
    parser = ConfigParser(config={})
    for file in files:
        if file.lower().endswith((".yaml", ".yml")):
            content = _Loader(Path(file).read_bytes()).get_single_data()
        else:
            content = ConfigParser.load_config_file(file)
        for key, value in content.items():
            merge_kv(parser, key, value)
    return parser.get()


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
