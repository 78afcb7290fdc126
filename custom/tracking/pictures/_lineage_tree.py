"""The lineage tree of a movie: time across, one line per track, forks at divisions."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...ground.files import atomic_path
from ..ctc._tracks import Track
from ._colors import track_colors
from ._lineage import Lineage

_WIDTH = 11.0  # inches
_MARGINS = 0.9  # inches, above and below the lines together
_DOTS_PER_INCH = 100
_MOST_ROWS = 1000  # with more of them, lines come nearer, and numbers are left out


def draw_lineage(tracks: Iterable[Track], file: str | os.PathLike[str]) -> None:
    """Draw the lineage tree into a PNG, in the colours that the cells have in a `TrackPainter`'s pictures.

    A mother's line stands between those of her daughters; a cell that is seen again after a gap goes on in its own
    line, the gap dotted.

    Args:
        tracks: of the whole sequence; without any, the picture is empty.
        file: the PNG to write; its folder is created.

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
    """Return the row of each track: whole numbers for those without children, the mean of its children's for another.

    No two lines that share a frame share a row.
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
    """Return the height of a row in inches, and the size of its number in points, 0 for none."""
    if rows > _MOST_ROWS:
        return 0.09 * _MOST_ROWS / rows, 0.0
    return (0.22, 8.0) if rows <= 80 else (0.09, 5.0)


def _draw_lines(axes: Axes, lineage: Lineage, rows: dict[int, float]) -> None:
    colors = {label: np.array(color) / 255 for label, color in track_colors(lineage.tracks.values()).items()}
    lines, forks, gaps = [], [], []
    for label, track in lineage.tracks.items():
        parent = lineage.parent(label)
        row = rows[label]
        lines.append((label, [(track.begin, row), (track.end + 1, row)]))  # a frame is as wide as it lasts
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
