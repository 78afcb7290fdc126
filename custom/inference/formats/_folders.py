"""Write a folder so that one which is not whole is never seen."""

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
    """Give a temporary folder beside the target, which takes the target's place once the block has succeeded.

    If the block raises, the temporary folder is removed and the target is as it was. A process that is killed while an
    older folder is replaced leaves the older one, the new one or, for the moment between, none.

    Yields:
        A hidden path in the same folder, that `writers.remove_leftovers` knows; it does not exist yet.

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
        raise OutputError(f"{folder}: {reason}; what was complete before is kept.") from error
    finally:
        for leftover in (temporary, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
