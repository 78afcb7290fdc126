"""One run at a time in an output folder; a lock is gone when its process ends, however it ends."""

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
    """Take an output folder for this process until `release`, or refuse while another run is at work there.

    Args:
        folder: the output folder; it is created. The process may have taken it before. Of several processes that train
            together, only the one that writes takes it.

    Returns:
        the folder.

    Raises:
        InputError: another run is at work there.
        OutputError: the folder cannot be written to.
    """
    if not is_main():
        return Path(folder)
    try:
        return _take(Path(folder), seconds=0)
    except Timeout as error:
        expected = "another --output_dir, or that run's end"
        raise InputError.about(folder, "another run at work in this folder", expected) from error


def wait_for(folder: str | Path) -> Path:
    """Take an output folder as `claim` does, but wait while another run is at work there, and say so."""
    try:
        return _take(Path(folder), seconds=0)
    except Timeout:
        print(f"Another run is at work in {folder}; waiting for its end.", file=sys.stderr, flush=True)
    return _take(Path(folder), seconds=-1)


def release(folder: str | Path) -> None:
    """Give an output folder back; one in which nothing was written goes, too."""
    lock = _held.pop(Path(folder).resolve(), None)
    if lock is None:
        return
    if [path.name for path in Path(folder).iterdir()] == [LOCK_FILE]:
        (Path(folder) / LOCK_FILE).unlink()
        Path(folder).rmdir()
    lock.release()


@contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """Have an output folder for this process alone while the block lasts, after other runs there have ended."""
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
