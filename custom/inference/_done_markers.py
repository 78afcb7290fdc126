"""Markers of finished images: a small file for each image, written after all of its results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..ground.files import atomic_path
from ..ground.growing_table import DONE
from ..images import is_image_file, read_image, read_labels

EDITABLE = ("_labels.tif", "_mask.tif")
"""Endings of the results that a user may correct by hand."""


class DoneMarkers:
    """The markers in an output folder.

    A marker records the image (path, size, modification time), what its results were made with, and their files. An
    image is finished only if all of this is unchanged.

    Args:
        folder: the output folder.
        made_with: name → value that changes when results could change, such as the hash of the weights.
    """

    def __init__(self, folder: Path, made_with: Mapping[str, str]) -> None:
        self.folder = folder
        self.made_with = dict(made_with)
        self._identities: dict[str, dict[str, Any]] = {}

    def see(self, item: Mapping[str, Any]) -> None:
        """Record path, size and modification time of an image before it is read, as it may change during prediction.

        Args:
            item: any page of the image.

        Raises:
            OSError: the file no longer exists.
        """
        self._identities[item["file"]] = _identity(item)

    def done(self, item: Mapping[str, Any]) -> list[Path] | None:
        """Return the results of a finished image, else None; `see` must have been called for it.

        Args:
            item: any page of the image.
        """
        marker = self._read(item["name"])
        if (
            marker is None
            or marker.get("input") != self._identities[item["file"]]
            or marker.get("made_with") != self.made_with
        ):
            return None
        complete = all(_is_complete(self.folder / name, size) for name, size in marker["files"].items())
        return self._results(marker) if complete else None

    def begin(self, item: Mapping[str, Any]) -> list[Path]:
        """Mark an image as unfinished, and return the results that it had."""
        marker = self._read(item["name"])
        if marker is None:
            return []
        self._write(item["name"], {"files": marker["files"]})
        return self._results(marker)

    def finish(self, item: Mapping[str, Any], files: Sequence[Path], corrected: Sequence[Path] = ()) -> None:
        """Mark an image as finished.

        Args:
            item: any page of the image.
            files: all files of its results, in the output folder.
            corrected: those that a user has edited, now or before.
        """
        sizes = {file.relative_to(self.folder).as_posix(): _size(file) for file in files}
        editable = [file for file in files if file.name.endswith(EDITABLE)]
        self._write(
            item["name"],
            {
                "input": self._identities[item["file"]],
                "made_with": self.made_with,
                "files": sizes,
                "pixels": {file.name: [_modified(file), _pixels(file)] for file in editable},
                "corrected": [file.name for file in corrected],
            },
        )

    def corrected(self, item: Mapping[str, Any]) -> list[Path]:
        """Return the results of an image that a user has edited, now or before an earlier run.

        Args:
            item: any page of the image.

        Raises:
            InputError: as `edited`.
        """
        before = [self.folder / name for name in (self._read(item["name"]) or {}).get("corrected", ())]
        return list(dict.fromkeys([*before, *self.edited(item)]))

    def edited(self, item: Mapping[str, Any]) -> list[Path]:
        """Return the masks and labels of an image whose pixels have changed since they were written.

        A file that another program has stored again with the same pixels is not edited.

        Args:
            item: any page of the image.

        Raises:
            InputError: a changed file cannot be read as labels.
        """
        stored = (self._read(item["name"]) or {}).get("pixels", {})
        files = [self.folder / name for name in stored]
        return [
            file
            for file in files
            if file.is_file() and _modified(file) != stored[file.name][0] and _pixels(file) != stored[file.name][1]
        ]

    def _write(self, name: str, marker: Mapping[str, Any]) -> None:
        with atomic_path(self._file(name)) as path:
            path.write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")

    def _results(self, marker: Mapping[str, Any]) -> list[Path]:
        return [self.folder / name for name in marker["files"] if not name.startswith(DONE)]

    def _read(self, name: str) -> dict[str, Any] | None:
        """Return a marker; None if there is none or it is damaged, so that the image is processed again."""
        try:
            marker = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return marker if isinstance(marker, dict) and isinstance(marker.get("files"), dict) else None

    def _file(self, name: str) -> Path:
        return self.folder / DONE / f"{name}.json"


def _modified(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _pixels(file: Path) -> str:
    """Return a hash of the shape and the values of an image, whatever its type and compression."""
    labels = read_labels(file)
    return hashlib.sha256(repr(labels.shape).encode() + labels.astype(np.uint64).tobytes()).hexdigest()


def _identity(item: Mapping[str, Any]) -> dict[str, Any]:
    file = Path(item["file"]).resolve()  # a link may lead to another image tomorrow
    status = file.stat()
    read_as = {key: item[key] for key in ("channel", "axes") if key in item}  # of a program's own item
    return {"file": str(file), "bytes": status.st_size, "modified": status.st_mtime_ns, **read_as}


def _is_complete(file: Path, size: int) -> bool:
    """Return whether a result exists, either as written or as a valid image that was corrected by hand."""
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
