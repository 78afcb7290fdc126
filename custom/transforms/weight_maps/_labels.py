"""What all of these functions need: instance labels that are checked, and numbered for arrays."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from skimage.segmentation import relabel_sequential

Labels = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


def disk(squared_radius: int) -> npt.NDArray[np.uint8]:
    """Return the structuring element of all offsets that are not longer than a radius."""
    radius = math.isqrt(squared_radius)
    row, column = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return (row**2 + column**2 <= squared_radius).astype(np.uint8)


def check_labels(labels: Labels) -> None:
    """Raise ValueError unless labels are integers (H, W)."""
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"instance labels are integers (H, W), not {labels.dtype} of shape {labels.shape}")


def numbered(labels: Labels) -> Numbers:
    """Return the labels with all but cells set to 0, and numbers so small that they can index an array."""
    cells = np.maximum(labels, 0)
    if cells.max(initial=0) > cells.size:
        cells = relabel_sequential(cells)[0]
    return cells.astype(np.int32)
