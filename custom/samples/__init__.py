"""Where do data to try out a task come from? Reproducible synthetic images in the layout of the real data."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..errors import InputError
from ..ground.files import filling
from ._pairs import write_pairs

__all__ = ["make_many_samples", "make_samples"]

_TASKS = ("cytoskeleton", "dendrite", "hela_track", "neuron_em", "tem", "vesicle")
"""Names of the generators: modules of this package with a function ``make(folder, seed)``."""

_TASKS_OF_PAIRS = ("cytoskeleton", "tem", "vesicle")
"""Generators that also have ``PAIRS``, so that they can draw any number of images."""

_VALIDATION = 0.1  # fraction of the pairs of a large set


def make_samples(task: str, folder: Path, seed: int = 0) -> Path:
    """Make the sample data of a task, unless they exist already.

    The folder appears only when the set is complete. If two processes make it at the same time, the second one uses the
    set of the first. A folder with a finished set is left unchanged, even if it was made with another seed.

    Args:
        task: name of the bundle, for example ``"dendrite"``.
        folder: a new or empty folder, or one with a finished set of this task.
        seed: 0 or more; the same seed gives the same files, byte for byte.

    Returns:
        ``folder``, with the images, their labels and ``manifest.json``.

    Raises:
        InputError: there are no sample data for the task, ``seed`` is negative, or ``folder`` contains something else
            or cannot be created.
        OutputError: the disk is full.
    """
    if task not in _TASKS:
        raise InputError(f"No sample data for the task {task!r}, expected one of {', '.join(_TASKS)}.")
    _check_least("seed", seed, 0)
    folder = Path(folder)
    if not _is_finished(task, folder):
        _make_complete(task, folder, lambda temporary: _generator(task).make(temporary, seed))
    return folder


def make_many_samples(task: str, folder: Path, count: int, side: int = 512, seed: int = 0, workers: int = 1) -> Path:
    """Make a set of sample data of any size: 90 % of the pairs for training, 10 %, at least one, for validation.

    The folder appears only when the set is complete.

    Args:
        task: name of a bundle whose images are drawn one by one: ``"cytoskeleton"``, ``"tem"`` or ``"vesicle"``.
        folder: a new or empty folder.
        count: number of pairs, at least 2.
        side: height and width of the images in pixels, at least 64.
        seed: 0 or more; the same seed gives the same files, byte for byte, for any number of workers.
        workers: number of processes.

    Returns:
        ``folder``, with the images, their labels and ``manifest.json``.

    Raises:
        InputError: the task has a fixed number of images, ``folder`` is not empty or cannot be created, or a number is
            too small.
        OutputError: the disk is full.

    Examples:
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     folder = make_many_samples("vesicle", Path(parent) / "cells", 2, side=64)  # doctest: +ELLIPSIS
        ...     [path.name for path in sorted(folder.glob("*/img/*.tif"))]
        Drawing sample data for vesicle: ...
        ['00001.tif', '00002.tif']
    """
    if task not in _TASKS_OF_PAIRS:
        expected = f"one of {', '.join(_TASKS_OF_PAIRS)}"
        raise InputError(f"No variable number of images for the task {task!r}, expected {expected}.")
    for name, value, least in (("count", count, 2), ("size", side, 64), ("seed", seed, 0), ("workers", workers, 1)):
        _check_least(name, value, least)
    folder = Path(folder)
    if _is_finished(task, folder):
        raise InputError.about(folder, f"sample data of {task}", "a new or empty folder")
    validation = max(1, round(_VALIDATION * count))
    counts = {"train": count - validation, "validation": validation}
    pairs = _generator(task).PAIRS
    _make_complete(task, folder, lambda temporary: write_pairs(pairs, temporary, counts, (side, side), seed, workers))
    return folder


def _generator(task: str) -> ModuleType:
    """Import the generator of a task; those of the other tasks are not loaded."""
    return import_module(f".{task}", __name__)


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise InputError(f"{name}: found {value}, expected at least {least}.")


def _make_complete(task: str, folder: Path, make: Callable[[Path], None]) -> None:
    """Call ``make`` with a temporary folder, which gets its final name when the set is complete."""
    print(f"Drawing sample data for {task}: {folder.absolute()}", flush=True)
    with _temporary_sibling(folder) as parent:
        temporary = Path(parent) / folder.name  # a subfolder, so that it gets default permissions
        temporary.mkdir()
        with filling(temporary, folder):
            make(temporary)
        _publish(task, temporary, folder)


def _temporary_sibling(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder with the same parent, so that a rename stays on the same file system."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent)
    except OSError as error:
        found = f"a folder that cannot be created ({error.strerror})"
        raise InputError.about(folder, found, "a folder in a writable place") from error


def _is_finished(task: str, folder: Path) -> bool:
    """Return whether a folder contains the finished set of a task; raise InputError if it contains anything else."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise InputError.about(folder, "a file", "a folder")
    expected = f"a new folder or the sample data of {task}"
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        if any(folder.iterdir()):
            raise InputError.about(folder, "other files", expected)
        return False
    name = _name_in(manifest)
    if name != f"sample_{task}":
        raise InputError.about(folder, f"the data set {name!r}" if name else "a manifest.json without a name", expected)
    return True


def _name_in(manifest: Path) -> str | None:
    """Return the name of the data set in a manifest, or None if the manifest is invalid."""
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return content.get("name") if isinstance(content, dict) else None


def _publish(task: str, temporary: Path, folder: Path) -> None:
    """Rename the complete set to its final name, unless another process was faster."""
    try:
        temporary.replace(folder)
    except OSError:
        if not _is_finished(task, folder):
            raise
