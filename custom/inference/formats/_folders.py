"""Atomic writing of a folder: it is either complete or as before."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import OutputError, no_room


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Provide a temporary path next to the target that replaces the target when the block succeeds.

    If the block raises, the temporary folder is removed and the target is unchanged. If the process is killed while an
    existing folder is replaced, the old folder, the new folder or, between two renames, none remains.

    Yields:
        A hidden path in the same folder, which does not exist yet. `remove_leftovers` of `custom.ground.files` removes
        it after a killed run.

    Raises:
        OutputError: the disk is full.
    """
    temporary, old = (folder.with_name(f".{secrets.token_hex(6)}-{folder.name[-40:]}") for _ in range(2))
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        _to_disk(temporary)
        if folder.exists():
            os.replace(folder, old)
        os.replace(temporary, folder)
    except OSError as error:
        reason = no_room(error)
        if reason is None:
            raise
        raise OutputError(f"{folder}: {reason}; complete results are kept.") from error
    finally:
        for leftover in (temporary, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
