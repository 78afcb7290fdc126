"""Files that are written whole or not at all, and checksums."""

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
    """Return the SHA-256 of a file, in hexadecimal; raise InputError where it may not be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except PermissionError as error:
        raise InputError.about(file, "a file that may not be read", "one that you may read") from error


@contextmanager
def atomic_path(path: str | os.PathLike[str], size: int = 0) -> Iterator[Path]:
    """Give a temporary path beside the target, and rename it to the target once the block has succeeded.

    The parent folder is created. If the block raises, the temporary file is removed and the target is as it was.

    Args:
        path: the file to write.
        size: its size in bytes as far as it is known, to be named when the disk is full.

    Yields:
        A hidden path in the same folder, with the same suffix.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full, whatever the block raised over it.
    """
    target = Path(path)
    # Created by the writer itself, not by `tempfile`, whose files only their owner may read.
    temporary = target.with_name(f".{secrets.token_hex(6)}-{target.name[-40:]}")
    _make_folder(target.parent)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's way to say it
        reason = no_room(error) or _refusal(temporary)
        if reason is not None:
            raise _full(target, temporary, reason, size) from error
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


def _refusal(file: Path) -> str | None:
    """Return why a file that is half written cannot grow; None if it can: libraries hide what the system told them."""
    try:
        with file.open("ab") as stream:
            stream.write(bytes(2**20))
    except OSError as error:
        return NO_ROOM.get(error.errno or 0)
    return None


def _full(target: Path, temporary: Path, reason: str, size: int) -> OutputError:
    """Return the one sentence for a file that did not fit, with the room that there is without its half."""
    half = temporary.stat().st_size if temporary.is_file() else 0
    free = shutil.disk_usage(target.parent).free + half
    known = size or (target.stat().st_size if target.is_file() else 0)
    needed = f"about {_bytes(known)}" if known > half else "more"
    return OutputError(
        f"{target}: {reason}: {_bytes(free)} are free, this file needs {needed}; what was complete before is kept."
    )


def _bytes(count: int) -> str:
    return f"{tqdm.format_sizeof(count)}B"


@contextmanager
def filling(folder: str | os.PathLike[str], target: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what a block raises over a full disk, when it fills a folder, into the one sentence.

    Args:
        folder: where the block writes; it goes if the block fails.
        target: what is named in the sentence.

    Raises:
        OutputError: the disk is full.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = no_room(error) or _refusal(Path(folder) / f".{secrets.token_hex(6)}-probe")
        if reason is None:
            raise
        raise OutputError(f"{os.fspath(target)}: {reason}, and what was begun there is removed.") from error


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files and folders that writers left in a folder when they were killed."""
    for path in Path(folder).glob(".*"):
        if re.match(r"\.[0-9a-f]{12}-", path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
