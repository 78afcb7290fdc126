"""The result format of the Cell Tracking Challenge: file names, label range and the track list ``res_track.txt``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...ground.files import atomic_path

TRACK_LIST = "res_track.txt"

LARGEST_LABEL = 2**16 - 1
"""Masks of a result have 16 bits."""

_MASK = re.compile(r"mask(\d{3,})\.tif")
_LINE = re.compile(r"\s*" + r"\s+".join([r"(-?[0-9]{1,18})"] * 4) + r"\s*")


def mask_name(frame: int, digits: int = 3) -> str:
    """Return the file name of the mask of a frame, such as ``mask007.tif``."""
    return f"mask{frame:0{digits}d}.tif"


def digits_for(frames: Sequence[int]) -> int:
    """Return the number of digits in the mask names of these frames: 3, or more if the last frame needs more.

    Examples:
        >>> digits_for(range(84)), digits_for(range(1200))
        (3, 4)
    """
    return max(3, len(str(max(frames, default=0))))


def digits_of_mask(file: Path) -> str | None:
    """Return the digits in the file name of a mask, None if the file is not named like a mask."""
    match = _MASK.fullmatch(file.name)
    return None if match is None else match.group(1)


@dataclass(frozen=True, order=True)
class Track:
    """One line of ``res_track.txt`` or ``man_track.txt``: a cell from its first frame to its division or last frame.

    Attributes:
        label: label of the track in all masks.
        begin: first frame.
        end: last frame, inclusive.
        parent: label of the track that this one continues after a gap, or descends from by division; 0 for none.
    """

    label: int
    begin: int
    end: int
    parent: int = 0


def read_tracks(file: str | os.PathLike[str]) -> list[Track]:
    """Read a track list, in the order of its lines. `validate` checks whether the tracks follow the rules.

    Args:
        file: ``res_track.txt`` or ``man_track.txt``. Blank lines are skipped, so an empty file is an empty list.

    Raises:
        InputError: the file is missing or is not text, or a line is not four integers; the message names the line.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError.about(file, f"nothing that can be read ({error.strerror})", "a list of tracks") from error
    except UnicodeDecodeError as error:
        raise InputError.about(file, "no text", "a list of tracks") from error
    lines = enumerate(text.splitlines(), start=1)
    return [_parse_line(file, number, line) for number, line in lines if line.strip()]


def _parse_line(file: str | os.PathLike[str], number: int, line: str) -> Track:
    match = _LINE.fullmatch(line)
    if match is None:
        found = repr(line if len(line) <= 60 else line[:60] + "…")
        expected = "four whole numbers: label, first frame, last frame, parent"
        raise InputError.about(f"{os.fspath(file)}, line {number}", found, expected)
    return Track(*map(int, match.groups()))


def write_tracks(file: str | os.PathLike[str], tracks: Iterable[Track]) -> None:
    """Write a track list, sorted by label. The file appears only once it is complete.

    Args:
        file: usually ``res_track.txt``; its folder is created.
        tracks: any number of tracks; without tracks the file is empty.

    Raises:
        InputError: the folder cannot be created.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_tracks(f"{folder}/res_track.txt", [Track(2, 5, 9, parent=1), Track(1, 0, 4)])
        ...     print(Path(folder, "res_track.txt").read_text(), end="")
        1 0 4 0
        2 5 9 1
    """
    lines = [f"{track.label} {track.begin} {track.end} {track.parent}\n" for track in sorted(tracks)]
    with atomic_path(file) as path:
        path.write_text("".join(lines), encoding="utf-8")
