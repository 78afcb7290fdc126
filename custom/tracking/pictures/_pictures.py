"""Everything that there is to look at in a tracked sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..ctc._names import digits_for
from ..ctc._sequences import LabelSequence
from ..ctc._tracks import Track
from ..exports._napari import write_napari
from ._cell_counts import write_cell_counts
from ._lineage_tree import draw_lineage
from ._movie import write_movie
from ._painting import Centroids, TrackPainter


def write_pictures(
    folder: Path,
    tracks: Sequence[Track],
    centroids: Centroids,
    labels: LabelSequence,
    images: Callable[[int], np.ndarray],
    tail: int = 10,
    frames_per_second: float = 5.0,
) -> None:
    """Write the overlay movie, the lineage tree, the number of cells, and the files for napari.

    They are ``overlay/overlayNNN.png``, ``overlay.gif``, ``overlay.mp4``, ``lineage.png``, ``cells.png``,
    ``cells.csv``, ``tracks.csv`` and ``graph.json``. Frames are read and drawn one at a time.

    Args:
        folder: where they go; it is created.
        tracks: of the whole sequence.
        centroids: where each track is in each of its frames.
        labels: track labels of at least one frame.
        images: function from a frame number to the frame, of its labels' shape, any real dtype.
        tail: last positions of a cell that its tail shows.
        frames_per_second: of the movie.

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
