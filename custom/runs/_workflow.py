"""What a config asks of its surroundings: where its bundle is, and how a run begins."""

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

_OF_TRACKING = ("tracking_uri", "experiment_name", "run_name", "save_execute_config", "is_not_rank0")
"""Ids that MONAI adds for MLflow."""

_WITHOUT_EFFECT = {
    *("imports", "bundle_root", "dataset_dir", "input", "ckpt_path", "output_dir", "overwrite"),
    *("device", "num_workers", "dataloader", "handlers", "evaluator", "inference", "inference_run", "run"),
    *_OF_TRACKING,
}
"""Ids that change nothing in the results of an inference, see `settings_digest`."""


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


def settings_digest() -> str:
    """Return what changes when the config that is being run, with what was typed, may give other results for an image.

    That is a digest of all its ids but those that name inputs, weights and the output folder, that say how to compute,
    or what to do with results. Expressions count as they are written.
    """
    content = {name: value for name, value in _workflow().parser.get().items() if name not in _WITHOUT_EFFECT}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def plain_options() -> dict[str, Any]:
    """Return what the config that is being run sets at its top in plain words: numbers, texts, switches, lists of them.

    What says how runs are tracked, and that a training goes on, is left out.
    """
    options = _workflow().parser.get().items()
    return {name: value for name, value in options if _is_plain(value) and name not in (*_OF_TRACKING, "resume")}


def config_copy(folder: Path) -> Path | None:
    """Return the copy of the config that MONAI made for tracking in the output folder, None if it made none.

    Its own id for it is wrong where the folder was typed: MONAI takes it for an expression.
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
    """Prepare a run; the first entry of every list that a bundle runs.

    From here on what a user can mend is shown as one sentence, overrides that no config knows are refused, and all
    generators start from ``seed``.

    Args:
        device: torch device or its name, to be checked.
        seed: seed for weights and whatever else is drawn; None leaves the generators alone.
        deterministic: whether PyTorch is to use algorithms alone that give the same numbers each time; they are slower
            on a GPU, and on a CPU it does so anyway.

    Raises:
        InputError: when the command line sets an id that no config has, or the device is not there.
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
    """From now on let PyTorch use algorithms alone that give the same numbers each time, and refuse operations without.

    Matrix products and convolutions are in full float32, not in TensorFloat-32. It has to come before the first
    computation on a GPU. See https://docs.pytorch.org/docs/stable/notes/randomness.html.
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
        raise InputError("--device: found cuda, but PyTorch sees no GPU here, expected cpu.")
