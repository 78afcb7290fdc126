"""Find or copy the bundles that ship with this package: ``python -m custom.bundles [NAME] [--copy FOLDER]``."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from .data._shipped import shipped_bundle, shipped_bundles
from .errors import InputError, OutputError, no_room, show_input_errors
from .ground.names import as_given, in_home

PARTS = ("configs", "docs", "models")
"""Folders to copy; a checkout may also contain sample data and results of earlier runs."""


def copy_bundle(name: str, folder: Path) -> Path:
    """Copy a shipped bundle: configs, docs, weights and license.

    Args:
        name: name of the bundle, such as ``dendrite``.
        folder: root folder of the copy; it must not exist, and is created only when the copy is complete.

    Returns:
        The root folder of the copy.

    Raises:
        InputError: there is no such bundle, or the folder already exists.
        OutputError: the folder cannot be written.
    """
    bundle = shipped_bundle(name)
    target = as_given(in_home(folder))
    if target.exists():
        raise InputError.about(target, "an existing file or folder", "a new folder")
    try:
        _copy(bundle, target)
    except OSError as error:
        found = f"a folder that cannot be written to ({no_room(error) or error.strerror})"
        raise OutputError.about(target.parent, found, "a writable folder") from error
    return target


def _copy(bundle: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    parts = (file for part in PARTS for file in (bundle / part).rglob("*") if file.is_file())
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        copy = Path(folder) / target.name
        for file in (bundle / "LICENSE", *parts):
            place = copy / file.relative_to(bundle)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        copy.rename(target)


def _list() -> str:
    """Return a line for each shipped bundle: its name and its task."""
    tasks = {name: _task(folder) for name, folder in shipped_bundles().items()}
    width = max(map(len, tasks), default=0)
    return "\n".join(f"{name:{width}}  {task}" for name, task in tasks.items())


def _task(bundle: Path) -> str:
    return str(json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))["task"])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.bundles", description=__doc__)
    parser.add_argument("name", nargs="?", help="print the folder of this bundle; without it, list all")
    parser.add_argument("--copy", type=Path, metavar="FOLDER", help="copy the bundle to a new folder")
    given = parser.parse_args()
    if given.copy and not given.name:
        parser.error("--copy needs the name of a bundle")
    show_input_errors()
    if given.name is None:
        print(_list())
    else:
        print(copy_bundle(given.name, given.copy) if given.copy else shipped_bundle(given.name))


if __name__ == "__main__":
    main()
