"""Which inputs of an inference are done: for each a small file, written when all of its results are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..ground.files import atomic_path
from ..ground.growing_table import DONE
from ..images import is_image_file, read_image


class DoneMarkers:
    """The records of an output folder.

    A record says what an input was (path, size, time of its last change), what its results were made with, and which
    files they are. Only an input for which all of that still holds is done.

    Args:
        folder: the output folder.
        made_with: what the results of this run are made with: name → something that changes when they would.
    """

    def __init__(self, folder: Path, made_with: Mapping[str, str]) -> None:
        self.folder = folder
        self.made_with = dict(made_with)
        self._identities: dict[str, dict[str, Any]] = {}

    def see(self, item: Mapping[str, Any]) -> None:
        """Note what an input is, before it is read: it may change while the network is at work.

        Raises:
            OSError: it is not there any more.
        """
        self._identities[item["file"]] = _identity(item)

    def done(self, item: Mapping[str, Any]) -> list[Path] | None:
        """Return the results of an input that was seen if it is done, else None; ``item`` is one of its pages."""
        record = self._read(item["name"])
        if (
            record is None
            or record.get("input") != self._identities[item["file"]]
            or record.get("made_with") != self.made_with
        ):
            return None
        whole = all(_is_whole(self.folder / name, size) for name, size in record["files"].items())
        return self._results(record) if whole else None

    def begin(self, item: Mapping[str, Any]) -> list[Path]:
        """Note that an input is not done any more, and return the results that it had."""
        record = self._read(item["name"])
        if record is None:
            return []
        self._write(item["name"], {"files": record["files"]})
        return self._results(record)

    def finish(self, item: Mapping[str, Any], files: Sequence[Path]) -> None:
        """Note that an input is done, with all files that belong to it, which are in the output folder."""
        sizes = {file.relative_to(self.folder).as_posix(): _size(file) for file in files}
        identity = self._identities[item["file"]]
        self._write(item["name"], {"input": identity, "made_with": self.made_with, "files": sizes})

    def _write(self, name: str, record: Mapping[str, Any]) -> None:
        with atomic_path(self._file(name)) as path:
            path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _results(self, record: Mapping[str, Any]) -> list[Path]:
        return [self.folder / name for name in record["files"] if not name.startswith(DONE)]

    def _read(self, name: str) -> dict[str, Any] | None:
        """Return a record, None if there is none; one that is damaged is none, and its input is done again."""
        try:
            record = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else None

    def _file(self, name: str) -> Path:
        return self.folder / DONE / f"{name}.json"


def _identity(item: Mapping[str, Any]) -> dict[str, Any]:
    file = Path(item["file"])
    status = file.stat()
    return {"file": str(file), "bytes": status.st_size, "modified": status.st_mtime_ns}


def _is_whole(file: Path, size: int) -> bool:
    """Tell whether a result is there: as it was written, or as somebody corrected it by hand, but not cut short."""
    if not file.exists() or _size(file) == size:
        return file.exists()
    try:
        return is_image_file(file) and read_image(file, channels="luminance").size > 0
    except InputError:
        return False


def _size(path: Path) -> int:
    """Return the size of a file, or of all files in a folder, in bytes."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
