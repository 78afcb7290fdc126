"""Visualization of a weight map."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.figure import Figure

from ...ground.files import atomic_path
from ...images import overlay
from ._labels import Labels, Weights


def draw_weight_map(image: np.ndarray, labels: Labels, weight: Weights, file: str | os.PathLike[str]) -> None:
    """Draw an image with the outlines of its cells next to the weight map with a color bar, as a PNG.

    Args:
        image: (H, W), any real dtype.
        labels: the instance labels from which the weight map was computed, integer (H, W).
        weight: weight map, float (H, W).
        file: the PNG to write; its folder is created.

    Raises:
        InputError: The folder cannot be created.
        ValueError: The shapes differ.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import draw_weight_map, weight_map
        >>> labels = np.kron([[1, 0], [0, 2]], np.ones((16, 16), int))
        >>> draw_weight_map(labels.astype(float), labels, weight_map(labels), "weight_map.png")
    """
    if weight.shape != image.shape:
        raise ValueError(f"image {image.shape} and weight map {weight.shape} differ in shape")
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(overlay(image, np.maximum(labels, 0), alpha=0.0))
    left.set_title("image and cells")
    picture = right.imshow(weight, cmap="viridis", vmin=0)
    right.set_title("weight")
    figure.colorbar(picture, ax=right, shrink=0.9)
    for axes in (left, right):
        axes.set_axis_off()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=110, format="png")
