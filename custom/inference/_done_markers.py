"""Markers of finished images: a small file for each image, written after all of its results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data import results
from ..errors import InputError
from ..ground.files import atomic_path
from ..ground.growing_table import DONE
from ..images import is_image_file, read_image


class DoneMarkers:
    """The markers in an output folder.

    A marker records the image (path, size, modification time), what its results were made with, and their files. An
    image is finished only if all of this is unchanged.

    Args:
        folder: the output folder.
        made_with: name → value that changes when results could change, such as the hash of the weights.
        classes: names of the classes of masks, background first; empty for binary masks.
    """

    def __init__(self, folder: Path, made_with: Mapping[str, str], classes: Sequence[str] = ()) -> None:
        self.folder = folder
        self.made_with = dict(made_with)
        self.classes = list(classes)
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
        marker = results.read_marker(self.folder, item["name"])
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
        marker = results.read_marker(self.folder, item["name"])
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
        editable = [file for file in files if file.name.endswith(results.EDITABLE)]
        versions = [file.with_suffix(suffix) for file in editable for suffix in results.SAVED_AS]
        editable += [file for file in versions if file.is_file()]
        self._write(
            item["name"],
            {
                "input": self._identities[item["file"]],
                "made_with": self.made_with,
                "files": sizes,
                "read_as": _reading(item),
                "classes": self.classes,
                "pixels": {file.name: [results.modified(file), results.pixels_of(file)] for file in editable},
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
        return results.corrected_files(self.folder, results.read_marker(self.folder, item["name"]) or {})

    def edited(self, item: Mapping[str, Any]) -> list[Path]:
        """Return the masks and labels of an image whose pixels have changed since they were written.

        A file that another program has stored again with the same pixels is not edited.

        Args:
            item: any page of the image.

        Raises:
            InputError: a changed file cannot be read as labels.
        """
        return results.edited_files(self.folder, results.read_marker(self.folder, item["name"]) or {})

    def _write(self, name: str, marker: Mapping[str, Any]) -> None:
        with atomic_path(results.marker_file(self.folder, name)) as path:
            path.write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")

    def _results(self, marker: Mapping[str, Any]) -> list[Path]:
        return [self.folder / name for name in marker["files"] if not name.startswith(DONE)]


def _reading(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return how an image was read: the keys of its item that say so."""
    found = {name: item[name] for name in ("channels", "axes") if name in item}
    if item.get("channel") is not None:
        found["channel"] = int(item["channel"])
    if item.get("pixel_size") is not None:
        found["pixel_size"] = [float(side) for side in item["pixel_size"]]
    return found


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
