"""What to type after a training or an evaluation: whole commands, made from the one that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from ..ground.command_line import config_files, joined, started_by_bundle_command, typed_options

_TRAIN, _SEVERAL_GPUS, _EVALUATE, _INFERENCE = (
    f"{name}.yaml" for name in ("train", "multi_gpu_train", "evaluate", "inference")
)
_OF_THE_RUN = {"config_file", "run_id", "ckpt_path", "output_dir", "threshold", "seed_threshold", "resume"}
_OF_TRAINING = {
    "batch_size",
    "best_by",
    "checkpoint_minutes",
    "deterministic",
    "experiment_name",
    "learning_rate",
    "max_epochs",
    "picture_interval",
    "precompute",
    "run_name",
    "save_execute_config",
    "seed",
    "tracking",
    "tracking_uri",
    "val_interval",
}


def evaluating_command(weights: Path) -> str | None:
    """Return the command that scores weights which the running command has trained; None if it was not one.

    Args:
        weights: the file; where the command names an output folder, scores go into the folder ``evaluation`` in it.
    """
    typed = _typed()
    if typed is None:
        return None
    kept = {name: value for name, value in typed.items() if name not in _OF_THE_RUN | _OF_TRAINING}
    files = [_beside(_TRAIN), *_overlays(), _beside(_EVALUATE)]
    return _command("evaluating", files, kept | _places(typed, weights, "evaluation"))


def inference_command(weights: Path) -> str | None:
    """Return the command that segments images with weights of the running command; None if it was none of a bundle.

    Args:
        weights: the file. Options of the running command that inference has too are kept; ``IMAGES`` stands for the
            user's own images, unless the command ran on sample data, which inference takes by itself. Where the command
            names an output folder, results go into the folder ``inference`` in it, or, after an evaluation, beside it.
    """
    typed = _typed()
    if typed is None:
        return None
    known = yaml.safe_load(Path(_beside(_INFERENCE)).read_text(encoding="utf-8"))
    kept = {n: v for n, v in typed.items() if n in known and n not in _OF_THE_RUN | {"dataset_dir"}}
    images = {"input": "IMAGES"} if "dataset_dir" in typed or "train_images" in typed else {}
    return _command(
        "inference", [_beside(_INFERENCE), *_overlays()], images | kept | _places(typed, weights, "inference")
    )


def print_next(**commands: str | None) -> None:
    """Print commands under what they do; a program that runs bundles without the command line knows what it does."""
    for what, command in commands.items():
        if command is not None:
            print(f"Next, {what.replace('_', ' ')}:\n  {command}", flush=True)


def _typed() -> dict[str, str] | None:
    """Return the options of a bundle's command, None when the process was started in another way."""
    return typed_options() if started_by_bundle_command() and Path(_beside(_INFERENCE)).is_file() else None


def _beside(name: str) -> str:
    """Return a config in the folder of the first one that was typed."""
    files = config_files()
    return str(Path(files[0]).with_name(name)) if files else name


def _overlays() -> list[str]:
    """Return the configs that stand for other classes or data, and so belong to the weights."""
    own = {_TRAIN, _SEVERAL_GPUS, _EVALUATE, _INFERENCE}
    return [file for file in config_files() if Path(file).name not in own]


def _places(typed: Mapping[str, str], weights: Path, name: str) -> dict[str, str]:
    """Return where weights are, and where results go, if the user has said so before."""
    places = {"ckpt_path": str(weights)}
    if "output_dir" in typed:
        folder = Path(typed["output_dir"]).expanduser().resolve()
        places["output_dir"] = str(folder / name if folder == weights.parent else folder.with_name(name))
    return places


def _command(run: str, files: list[str], options: Mapping[str, str]) -> str:
    configs = files[0] if len(files) == 1 else "[" + ",".join(f"'{file}'" for file in files) + "]"
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return joined(["python", "-m", "monai.bundle", "run", run, "--config_file", configs, *words])
