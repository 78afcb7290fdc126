"""How many cells there are in each frame."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...ground.files import atomic_path
from ..ctc._tracks import Track


def count_cells(tracks: Iterable[Track], frames: Sequence[int]) -> list[int]:
    """Return the number of tracks that are in each of ``frames``."""
    spans = np.array([(track.begin, track.end) for track in tracks]).reshape(-1, 2)
    return [int(((spans[:, 0] <= frame) & (frame <= spans[:, 1])).sum()) for frame in frames]


def write_cell_counts(folder: Path, tracks: Iterable[Track], frames: Sequence[int]) -> None:
    """Write ``cells.csv`` with the columns frame and cells, and its curve ``cells.png``.

    Args:
        folder: where they go; it is created.
        tracks: of the whole sequence.
        frames: its frame numbers, in order; one without cells has a row too.

    Raises:
        InputError: the folder cannot be created.
    """
    counts = count_cells(tracks, frames)
    with atomic_path(Path(folder) / "cells.csv") as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["frame", "cells"])
        writer.writerows(zip(frames, counts, strict=True))
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    axes.step(frames, counts, where="mid", color="tab:blue", marker=".")
    axes.set(xlabel="frame", ylabel="cells", ylim=(0, max([*counts, 1]) * 1.08))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    with atomic_path(Path(folder) / "cells.png") as path:
        figure.savefig(path, dpi=100, format="png")
