"""Helpers for weight maps: checked instance labels, consecutive numbers, disks."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from skimage.segmentation import relabel_sequential

Labels = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


def disk(squared_radius: int) -> npt.NDArray[np.uint8]:
    """Return the disk-shaped structuring element of all offsets up to a radius."""
    radius = math.isqrt(squared_radius)
    row, column = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return (row**2 + column**2 <= squared_radius).astype(np.uint8)


def check_labels(labels: Labels) -> None:
    """Raise ValueError unless ``labels`` is an integer array (H, W)."""
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"instance labels must be integers (H, W), not {labels.dtype} of shape {labels.shape}")


def numbered(labels: Labels) -> Numbers:
    """Return the labels with unannotated pixels set to 0, and renumbered if they are too large to index an array."""
    cells = np.maximum(labels, 0)
    if cells.max(initial=0) > cells.size:
        cells = relabel_sequential(cells)[0]
    return cells.astype(np.int32)
