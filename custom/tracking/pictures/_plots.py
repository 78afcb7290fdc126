"""Plots of a tracked sequence: the lineage tree and the number of cells over time."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...ground.files import atomic_path
from ..ctc._format import Track
from ..ctc._lineage import Lineage
from ._drawing import track_colors

_WIDTH = 11.0  # inches
_MARGINS = 0.9  # inches, top and bottom margin together
_DOTS_PER_INCH = 100
_MOST_ROWS = 1000  # with more rows, the row height decreases and labels are omitted


def draw_lineage(tracks: Iterable[Track], file: str | os.PathLike[str]) -> None:
    """Draw the lineage tree as a PNG, with time on the horizontal axis and the colors of `TrackPainter`.

    The line of a mother is between the lines of her daughters; a cell that is seen again after a gap stays in the same
    row, and the gap is dotted.

    Args:
        tracks: all tracks of the sequence; without tracks the picture is empty.
        file: the PNG file; its folder is created.

    Raises:
        InputError: the folder cannot be created.
    """
    lineage = Lineage(tracks)
    rows = rows_of(lineage)
    count = 1 + max(rows.values(), default=0.0)
    height, text = _row_height(count)
    figure = Figure(figsize=(_WIDTH, _MARGINS + count * height), layout="constrained")
    axes = figure.subplots()
    _draw_lines(axes, lineage, rows)
    if text:
        _draw_numbers(axes, lineage, rows, text)
    axes.set(xlabel="frame", ylim=(count - 0.4, -0.6), yticks=[])
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["left", "right", "top"]].set_visible(False)
    with atomic_path(file) as path:
        figure.savefig(path, dpi=_DOTS_PER_INCH, format="png")


def rows_of(lineage: Lineage) -> dict[int, float]:
    """Return the row of each track: an integer for a track without children, otherwise the mean row of the children.

    Two tracks that share a frame never share a row.
    """
    rows: dict[int, float] = {}
    leaves = 0
    for label in lineage:
        if not lineage.children[label]:
            rows[label] = float(leaves)
            leaves += 1
    for label in reversed(list(lineage)):
        if lineage.children[label]:
            rows[label] = float(np.mean([rows[child] for child in lineage.children[label]]))
    return rows


def _row_height(rows: float) -> tuple[float, float]:
    """Return the height of a row in inches, and the font size of its label in points, 0 for no label."""
    if rows > _MOST_ROWS:
        return 0.09 * _MOST_ROWS / rows, 0.0
    return (0.22, 8.0) if rows <= 80 else (0.09, 5.0)


def _draw_lines(axes: Axes, lineage: Lineage, rows: dict[int, float]) -> None:
    colors = {label: np.array(color) / 255 for label, color in track_colors(lineage.tracks.values()).items()}
    lines, forks, gaps = [], [], []
    for label, track in lineage.tracks.items():
        parent = lineage.parent(label)
        row = rows[label]
        lines.append((label, [(track.begin, row), (track.end + 1, row)]))  # the last frame has a width too
        if parent is None:
            continue
        end = lineage.tracks[parent].end + 1
        if lineage.continues(label):
            gaps.append((label, [(end, row), (track.begin, row)]))
        else:
            forks.append((label, [(end, rows[parent]), (end, row), (track.begin, row)]))
    for parts, width, style in ((lines, 2.0, "solid"), (forks, 1.0, "solid"), (gaps, 1.0, "dotted")):
        segments = [segment for _, segment in parts]
        axes.add_collection(
            LineCollection(segments, colors=[colors[label] for label, _ in parts], linewidths=width, linestyles=style)
        )


def _draw_numbers(axes: Axes, lineage: Lineage, rows: dict[int, float], size: float) -> None:
    for label, track in lineage.tracks.items():
        axes.annotate(
            str(label),
            (track.begin, rows[label]),
            xytext=(1, 1),
            textcoords="offset points",
            fontsize=size,
            verticalalignment="bottom",
        )


# -------------------------------------------------------------------------------------------------------- cell counts


def count_cells(tracks: Iterable[Track], frames: Sequence[int]) -> list[int]:
    """Return the number of tracks in each of ``frames``."""
    spans = np.array([(track.begin, track.end) for track in tracks]).reshape(-1, 2)
    return [int(((spans[:, 0] <= frame) & (frame <= spans[:, 1])).sum()) for frame in frames]


def write_cell_counts(folder: Path, tracks: Iterable[Track], frames: Sequence[int]) -> None:
    """Write ``cells.csv`` with the columns frame and cells, and its plot ``cells.png``.

    Args:
        folder: output folder; it is created.
        tracks: all tracks of the sequence.
        frames: all frame numbers in order, including frames without cells.

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
