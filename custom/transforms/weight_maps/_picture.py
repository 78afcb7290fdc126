"""A weight map to look at."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.figure import Figure

from ...ground.files import atomic_path
from ...images import overlay
from ._labels import Labels, Weights


def draw(image: np.ndarray, labels: Labels, weight: Weights, file: str | os.PathLike[str]) -> None:
    """Draw the image with the contours of its cells, and beside it the weight map with a colour bar, into a PNG.

    Args:
        image: (H, W), any real dtype.
        labels: integers (H, W), those that the map was made from.
        weight: (H, W).
        file: the PNG to write; its folder is created.

    Raises:
        InputError: the folder cannot be created.
        ValueError: the shapes differ.
    """
    if weight.shape != image.shape:
        raise ValueError(f"image {image.shape} and weights {weight.shape} are not of one shape")
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(overlay(image, np.maximum(labels, 0), alpha=0.0))
    left.set_title("image and cells")
    shown = right.imshow(weight, cmap="viridis", vmin=0)
    right.set_title("weight")
    figure.colorbar(shown, ax=right, shrink=0.9)
    for axes in (left, right):
        axes.set_axis_off()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=110, format="png")
