"""The confusion matrix of classes, as a table and as a picture."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..ground.files import atomic_path

FILES = ("confusion_matrix.csv", "confusion_matrix.png")


def write_confusion(matrix: np.ndarray, names: Sequence[str], folder: str | Path) -> None:
    """Write ``confusion_matrix.csv``, the pixel counts, and ``confusion_matrix.png``, where each row has the sum 1.

    Args:
        matrix: of `metrics.confusion_matrix`, integer (K, K): rows are the reference, columns the prediction.
        names: of the classes, by class number.
        folder: where the two files go; it is created.

    Raises:
        ValueError: when the matrix is not (K, K) for K names.
        InputError: when the folder cannot be created.
    """
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"{len(names)} names do not fit a matrix of shape {matrix.shape}.")
    table, picture = (Path(folder) / name for name in FILES)
    with atomic_path(table) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reference \\ prediction", *names])
        writer.writerows([name, *row] for name, row in zip(names, matrix.tolist(), strict=True))
    with atomic_path(picture) as path:
        draw_confusion(matrix, names).savefig(path, format="png", dpi=150)


def write_split_confusions(
    collected: Mapping[str, Sequence[np.ndarray]], names: Sequence[str], folder: str | Path
) -> None:
    """Write the confusion matrix of each split, the sum over its images, into a folder of the split's name.

    Args:
        collected: split → matrices of its images, as `ScoreTable.collected` holds them for `scoring.class_scores`.
        names: of the classes, by class number.
        folder: where the folders go.

    Raises:
        InputError: when a folder cannot be created.
    """
    for split, matrices in collected.items():
        write_confusion(np.sum(matrices, axis=0), names, Path(folder) / split)
        print(f"Confusion matrix of {split}: {Path(folder) / split / FILES[1]}")


def draw_confusion(matrix: np.ndarray, names: Sequence[str]) -> Figure:
    """Return the matrix as a picture: in each cell the share of the reference's pixels; a row without any is empty."""
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
