"""The config that is being run: the root folder of its bundle, its options, and the start of a run."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from monai.bundle import ConfigWorkflow
from monai.utils import set_determinism

from ..errors import InputError, show_input_errors
from ..ground.commands import quieten
from ..ground.option_values import flag
from ._overrides import check_overrides

_MLFLOW_IDS = ("tracking_uri", "experiment_name", "run_name", "save_execute_config", "is_not_rank0")
"""Ids that MONAI adds to a config for MLflow."""

_WITHOUT_EFFECT = {
    *("imports", "bundle_root", "dataset_dir", "input", "ckpt_path", "output_dir", "overwrite"),
    *("device", "num_workers", "dataloader", "handlers", "evaluator", "inference", "inference_run", "run"),
    *_MLFLOW_IDS,
}
"""Ids that do not affect the results of inference, see `settings_digest`."""


def bundle_root() -> str:
    """Return the root folder of the bundle whose config is being run, independent of the working directory.

    Raises:
        RuntimeError: no config is being run.
    """
    config_folder = _workflow().config_root_path.resolve()
    return str(config_folder.parent if config_folder.name == "configs" else config_folder)


def _workflow() -> ConfigWorkflow:
    """Return the workflow that evaluates the calling expression, found in the call stack as MONAI does not pass it."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, ConfigWorkflow):
            return candidate
        frame = frame.f_back
    raise RuntimeError("no config is being run; this function is for expressions in the config of a bundle.")


def settings_digest() -> str:
    """Return a hash that changes when the config being run, including typed options, could give other results.

    It covers all ids except those of inputs, weights, the output folder, the device and the run itself. Expressions are
    hashed as text, not evaluated.
    """
    content = {name: value for name, value in _workflow().parser.get().items() if name not in _WITHOUT_EFFECT}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def content() -> dict[str, Any]:
    """Return the config that is being run, with all options, its expressions as text; empty without a workflow."""
    try:
        return _workflow().parser.get()
    except RuntimeError:  # a program evaluates the config by itself
        return {}


def plain_options() -> dict[str, Any]:
    """Return the top-level options of the config being run that are numbers, texts, booleans or lists of them.

    Options of MLflow and ``resume`` are left out.
    """
    options = _workflow().parser.get().items()
    return {name: value for name, value in options if _is_plain(value) and name not in (*_MLFLOW_IDS, "resume")}


def config_copy(folder: Path) -> Path | None:
    """Return MONAI's copy of the config in the output folder, which it writes for MLflow; None if there is none.

    MONAI's own id of that file is wrong if the output folder was typed, because MONAI reads it as an expression.
    """
    text = str(_workflow().parser.get("save_execute_config"))
    copy = re.search(r"config_\d+_\d+\.json", text)
    found = folder / copy[0] if copy else Path(text)
    return found if found.is_file() else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, dict) and not str(value).startswith(("$", "@", "%"))


def begin(device: Any = "cpu", seed: int | None = None, deterministic: bool | str = False) -> None:
    """Prepare a run; the first entry of every run list.

    From here on, an error that the user can correct is printed as one sentence. Options that no config contains are
    refused, and all random generators are seeded.

    Args:
        device: torch device or its name, to be checked.
        seed: seed of all random generators; None leaves them unchanged.
        deterministic: whether PyTorch may use deterministic algorithms only. They are slower on a GPU; a CPU always
            uses them.

    Raises:
        InputError: the command line sets an id that no config contains, or the device is not available.
    """
    show_input_errors()
    quieten()
    check_overrides()
    _check_device(device)
    if seed is not None:
        set_determinism(seed)
    if flag("deterministic", deterministic):
        compute_deterministically()


def compute_deterministically() -> None:
    """Make PyTorch use deterministic algorithms only, and refuse operations that have none.

    Matrix products and convolutions use full float32, not TensorFloat-32. Call it before the first computation on a
    GPU. See https://docs.pytorch.org/docs/stable/notes/randomness.html.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def _check_device(device: Any) -> None:
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise InputError(f"--device: found {device!r}, expected cpu, cuda or cuda:0.") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("--device: found cuda, but PyTorch finds no GPU, expected cpu.")
