"""The next commands after training and evaluation, complete, derived from the command that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from ..data._shipped import shipped_bundles
from ..ground.command_line import (
    config_files,
    joined,
    started_by_bundle_command,
    started_by_name,
    typed_options,
)
from ..ground.names import as_given, in_home

_TRAIN, _SEVERAL_GPUS, _FEW_IMAGES, _EVALUATE, _INFERENCE = (
    f"{name}.yaml" for name in ("train", "multi_gpu_train", "few_images", "evaluate", "inference")
)
_NOT_OF_THE_WEIGHTS = {_TRAIN, _SEVERAL_GPUS, _FEW_IMAGES, _EVALUATE, _INFERENCE}
_SHORT = {"evaluating": "evaluate", "inference": "segment"}
_RUN_OPTIONS = {"config_file", "run_id", "ckpt_path", "output_dir", "threshold", "seed_threshold", "resume"}
_TRAINING_OPTIONS = {
    "batch_size",
    "best_by",
    "checkpoint_minutes",
    "deterministic",
    "experiment_name",
    "learning_rate",
    "max_epochs",
    "picture_interval",
    "precompute",
    "pretrained",
    "run_name",
    "save_execute_config",
    "seed",
    "tracking",
    "tracking_uri",
    "val_interval",
}


def evaluating_command(weights: Path) -> str | None:
    """Return the command that scores weights trained by the running command; None if that is not a bundle command.

    Args:
        weights: file of the weights. If the running command sets an output folder, scores go to ``evaluation`` in it.
    """
    typed = _typed()
    if typed is None:
        return None
    kept = {name: value for name, value in typed.items() if name not in _RUN_OPTIONS | _TRAINING_OPTIONS}
    files = [_sibling_config(_TRAIN), *_overlays(), _sibling_config(_EVALUATE)]
    return _command("evaluating", files, kept | _path_options(typed, weights, "evaluation"))


def inference_command(weights: Path) -> str | None:
    """Return the command that segments images with the weights of the running command; None if it is no bundle command.

    Options that inference also has are kept. ``IMAGES`` is a placeholder for the images; it is left out if the running
    command used sample data, which inference finds by itself. If the running command sets an output folder, results go
    to ``inference`` in it or, after an evaluation, next to it.

    Args:
        weights: file of the weights.
    """
    typed = _typed()
    if typed is None:
        return None
    known = yaml.safe_load(Path(_sibling_config(_INFERENCE)).read_text(encoding="utf-8"))
    kept = {n: v for n, v in typed.items() if n in known and n not in _RUN_OPTIONS | {"dataset_dir"}}
    images = {"input": "IMAGES"} if "dataset_dir" in typed or "train_images" in typed else {}
    options = images | kept | _path_options(typed, weights, "inference")
    return _command("inference", [_sibling_config(_INFERENCE), *_overlays()], options)


def print_next(**commands: str | None) -> None:
    """Print the next commands, except None; the name of each argument, such as ``segment_images``, is its heading."""
    for what, command in commands.items():
        if command is not None:
            print(f"Next, {what.replace('_', ' ')}:\n  {command}", flush=True)


def _typed() -> dict[str, str] | None:
    """Return the options of a bundle command, None if the process was started in another way."""
    return typed_options() if started_by_bundle_command() and Path(_sibling_config(_INFERENCE)).is_file() else None


def _sibling_config(name: str) -> str:
    """Return the path of a config in the folder of the first typed config."""
    files = config_files()
    return str(Path(files[0]).with_name(name)) if files else name


def _overlays() -> list[str]:
    """Return the typed configs that select other classes or data, and therefore belong to the weights."""
    return [file for file in config_files() if Path(file).name not in _NOT_OF_THE_WEIGHTS]


def _path_options(typed: Mapping[str, str], weights: Path, name: str) -> dict[str, str]:
    """Return the options for the weights and, if an output folder was typed, for the folder of the results."""
    options = {"ckpt_path": str(weights)}
    if "output_dir" in typed:
        folder = as_given(in_home(typed["output_dir"]))
        options["output_dir"] = str(folder / name if folder == weights.parent else folder.with_name(name))
    return options


def _command(run: str, files: list[str], options: Mapping[str, str]) -> str:
    if started_by_name():
        return _short(run, files, options)
    configs = files[0] if len(files) == 1 else "[" + ",".join(f"'{file}'" for file in files) + "]"
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return joined(["python", "-m", "monai.bundle", "run", run, "--config_file", configs, *words])


def _short(run: str, files: list[str], options: Mapping[str, str]) -> str:
    """Return a command in which the bundle has a name, if the running one is of that kind."""
    folder, overlays = Path(files[0]).parent.parent, _overlays()
    bundle = folder.name if folder in shipped_bundles().values() else str(folder)
    rest = dict(options)
    weights = Path(rest.pop("ckpt_path"))
    words = ["microscopy", _SHORT[run], bundle]
    words += [rest.pop(name) for name in ("input", "dataset_dir") if not rest.get(name, "[").startswith("[")]
    for overlay in overlays:
        words += ["-c", Path(overlay).stem if Path(overlay).parent == folder / "configs" else overlay]
    words += ["-w", str(weights.parent if weights.name == "model.pt" else weights)]
    words += ["-o", rest.pop("output_dir")] if "output_dir" in rest else []
    return joined([*words, *(word for name, value in rest.items() for word in (f"--{name}", value))])
