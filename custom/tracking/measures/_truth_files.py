"""The truth of a sequence, as its files hold it."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ..ctc._sequences import LabelSequence, open_labels
from ..ctc._tracks import Track, read_tracks


def open_truth(folder: Path) -> tuple[LabelSequence | None, list[Track], LabelSequence | None]:
    """Return the markers with their tracks, and the outlines, of a truth folder; None for what it has not.

    Raises:
        InputError: it has neither, or something in it cannot be read.
    """
    markers, outlines = folder / "TRA", folder / "SEG"
    if not markers.is_dir() and not outlines.is_dir():
        raise InputError.about(folder, "neither TRA nor SEG", "a truth folder, such as 01_GT")
    return (
        open_labels(markers) if markers.is_dir() else None,
        read_tracks(markers / "man_track.txt") if markers.is_dir() else [],
        open_labels(outlines) if outlines.is_dir() else None,
    )
