"""All pictures of a tracked sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..ctc._format import Track, digits_for
from ..ctc._sequences import LabelSequence
from ..exports._napari import write_napari
from ..linking._result import Centroids
from ._movie import write_movie
from ._painting import TrackPainter
from ._plots import draw_lineage, write_cell_counts


def write_pictures(
    folder: Path,
    tracks: Sequence[Track],
    centroids: Centroids,
    labels: LabelSequence,
    images: Callable[[int], np.ndarray],
    tail: int = 10,
    frames_per_second: float = 5.0,
) -> None:
    """Write the overlay movie, the lineage tree, the cell counts, and the files for napari.

    The files are ``overlay/overlayNNN.png``, ``overlay.gif``, ``overlay.mp4``, ``lineage.png``, ``cells.png``,
    ``cells.csv``, ``tracks.csv`` and ``graph.json``. Frames are read and drawn one at a time.

    Args:
        folder: output folder; it is created.
        tracks: all tracks of the sequence.
        centroids: centroids of all cells.
        labels: track labels of at least one frame.
        images: function from a frame number to the frame, same shape as its labels, any real dtype.
        tail: number of previous positions that the tail of a cell shows.
        frames_per_second: frame rate of the movie.

    Raises:
        InputError: a frame cannot be read, or the folder cannot be created.
        ValueError: there are no frames, or the shapes differ.
    """
    folder = Path(folder)
    painter = TrackPainter(tracks, centroids, tail)
    pictures = ((frame, painter.paint(frame, images(frame), masks)) for frame, masks in labels)
    write_movie(folder, pictures, frames_per_second, digits_for(labels.frames))
    draw_lineage(tracks, folder / "lineage.png")
    write_cell_counts(folder, tracks, labels.frames)
    write_napari(folder, tracks, centroids)
