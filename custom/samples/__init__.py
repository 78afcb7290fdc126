"""Deterministic sample data per task, in the layout of the real data: small enough to be made where it is needed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError
from ..ground.files import filling
from . import cytoskeleton, dendrite, hela_track, neuron_em, tem, vesicle
from ._pairs import Pairs, write_pairs

__all__ = ["make_many_samples", "make_samples"]

_GENERATORS: dict[str, Callable[[Path, int], None]] = {
    "cytoskeleton": cytoskeleton.make,
    "dendrite": dendrite.make,
    "hela_track": hela_track.make,
    "neuron_em": neuron_em.make,
    "tem": tem.make,
    "vesicle": vesicle.make,
}

_PAIRS: dict[str, Pairs] = {
    "cytoskeleton": cytoskeleton.PAIRS,
    "tem": tem.PAIRS,
    "vesicle": vesicle.PAIRS,
}

_VALIDATION = 0.1  # of the pairs of a big set


def make_samples(task: str, folder: Path, seed: int = 0) -> Path:
    """Make the sample data of a task, unless they are there already.

    The folder appears only when it is whole. If two processes make it at once, the second uses what the first has made.
    A folder that holds a finished set is left as it is, whatever seed that set was made with.

    Args:
        task: name of the bundle, for example ``"dendrite"``.
        folder: where the set is to be: a new or an empty folder, or one that holds a finished set of this task.
        seed: the same seed makes the same bytes.

    Returns:
        `folder`, which then holds the data and their `manifest.json`.

    Raises:
        InputError: there are no sample data for the task, `seed` is below 0, `folder` holds something else or cannot
            be made.
    """
    if task not in _GENERATORS:
        raise InputError(f"No sample data for the task {task!r}, expected one of {', '.join(_GENERATORS)}.")
    _check_least("seed", seed, 0)
    folder = Path(folder)
    if not _is_finished(task, folder):
        _make_whole(task, folder, lambda made: _GENERATORS[task](made, seed))
    return folder


def make_many_samples(task: str, folder: Path, count: int, side: int = 512, seed: int = 0, workers: int = 1) -> Path:
    """Make a big set of sample data: nine of ten pairs for training, the others, at least one, for validation.

    The folder appears only when it is whole.

    Args:
        task: name of a bundle whose images are drawn one by one, for example ``"cytoskeleton"``.
        folder: where the set is to be: a new or an empty folder.
        count: number of pairs, at least 2.
        side: height and width of the images in pixels, at least 64.
        seed: 0 or more; the same seed makes the same bytes, whatever the number of workers.
        workers: number of processes.

    Returns:
        `folder`, which then holds the data and their `manifest.json`.

    Raises:
        InputError: the task has no such images, `folder` is in use or cannot be made, or a number is too small.
    """
    if task not in _PAIRS:
        raise InputError(f"No images in any number for the task {task!r}, expected one of {', '.join(_PAIRS)}.")
    for name, value, least in (("count", count, 2), ("size", side, 64), ("seed", seed, 0), ("workers", workers, 1)):
        _check_least(name, value, least)
    folder = Path(folder)
    if _is_finished(task, folder):
        raise InputError.about(folder, f"sample data of {task}", "a new or an empty folder")
    validation = max(1, round(_VALIDATION * count))
    counts = {"train": count - validation, "validation": validation}
    _make_whole(task, folder, lambda made: write_pairs(_PAIRS[task], made, counts, (side, side), seed, workers))
    return folder


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise InputError(f"{name}: found {value}, expected at least {least}.")


def _make_whole(task: str, folder: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a folder, which gets its name only when it is whole."""
    print(f"Drawing sample data of {task}: {folder.absolute()}", flush=True)
    with _place_beside(folder) as temporary:
        made = Path(temporary) / folder.name  # one level down, to have ordinary permissions
        made.mkdir()
        with filling(made, folder):
            make(made)
        _put(task, made, folder)


def _place_beside(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder in the same parent, so that a rename from it stays on one file system."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent)
    except OSError as error:
        found = f"a folder that cannot be created ({error.strerror})"
        raise InputError.about(folder, found, "one in a writable folder") from error


def _is_finished(task: str, folder: Path) -> bool:
    """Return whether a folder holds the finished set of a task; raise InputError if it holds something else."""
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
    """Return the name of the data set that a manifest describes, None if it is broken."""
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return content.get("name") if isinstance(content, dict) else None


def _put(task: str, made: Path, folder: Path) -> None:
    """Rename what was made to its final name, unless another process was first."""
    try:
        made.replace(folder)
    except OSError:
        if not _is_finished(task, folder):
            raise
