"""Confusion matrices of classes as tables and pictures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..ground.files import atomic_path

CONFUSION_FILES = ("confusion_matrix.csv", "confusion_matrix.png")


def write_confusion(matrix: np.ndarray, names: Sequence[str], folder: str | Path) -> None:
    """Write ``confusion_matrix.csv`` with pixel counts and ``confusion_matrix.png`` with fractions of each row.

    Args:
        matrix: pixel counts of `custom.metrics.confusion_matrix`, integer (K, K): rows are the reference, columns the
            prediction.
        names: names of the K classes, by class number.
        folder: the output folder; it is created.

    Raises:
        ValueError: the matrix is not (K, K) for K names.
        InputError: the folder cannot be created.
    """
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"found a matrix of shape {matrix.shape}, expected one of {len(names)} classes.")
    table, picture = (Path(folder) / name for name in CONFUSION_FILES)
    with atomic_path(table) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reference \\ prediction", *names])
        writer.writerows([name, *row] for name, row in zip(names, matrix.tolist(), strict=True))
    with atomic_path(picture) as path:
        draw_confusion(matrix, names).savefig(path, format="png", dpi=150)


def write_split_confusions(
    collected: Mapping[str, Sequence[np.ndarray]], names: Sequence[str], folder: str | Path
) -> None:
    """Write the confusion matrix of each split, summed over its images, into a folder named after the split.

    Args:
        collected: split → matrices of its images, from `ScoreTable.collected` with `class_scores`.
        names: names of the classes, by class number.
        folder: the folder for these folders.

    Raises:
        InputError: a folder cannot be created.
    """
    for split, matrices in collected.items():
        write_confusion(np.sum(matrices, axis=0), names, Path(folder) / split)
        print(f"Confusion matrix of {split}: {Path(folder) / split / CONFUSION_FILES[1]}")


def draw_confusion(matrix: np.ndarray, names: Sequence[str]) -> Figure:
    """Return a figure of a confusion matrix; each cell shows its fraction of the row, rows without pixels are empty.

    Args:
        matrix: pixel counts, integer (K, K): rows are the reference, columns the prediction.
        names: names of the K classes.

    Examples:
        >>> figure = draw_confusion(np.array([[3, 1], [0, 2]]), ["background", "axon"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.750', '0.250', '0.000', '1.000']
    """
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.full(matrix.shape, np.nan), where=totals > 0)
    side = 2.5 + 0.9 * len(names)  # inches
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            color = "white" if share > 0.5 else "black"
            axes.text(column, row, f"{share:.3f}", ha="center", va="center", color=color)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("prediction")
    axes.set_ylabel("reference")
    return figure
