"""What is in a result folder: its masks, read one at a time, and its list of tracks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...images import describe, read_labels
from ._names import TRACK_LIST, digits_of_mask
from ._tracks import Track, read_tracks


@dataclass
class Contents:
    """A result folder, without the pixels of its masks.

    Attributes:
        folder: the folder.
        masks: frame → its file, in the order of the frames.
        doubles: further files of a frame, such as ``mask0007.tif`` beside ``mask007.tif``.
        shapes: frame → (H, W) or (Z, H, W), of the masks that can be read.
        dtypes: frame → type of the stored labels, of the masks that can be read.
        unreadable: frame → what is wrong with its file.
        frames: label → the frames in whose masks it is, ascending; without 0.
        tracks: the lines of ``res_track.txt``; None where there is no such file, or no list in it.
        list_fault: what is wrong with that file when it is there and holds no list.
    """

    folder: Path
    masks: dict[int, Path] = field(default_factory=dict)
    doubles: list[Path] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    dtypes: dict[int, np.dtype] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    frames: dict[int, list[int]] = field(default_factory=dict)
    tracks: list[Track] | None = None
    list_fault: str | None = None

    @property
    def track_list(self) -> Path:
        """The file of the list, whether it is there or not."""
        return self.folder / TRACK_LIST


def read_contents(folder: str | os.PathLike[str]) -> Contents:
    """Return what is in a result folder, sound or not.

    Raises:
        InputError: there is no such folder.
    """
    contents = Contents(Path(folder))
    if not contents.folder.is_dir():
        raise InputError.about(folder, "nothing", f"a folder of masks with {TRACK_LIST}")
    _find_masks(contents)
    for frame in contents.masks:
        _read_mask(contents, frame)
    try:
        contents.tracks = read_tracks(contents.track_list) if contents.track_list.exists() else None
    except InputError as error:
        contents.list_fault = str(error)
    return contents


def runs(frames: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive frames, from frames in ascending order."""
    found: list[tuple[int, int]] = []
    for frame in frames:
        if found and found[-1][1] == frame - 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found


def _find_masks(contents: Contents) -> None:
    digits_of = {file: digits_of_mask(file) for file in sorted(contents.folder.iterdir())}
    for file, digits in sorted(digits_of.items(), key=lambda item: int(item[1] or 0)):
        if digits is not None and int(digits) in contents.masks:
            contents.doubles.append(file)
        elif digits is not None:
            contents.masks[int(digits)] = file


def _read_mask(contents: Contents, frame: int) -> None:
    try:
        labels = read_labels(contents.masks[frame])
        contents.dtypes[frame] = describe(contents.masks[frame]).dtype
    except InputError as error:
        contents.unreadable[frame] = str(error)
        return
    contents.shapes[frame] = labels.shape
    for label in np.unique(labels[labels > 0]).tolist():
        contents.frames.setdefault(label, []).append(frame)
