"""What a training run was made with: its options and its images, to be compared when the run is resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ground.files import sha256
from ..ground.progress import shown

_WITHOUT_EFFECT = {
    # What surrounds a run, and where it takes place.
    *(
        "_meta_",
        "imports",
        "this_config",
        "package",
        "bundle_root",
        "output_dir",
        "results",
        "device",
        "network",
        "single_network",
        "run",
    ),
    *("training", "training_run", "show_augmentation", "resume", "deterministic", "checkpoint_minutes", "colors"),
    *("tracking_uri", "experiment_name", "run_name", "save_execute_config", "is_not_rank0", "tracking"),
    *("picture_interval", "val_interval", "validation_window", "num_workers", "cache_rate", "precompute"),
    # Compared otherwise: by the images, the batches, the schedule and the best score.
    *("dataset_dir", "manifest", "labels", "train_splits", "train_images", "train_masks", "val_images", "val_masks"),
    *("data", "data_sets", "folders", "batch_size", "max_epochs", "best_by"),
    *("train#dataloader", "train#handlers", "train#trainer", "train#dataset#data", "train#dataset#cache_rate"),
    *(
        "train#scaling",
        "train#dataset#copy_cache",
        "train#key_metric",
        "validate#additional_metrics",
        "validate#inferer#sw_batch_size",
    ),
    *("validate#dataloader", "validate#handlers", "validate#evaluator", "validate#dataset", "validate#centers"),
}
"""Ids of a config that may change when a run is resumed, with all ids below them."""


def training_options(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the options of a config that must not change when a training run is resumed: id → value.

    Args:
        content: the config with all options, its expressions as text.
        prefix: beginning of the ids.

    Examples:
        >>> training_options({"seed": 0, "device": "cpu", "optimizer": {"lr": "@learning_rate"}})
        {'seed': 0, 'optimizer#lr': '@learning_rate'}
    """
    found: dict[str, Any] = {}
    for key, value in content.items():
        name = f"{prefix}{key}"
        if name in _WITHOUT_EFFECT:
            continue
        if isinstance(value, (list, tuple)) and any(isinstance(one, (dict, list, tuple)) for one in value):
            value = dict(enumerate(value))
        found |= training_options(value, f"{name}#") if isinstance(value, dict) else {name: _plain(value)}
    return found


def _plain(value: Any) -> Any:
    """Return a value as it is read back from JSON; the command line passes ``true`` as text."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return json.loads(json.dumps(value, default=lambda one: f"a {type(one).__qualname__}"))


def different(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return how to type the options that differ as they were before.

    Examples:
        >>> different({"learning_rate": 0.01, "seed": 0}, {"learning_rate": 0.3, "seed": 0})
        ['--learning_rate 0.01, not 0.3']
    """
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [f"--{name} {before.get(name)}, not {now.get(name)}" for name in names]


def hyperparameters(optimizer: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters in the state of an optimizer that another state has, too; loading replaces them."""
    skipped = {"params", "lr", "foreach", "fused", "capturable", "differentiable"}
    groups = zip(optimizer["param_groups"], like["param_groups"], strict=False)
    return {
        "learning_rate" if name == "initial_lr" else name: value
        for group, other in groups
        for name, value in group.items()
        if name in other and name not in skipped
    }


def identities(splits: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the number and a SHA-256 of the images of each split, with their labels.

    The digest covers the content of all files and the names of the images, but not their folders, so that data may be
    moved. It also covers what an item says of them, such as page and pixel size.

    Args:
        splits: split → data set of a loader; one without a list ``data`` of items has no identity.

    Examples:
        >>> class Data:
        ...     data = [{"image": np.zeros((1, 2, 2)), "page": 0}]
        >>> identities({"training": Data()})["training"]["images"]
        1
    """
    listed = {name: getattr(dataset, "data", None) for name, dataset in splits.items()}
    items = {name: data for name, data in listed.items() if isinstance(data, Sequence)}
    values = (pair for data in items.values() for item in data for pair in _pairs(item))
    files = dict.fromkeys(file for key, value in values for file in _files(key, value))  # a stack is read once
    digests = {file: sha256(Path(file)) for file in shown(files, len(files), "checking images")}
    return {name: {"images": len(data), "sha256": _digest(data, digests)} for name, data in items.items()}


def _digest(items: Iterable[Any], digests: Mapping[Any, str]) -> str:
    digest = hashlib.sha256()
    for item in items:
        described = {key: _described(key, value, digests) for key, value in _pairs(item)}
        digest.update(json.dumps(described, sort_keys=True).encode())
    return digest.hexdigest()


def _described(key: str, value: Any, digests: Mapping[Any, str]) -> Any:
    if isinstance(value, Mapping) and _files(key, value):  # a label with a file per class: in the order of drawing
        return [[name, _described(key, part, digests)] for name, part in value.items()]
    if _is_file(key, value):
        return digests[value]
    if hasattr(value, "__array__"):
        array = np.ascontiguousarray(value)
        return f"{array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"
    return repr(value)


def _pairs(item: Any) -> list[tuple[str, Any]]:
    return [(str(key), value) for key, value in item.items()] if isinstance(item, Mapping) else [("", item)]


def _files(key: str, value: Any) -> list[Any]:
    """Return the files of a value: itself, or those of a label with a file per class."""
    parts = value.values() if isinstance(value, Mapping) else [value]
    return [part for part in parts if _is_file(key, part)]


def _is_file(key: str, value: Any) -> bool:
    return key != "name" and isinstance(value, (str, os.PathLike)) and os.path.isfile(value)
