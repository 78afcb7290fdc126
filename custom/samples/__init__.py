"""Deterministic sample data per task, in the layout of the real data: small enough to be made where it is needed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError
from . import dendrite, neuron_em

__all__ = ["make_samples"]

_GENERATORS: dict[str, Callable[[Path, int], None]] = {
    "dendrite": dendrite.make,
    "neuron_em": neuron_em.make,
}


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
        InputError: there are no sample data for the task, or `folder` holds something else.
    """
    if task not in _GENERATORS:
        raise InputError(f"No sample data for the task {task!r}, expected one of {', '.join(_GENERATORS)}.")
    folder = Path(folder)
    if _is_finished(task, folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In the same parent, so that the rename stays on one file system; one level down, to have ordinary permissions.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / folder.name
        made.mkdir()
        _GENERATORS[task](made, seed)
        _put(task, made, folder)
    return folder


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
    name = json.loads(manifest.read_text(encoding="utf-8")).get("name")
    if name != f"sample_{task}":
        raise InputError.about(folder, f"the data set {name!r}", expected)
    return True


def _put(task: str, made: Path, folder: Path) -> None:
    """Rename what was made to its final name, unless another process was first."""
    try:
        made.replace(folder)
    except OSError:
        if not _is_finished(task, folder):
            raise
