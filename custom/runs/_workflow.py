"""The config that is being evaluated: the root folder of its bundle and its options.

MONAI does not tell an expression to which config it belongs. The list of imported modules does, as each parser has one.
Configs pass it on as ``@this_config``, because MONAI takes an expression with the word import for an import statement.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import WeakSet

from monai.bundle import ConfigParser, ConfigWorkflow

from ..data import default_root
from ..ground.command_line import config_files, started_by_bundle_command

MLFLOW_IDS = ("tracking_uri", "experiment_name", "run_name", "save_execute_config", "is_not_rank0")
"""Ids that MONAI adds to a config for MLflow."""

_WITHOUT_EFFECT = {
    *("imports", "this_config", "bundle_root", "dataset_dir", "input", "ckpt_path", "output_dir", "overwrite"),
    *("device", "num_workers", "recursive", "dataloader", "handlers", "evaluator", "inference", "inference_run", "run"),
    *MLFLOW_IDS,
}
"""Ids that do not affect the results of inference, see `settings_digest`."""

_known: WeakSet[Any] = WeakSet()
"""Workflows and parsers found before."""

_running: ContextVar[Any] = ContextVar("running", default=None)
"""``@this_config`` of the run that began last."""


def bundle_root(this_config: object, name: str) -> str:
    """Return the root folder of the bundle whose config is being evaluated, independent of the working directory.

    The path is the one by which the config was opened, even if it leads through symbolic links. If a program reads a
    config without a workflow, nobody knows its path: the root is then that of the package in a shared bundle, else that
    of the bundle which ships with the package, with a warning.

    Args:
        this_config: ``@this_config`` of the config.
        name: name of the bundle, such as ``dendrite``.

    Raises:
        InputError: the path of the config is unknown, and this package ships no such bundle.
    """
    owner, typed = _owner(this_config), config_files()
    if not isinstance(owner, ConfigWorkflow) and not typed:
        root = default_root(name)
        warnings.warn(f"bundle_root: not given by the program that reads this config; using {root}.", stacklevel=2)
        return str(root)
    folder = _absolute(owner.config_root_path if isinstance(owner, ConfigWorkflow) else Path(typed[0]).parent)
    return str(folder.parent if folder.name == "configs" else folder)


def config_folder(this_config: object) -> Path | None:
    """Return the folder of the config that a workflow evaluates; None without a workflow.

    Args:
        this_config: ``@this_config`` of the config.
    """
    owner = _owner(this_config)
    return owner.config_root_path if isinstance(owner, ConfigWorkflow) else None


def _absolute(folder: Path) -> Path:
    """Return an absolute path that keeps symbolic links; ``..`` is removed unless it leads out of a link."""
    plain = Path(os.path.abspath(folder))
    return plain if plain.exists() and plain.samefile(folder) else folder.absolute()


def _owner(this_config: object) -> ConfigWorkflow | ConfigParser | None:
    """Return the workflow, else the parser without one, that evaluates the config with this list of imports.

    Under MONAI's command, it is on the call stack. In another program, all objects in memory are searched once.
    """
    for search in (lambda: _known, _on_the_stack, gc.get_objects):
        owners = [one for one in _configs(search()) if _imports_of(one) is this_config]
        if owners:
            _known.update(owners)
            return next((one for one in owners if isinstance(one, ConfigWorkflow)), owners[0])
    return None


def _on_the_stack() -> Iterator[Any]:
    frame = inspect.currentframe() if started_by_bundle_command() else None
    while frame is not None:
        yield frame.f_locals.get("self")
        frame = frame.f_back


def _configs(objects: Iterable[Any]) -> list[Any]:
    """Return the workflows and parsers among objects, whose attributes are not touched."""
    objects = list(objects)
    kinds = {kind for kind in set(map(type, objects)) if issubclass(kind, (ConfigWorkflow, ConfigParser))}
    return [one for one in objects if type(one) in kinds]


def _parser(owner: ConfigWorkflow | ConfigParser) -> ConfigParser | None:
    return owner if isinstance(owner, ConfigParser) else vars(owner).get("parser")  # another thread may be creating it


def _imports_of(owner: ConfigWorkflow | ConfigParser) -> object:
    resolver = vars(_parser(owner) or owner).get("ref_resolver")
    return None if resolver is None else resolver.resolved_content.get("imports")


def content(this_config: object) -> dict[str, Any]:
    """Return the config that is being evaluated, with all options, its expressions as text.

    Args:
        this_config: ``@this_config`` of the config.

    Returns:
        An empty dictionary if no config has this object.
    """
    owner = _owner(this_config)
    parser = None if owner is None else _parser(owner)
    return {} if parser is None else parser.get()


def settings_digest(this_config: object, *adopted: Any) -> str:
    """Return a hash that changes when the config, including all options, could give other results.

    It covers all ids except those of inputs, weights, the output folder, the device and the run itself. Expressions are
    hashed as text, not evaluated.

    Args:
        this_config: ``@this_config`` of the config.
        adopted: settings that the config takes from the weights.
    """
    settings = {name: value for name, value in content(this_config).items() if name not in _WITHOUT_EFFECT}
    if isinstance(settings.get("dataset"), dict):
        settings["dataset"] = settings["dataset"] | {"data": None}
    text = json.dumps([settings, *adopted], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def announce(this_config: object) -> None:
    """Make a config the one of `plain_options` and `config_copy` in this thread."""
    _running.set(this_config)


def plain_options() -> dict[str, Any]:
    """Return the top-level options of the config being run that are numbers, texts, booleans or lists of them.

    Options of MLflow and ``resume`` are left out.
    """
    options = content(_running.get()).items()
    return {name: value for name, value in options if is_plain(value) and name not in (*MLFLOW_IDS, "resume")}


def config_copy(folder: Path) -> Path | None:
    """Return MONAI's copy of the config in the output folder, which it writes for MLflow; None if there is none.

    MONAI's own id of that file is wrong if the output folder was typed, because MONAI reads it as an expression.
    """
    text = str(content(_running.get()).get("save_execute_config"))
    copy = re.search(r"config_\d+_\d+\.json", text)
    found = folder / copy[0] if copy else Path(text)
    return found if found.is_file() else None


def is_plain(value: Any) -> bool:
    """Return whether a value is a number, a text, a boolean, null or a list of them, not a component or expression."""
    if isinstance(value, list):
        return all(map(is_plain, value))
    return not isinstance(value, dict) and not str(value).startswith(("$", "@", "%"))
