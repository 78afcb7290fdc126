"""The markers of finished images in an output folder of inference, and which results a user has corrected by hand.

A marker is ``.done/NAME.json``. It tells the image, how it was read, the files of its results, and a hash of the pixels
of its mask and labels, by which an edited file is recognized.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..ground.growing_table import DONE
from ..images import read_labels

EDITABLE = ("_labels.tif", "_mask.tif")
"""Endings of the results that a user may correct by hand."""

SAVED_AS = (".tiff", ".png")
"""Suffixes with which a corrected result may be saved beside the one that was written."""


def is_output_folder(folder: Path) -> bool:
    """Return whether inference has finished images in a folder."""
    return any((folder / DONE).glob("*.json"))


def marker_file(folder: Path, name: str) -> Path:
    """Return the file of the marker of an image."""
    return folder / DONE / f"{name}.json"


def read_marker(folder: Path, name: str) -> dict[str, Any] | None:
    """Return a marker; None if there is none or it is damaged, so that the image is processed again."""
    try:
        marker = json.loads(marker_file(folder, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return marker if isinstance(marker, dict) and isinstance(marker.get("files"), dict) else None


def markers_in(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the markers of the finished images in a folder: name → marker."""
    names = sorted(file.stem for file in (folder / DONE).glob("*.json"))
    return {name: marker for name in names if (marker := read_marker(folder, name)) and "input" in marker}


def kind_of(file: Path) -> str:
    """Return what a result is.

    Examples:
        >>> kind_of(Path("cell_1_labels.tif"))
        'labels'
    """
    return file.stem.rpartition("_")[2]


def modified(file: Path) -> list[int]:
    """Return size and modification time of a file."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def pixels_of(file: Path) -> str:
    """Return a hash of the shape and the values of labels, whatever their type and compression."""
    labels = read_labels(file)
    return hashlib.sha256(repr(labels.shape).encode() + labels.astype(np.uint64).tobytes()).hexdigest()


def edited_files(folder: Path, marker: Mapping[str, Any]) -> list[Path]:
    """Return the masks and labels of an image whose pixels have changed since they were written.

    A file that another program has stored again with the same pixels is not edited. A corrected copy may also have the
    suffix of ``SAVED_AS``.

    Args:
        folder: the output folder.
        marker: the marker of the image.

    Raises:
        InputError: a changed file cannot be read as labels, or there are two edited versions of one result.
    """
    stored, found = marker.get("pixels", {}), []
    for name in stored:
        written = folder / name
        if not name.endswith(EDITABLE):
            continue
        versions = [written, *(written.with_suffix(suffix) for suffix in SAVED_AS)]
        changed = [file for file in versions if file.is_file() and _is_changed(file, stored, name)]
        if len(changed) > 1:
            raise InputError.about(changed[0], f"{changed[1].name}, edited, too", "one of the two")
        found += changed
    return found


def corrected_files(folder: Path, marker: Mapping[str, Any]) -> list[Path]:
    """Return the results of an image that a user has edited, before or after an earlier run; errors as `edited_files`.

    Args:
        folder: the output folder.
        marker: the marker of the image.
    """
    edited = edited_files(folder, marker)
    before = [folder / name for name in marker.get("corrected", ())]
    return list(dict.fromkeys([*(file for file in before if file.stem not in {one.stem for one in edited}), *edited]))


def _is_changed(file: Path, stored: Mapping[str, Any], written: str) -> bool:
    """Return whether a version of a result has other pixels than it had, or than what was written."""
    times, pixels = stored.get(file.name, [None, stored[written][1]])
    return modified(file) != times and pixels_of(file) != pixels
