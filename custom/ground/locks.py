"""One run at a time in an output folder. A lock is released when its process ends, even if it is killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError, OutputError, no_room
from .processes import is_main

LOCK_FILE = ".lock"

_held: dict[Path, FileLock] = {}


def claim(folder: str | Path) -> Path:
    """Lock an output folder for this process until `release`; fail if another run is active there.

    Args:
        folder: the output folder; it is created. This process may hold its lock already. In distributed training, only
            the main process locks it.

    Returns:
        The folder.

    Raises:
        InputError: another run is active there.
        OutputError: the folder cannot be written to.
    """
    if not is_main():
        return Path(folder)
    try:
        return _take(Path(folder), seconds=0)
    except Timeout as error:
        expected = "another --output_dir, or that run to finish first"
        raise InputError.about(folder, "another active run in this folder", expected) from error


def wait_for(folder: str | Path) -> Path:
    """Lock an output folder like `claim`, but wait for another run that is active there, and print that."""
    try:
        return _take(Path(folder), seconds=0)
    except Timeout:
        print(f"Another run is active in {folder}; waiting for it to finish.", file=sys.stderr, flush=True)
    return _take(Path(folder), seconds=-1)


def release(folder: str | Path) -> None:
    """Unlock an output folder, and remove it if nothing was written into it."""
    lock = _held.pop(Path(folder).resolve(), None)
    if lock is None:
        return
    if [path.name for path in Path(folder).iterdir()] == [LOCK_FILE]:
        (Path(folder) / LOCK_FILE).unlink()
        Path(folder).rmdir()
    lock.release()


@contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """Hold the lock of an output folder while the block runs, after waiting for other runs there.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     with alone_in(f"{parent}/out"):
        ...         Path(parent, "out", "scores.csv").touch()
        ...     sorted(path.name for path in Path(parent, "out").iterdir())
        ['.lock', 'scores.csv']
    """
    wait_for(folder)
    try:
        yield
    finally:
        release(folder)


def _take(folder: Path, seconds: float) -> Path:
    if folder.resolve() in _held:
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK_FILE)
        lock.acquire(timeout=seconds, poll_interval=0.2)
    except OSError as error:
        if isinstance(error, Timeout) or no_room(error):
            raise
        found = f"a folder that cannot be written to ({error.strerror})"
        raise OutputError.about(folder, found, "a writable folder") from error
    _held[folder.resolve()] = lock
    return folder
