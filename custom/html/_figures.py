"""Plots for a page: figures from matplotlib as SVG, with text as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..ground.wording import score_label

COLORS = ("#0b5cad", "#d1495b", "#2a9d6f", "#8a5cb8", "#c77d00", "#4a5560")
"""Colors of curves, in order."""

_STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.edgecolor": "#8a96a3",
    "axes.labelcolor": "#1b2530",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6ebef",
    "text.color": "#1b2530",
    "xtick.color": "#5a6672",
    "ytick.color": "#5a6672",
    "legend.frameon": False,
}


def plot(name: str, draw: Callable[[Axes], object], width: float = 3.8, height: float = 2.6) -> Markup:
    """Return a plot as SVG; the same plot always gives the same text.

    Args:
        name: a name that is unique in the page.
        draw: function that draws on the axes.
        width, height: size in inches; the page shrinks larger plots to its width.
    """
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        return svg(figure, name)


def svg(figure: Figure, name: str) -> Markup:
    """Return a figure as SVG to embed in a page.

    Args:
        figure: a figure of matplotlib.
        name: a name that is unique in the page.

    Examples:
        >>> str(svg(Figure(figsize=(1, 1)), "empty"))[:5]
        '<svg '
    """
    stream = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            stream, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r' xmlns(:xlink)?="[^"]*"| version="1.1"', "", text, count=3)  # not needed in HTML
    return Markup(re.sub(r' id="[\w.]+_\d+"', "", text))  # ids of groups are the same in all plots, and unused


def curves(
    name: str,
    rows: Sequence[Mapping[str, str]],
    columns: Sequence[str],
    ylabel: str,
    marked: int | None = None,
    log: bool = False,
) -> Markup:
    """Return a plot of columns of the training history over the epochs.

    Args:
        name: as in `plot`.
        rows: rows of ``history.csv``; empty and non-finite values are left out.
        columns: names of the columns to plot.
        ylabel: label of the vertical axis.
        marked: the epoch of the saved weights, marked with a line; so are epochs with a ``note``.
        log: whether the vertical axis is logarithmic.

    Examples:
        >>> rows = [{"epoch": "1", "val_dice": "0.5"}, {"epoch": "2", "val_dice": "0.7"}]
        >>> "validation Dice" in curves("scores", rows, ["val_dice"], "score")
        True
    """

    def draw(axes: Axes) -> None:
        for color, column in zip(COLORS * 9, columns, strict=False):
            points = [(int(row["epoch"]), float(row[column])) for row in rows if row.get(column)]
            points = [point for point in points if np.isfinite(point[1])]
            if points:
                marker = "o" if len(points) < 20 else ""
                axes.plot(*zip(*points, strict=True), color=color, label=score_label(column), marker=marker, ms=3)
        if marked is not None:
            axes.axvline(marked, color="#1b2530", lw=1, ls=":", label=f"saved weights: epoch {marked}")
            for row in filter(lambda row: row.get("note"), rows):
                axes.axvline(int(row["epoch"]), color="#7a7a7a", lw=1, ls="--", label=row["note"])
        axes.set(xlabel="epoch", ylabel=ylabel, yscale="log" if log else "linear")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend()

    return plot(name, draw)


def threshold_curve(name: str, scan: Mapping[str, Sequence[float | None]], threshold: float, measure: str) -> Markup:
    """Return a plot of the validation score over the threshold, with the chosen threshold marked.

    Args:
        name: as in `plot`.
        scan: ``thresholds`` and ``scores`` of ``threshold.json``; a score is None if it is not defined.
        threshold: the chosen threshold.
        measure: name of the score.

    Examples:
        >>> scan = {"thresholds": [0.4, 0.6], "scores": [0.8, None]}
        >>> "in use: 0.40" in threshold_curve("scan", scan, 0.4, "Dice")
        True
    """

    def draw(axes: Axes) -> None:
        scores = [np.nan if score is None else score for score in scan["scores"]]
        axes.plot(np.array(scan["thresholds"], float), scores, color=COLORS[0])
        axes.axvline(threshold, color="#1b2530", lw=1, ls=":", label=f"in use: {threshold:.2f}")
        axes.set(xlabel="threshold on the probability", ylabel=f"validation {measure}", xlim=(0, 1))
        axes.legend()

    return plot(name, draw)


def strips(name: str, scores: Mapping[str, Sequence[float]], xlabel: str) -> Markup:
    """Return a strip plot: a row for each split, with a dot for each image and a line at the mean.

    Args:
        name: as in `plot`.
        scores: split → scores of its images; non-finite scores are left out.
        xlabel: name of the score.

    Examples:
        >>> "test (2)" in strips("dice", {"test": [0.8, 0.9]}, "Dice")
        True
    """

    def draw(axes: Axes) -> None:
        jitter = np.random.default_rng(0)
        for row, (color, values) in enumerate(zip(COLORS * 9, scores.values(), strict=False)):
            finite = np.array([value for value in values if np.isfinite(value)])
            axes.scatter(finite, row + jitter.uniform(-0.25, 0.25, len(finite)), s=22, color=color, alpha=0.6, lw=0)
            if len(finite):
                axes.plot([finite.mean()] * 2, [row - 0.36, row + 0.36], color="#1b2530", lw=1.5)
        axes.set_yticks(range(len(scores)), [f"{split} ({len(values)})" for split, values in scores.items()])
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set(xlabel=xlabel, ylim=(len(scores) - 0.4, -0.6))
        axes.grid(axis="y", visible=False)

    return plot(name, draw, width=5.6, height=1.1 + 0.6 * len(scores))
