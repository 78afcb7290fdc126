"""The class of each pixel, with or without one for the borders between cells."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ..labels import UNANNOTATED
from ._labels import Labels, Numbers, check_labels, disk, numbered

BACKGROUND, CELL, BORDER = 0, 1, 2
"""The classes of `target_classes`."""


def target_classes(labels: Labels, borders: bool = False, border_width: int = 3) -> npt.NDArray[np.uint8]:
    """Return the class of each pixel: 0 background, 1 cell and, with ``borders``, 2 border.

    A border pixel has two cells within ``border_width``; its own, if it has one, is at distance 0. So borders are
    where cells touch or nearly do, and nowhere else, at the expense of both cells and of the gap. With a width of 3, a
    ridge of two pixels becomes a border of four, and a gap of more than five pixels has none.

    Args:
        labels: instance labels, integers (H, W); 0 is background.
        borders: whether there is a class for borders.
        border_width: in pixels, a Euclidean distance.

    Returns:
        (H, W) uint8; `transforms.UNANNOTATED` where a label is negative.

    Raises:
        ValueError: labels are not integers (H, W).
    """
    check_labels(labels)
    classes = np.where(labels > 0, CELL, BACKGROUND).astype(np.uint8)
    if borders:
        classes[_between_cells(numbered(labels), border_width)] = BORDER
    classes[labels < 0] = UNANNOTATED
    return classes


def _between_cells(cells: Numbers, radius: int) -> npt.NDArray[np.bool_]:
    """Say for each pixel whether two different cells are within the radius."""
    numbers = cells.astype(np.float64)
    highest = cv2.dilate(numbers, disk(radius**2))
    lowest = cv2.erode(np.where(cells > 0, numbers, np.inf), disk(radius**2))
    return lowest < highest
