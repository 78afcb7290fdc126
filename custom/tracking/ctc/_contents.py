"""The contents of a result folder: its masks, read one at a time, and its track list."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...images import describe, read_labels
from ._format import TRACK_LIST, Track, digits_of_mask, read_tracks


@dataclass
class ResultContents:
    """A result folder, without the pixels of its masks.

    Attributes:
        folder: the folder.
        masks: frame → file, in the order of the frames.
        duplicates: additional files of a frame, such as ``mask0007.tif`` next to ``mask007.tif``.
        shapes: frame → (H, W) or (Z, H, W), of the readable masks.
        dtypes: frame → type of the stored labels, of the readable masks.
        unreadable: frame → error message of a mask that cannot be read.
        frames: label → frames whose masks contain it, in ascending order; without 0.
        tracks: the lines of ``res_track.txt``; None if the file is missing or cannot be parsed.
        list_error: the error message of a track list that cannot be parsed.
    """

    folder: Path
    masks: dict[int, Path] = field(default_factory=dict)
    duplicates: list[Path] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    dtypes: dict[int, np.dtype] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    frames: dict[int, list[int]] = field(default_factory=dict)
    tracks: list[Track] | None = None
    list_error: str | None = None

    @property
    def track_list(self) -> Path:
        """The path of the track list, which may be missing."""
        return self.folder / TRACK_LIST


def read_contents(folder: str | os.PathLike[str]) -> ResultContents:
    """Return the contents of a result folder, valid or not.

    Raises:
        InputError: there is no such folder.
    """
    contents = ResultContents(Path(folder))
    if not contents.folder.is_dir():
        raise InputError.about(folder, "nothing", f"a folder of masks with {TRACK_LIST}")
    _find_masks(contents)
    for frame in contents.masks:
        _read_mask(contents, frame)
    try:
        contents.tracks = read_tracks(contents.track_list) if contents.track_list.exists() else None
    except InputError as error:
        contents.list_error = str(error)
    return contents


def runs(frames: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last frame of each run of consecutive frames.

    Args:
        frames: in ascending order.

    Examples:
        >>> runs([0, 1, 2, 5, 7, 8])
        [(0, 2), (5, 5), (7, 8)]
    """
    found: list[tuple[int, int]] = []
    for frame in frames:
        if found and found[-1][1] == frame - 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found


def _find_masks(contents: ResultContents) -> None:
    digits_of = {file: digits_of_mask(file) for file in sorted(contents.folder.iterdir())}
    for file, digits in sorted(digits_of.items(), key=lambda item: int(item[1] or 0)):
        if digits is not None and int(digits) in contents.masks:
            contents.duplicates.append(file)
        elif digits is not None:
            contents.masks[int(digits)] = file


def _read_mask(contents: ResultContents, frame: int) -> None:
    try:
        labels = read_labels(contents.masks[frame])
        contents.dtypes[frame] = describe(contents.masks[frame]).dtype
    except InputError as error:
        contents.unreadable[frame] = str(error)
        return
    contents.shapes[frame] = labels.shape
    for label in np.unique(labels[labels > 0]).tolist():
        contents.frames.setdefault(label, []).append(frame)
