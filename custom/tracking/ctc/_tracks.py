"""The track list of the Cell Tracking Challenge: a line ``L B E P`` per track, in ``res_track.txt``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...ground.files import atomic_path

_LINE = re.compile(r"\s*" + r"\s+".join([r"(-?[0-9]{1,18})"] * 4) + r"\s*")


@dataclass(frozen=True, order=True)
class Track:
    """One line of ``res_track.txt`` or ``man_track.txt``: a cell from its birth to its division, or to its end.

    Attributes:
        label: the track's label in all masks in which it is.
        begin: first frame.
        end: last frame, inclusive.
        parent: label of the track that this one continues or comes from by a division; 0 for none.
    """

    label: int
    begin: int
    end: int
    parent: int = 0


def read_tracks(file: str | os.PathLike[str]) -> list[Track]:
    """Return the tracks of a list in the order of its lines; whether they are sound is asked by `validate`.

    Args:
        file: ``res_track.txt`` or ``man_track.txt``. Blank lines are skipped, so that an empty file is an empty list.

    Raises:
        InputError: the file is missing or no text, or a line is not four whole numbers; the message names the line.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError.about(file, f"nothing that can be read ({error.strerror})", "a list of tracks") from error
    except UnicodeDecodeError as error:
        raise InputError.about(file, "no text", "a list of tracks") from error
    lines = enumerate(text.splitlines(), start=1)
    return [_track(file, number, line) for number, line in lines if line.strip()]


def _track(file: str | os.PathLike[str], number: int, line: str) -> Track:
    match = _LINE.fullmatch(line)
    if match is None:
        found = repr(line if len(line) <= 60 else line[:60] + "…")
        expected = "four whole numbers: label, first frame, last frame, parent"
        raise InputError.about(f"{os.fspath(file)}, line {number}", found, expected)
    return Track(*map(int, match.groups()))


def write_tracks(file: str | os.PathLike[str], tracks: Iterable[Track]) -> None:
    """Write a list of tracks, sorted by label; the file appears only when it is whole.

    Args:
        file: usually ``res_track.txt``; its folder is created.
        tracks: any number of tracks; the file of none is empty.

    Raises:
        InputError: the folder cannot be created.
    """
    lines = [f"{track.label} {track.begin} {track.end} {track.parent}\n" for track in sorted(tracks)]
    with atomic_path(file) as path:
        path.write_text("".join(lines), encoding="utf-8")
