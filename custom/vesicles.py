"""Vesicles one by one, each with its center and radius in a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from skimage.measure import regionprops_table

from .writers import atomic_path

Row: TypeAlias = dict[str, int | float]
"""A line of the table: name of the column → number."""

_COLUMNS = ("label", "row", "column", "radius_px", "area_px", "mean_probability")
_MICROMETER_COLUMNS = ("row_um", "column_um", "radius_um")


def vesicle_table(
    labels: np.ndarray, probability: np.ndarray, pixel_size: tuple[float, float] | None = None
) -> list[Row]:
    """Return a row for each vesicle, in the order of the labels.

    The columns are ``label``; ``row`` and ``column`` of the center of mass, from 0 in the middle of the first pixel;
    ``radius_px``, that of a disc of equal area, √(area/π); ``area_px``; ``mean_probability``. With a pixel size,
    ``row_um``, ``column_um`` and ``radius_um`` follow.

    Args:
        labels: (H, W) integer, 0 is background; for example from `instances.blobs`.
        probability: (H, W), for example the network's.
        pixel_size: (row, column) in µm.

    Raises:
        ValueError: when the two differ in shape.
    """
    if labels.shape != probability.shape:
        raise ValueError(f"labels {labels.shape} and probability {probability.shape} differ in shape.")
    measured = regionprops_table(labels, probability, properties=("label", "centroid", "area", "mean_intensity"))
    numbers, rows, columns, areas, means = measured.values()
    radii = np.sqrt(areas / np.pi)
    parts: list[np.ndarray] = [numbers, rows, columns, radii, areas.astype(int), means]
    if pixel_size is not None:
        height, width = pixel_size
        parts += [rows * height, columns * width, radii * np.sqrt(height * width)]
    names = _columns(pixel_size)
    return [dict(zip(names, line, strict=True)) for line in zip(*(part.tolist() for part in parts), strict=True)]


def write_vesicle_table(
    file: str | Path,
    labels: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    pixel_size: tuple[float, float] | None = None,
) -> None:
    """Write the vesicles of all pages of an image as CSV, whole or not at all; an image without any gives the header.

    The first column is the ``page``, from 0; the others are those of `vesicle_table`. It serves as the ``table`` of
    `handlers.PredictionWriter`.

    Args:
        file: the CSV file; its folder is created.
        labels: (H, W) integer for each page.
        probabilities: (H, W) for each page.
        pixel_size: (row, column) in µm.

    Raises:
        InputError: the folder cannot be created.
    """
    with atomic_path(file) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["page", *_columns(pixel_size)])
        writer.writeheader()
        for page, (page_labels, probability) in enumerate(zip(labels, probabilities, strict=True)):
            for row in vesicle_table(page_labels, probability, pixel_size):
                writer.writerow({"page": page} | {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()})


def _columns(pixel_size: tuple[float, float] | None) -> tuple[str, ...]:
    """Return the names of the columns; those in µm only where the pixel size is known."""
    return _COLUMNS if pixel_size is None else _COLUMNS + _MICROMETER_COLUMNS
