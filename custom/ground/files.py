"""Atomic writing of files, with one clear sentence when the disk is full, and checksums."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from ..errors import NO_ROOM, InputError, OutputError, no_room


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Raises:
        InputError: the file has no read permission.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "empty"
        ...     file.touch()
        ...     sha256(file)[:8]
        'e3b0c442'
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except PermissionError as error:
        raise InputError.about(file, "a file without read permission", "a readable file") from error


@contextmanager
def atomic_path(path: str | os.PathLike[str], size: int = 0) -> Iterator[Path]:
    """Yield a temporary path next to the target, and rename it to the target when the block succeeds.

    The parent folder is created. If the block raises, the temporary file is removed and the target stays as it was.

    Args:
        path: the file to write.
        size: its size in bytes if known, for the message when the disk is full.

    Yields:
        A hidden path in the same folder, with the same suffix.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full, whichever exception the block
            raised because of it.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_path(Path(folder) / "new" / "scores.txt") as path:
        ...         _ = path.write_text("0.9")
        ...     (Path(folder) / "new" / "scores.txt").read_text()
        '0.9'
    """
    target = Path(path)
    # The writer creates the file itself: a file made by `tempfile` would be readable only by its owner.
    temporary = target.with_name(f".{secrets.token_hex(6)}-{target.name[-40:]}")
    _make_folder(target.parent)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:  # torch raises RuntimeError
        reason = no_room(error) or _reason_not_to_grow(temporary)
        if reason is not None:
            raise _disk_full(target, temporary, reason, size) from error
        if isinstance(error, PermissionError) and Path(error.filename or "") == temporary:
            found = f"a folder that cannot be written to ({error.strerror})"
            raise OutputError.about(target.parent, found, "a writable folder") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"a folder that cannot be created ({error.strerror})"
        raise OutputError.about(folder, found, "a writable folder") from error


def _reason_not_to_grow(file: Path) -> str | None:
    """Return why an incomplete file cannot grow, or None if it can. Libraries often hide the error of the system."""
    try:
        with file.open("ab") as stream:
            stream.write(bytes(2**20))
    except OSError as error:
        return NO_ROOM.get(error.errno or 0)
    return None


def _disk_full(target: Path, temporary: Path, reason: str, size: int) -> OutputError:
    """Return the error for a file that did not fit, with the free space without the incomplete temporary file."""
    written = temporary.stat().st_size if temporary.is_file() else 0
    free = shutil.disk_usage(target.parent).free + written
    known = size or (target.stat().st_size if target.is_file() else 0)
    needed = f"about {_bytes(known)}" if known > written else "more"
    return OutputError(
        f"{target}: {reason}: {_bytes(free)} are free, this file needs {needed}; files completed before are kept."
    )


def _bytes(count: int) -> str:
    return f"{tqdm.format_sizeof(count)}B"


@contextmanager
def filling(folder: str | os.PathLike[str], target: str | os.PathLike[str]) -> Iterator[None]:
    """Turn any exception that a full disk causes while a block fills a folder into an `OutputError`.

    Args:
        folder: the folder that the block writes into; the caller removes it if the block fails.
        target: the path to name in the message.

    Raises:
        OutputError: the disk is full.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = no_room(error) or _reason_not_to_grow(Path(folder) / f".{secrets.token_hex(6)}-probe")
        if reason is None:
            raise
        raise OutputError(f"{os.fspath(target)}: {reason}; the incomplete folder was removed.") from error


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files and folders that killed processes left in a folder."""
    for path in Path(folder).glob(".*"):
        if re.match(r"\.[0-9a-f]{12}-", path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
