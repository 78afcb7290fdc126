"""Pixel classes from instance labels, optionally with a class for borders between cells."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ..labels import UNANNOTATED
from ._labels import Labels, Numbers, check_labels, disk, numbered

BACKGROUND, CELL, BORDER = 0, 1, 2
"""Class numbers of `target_classes`."""


def target_classes(labels: Labels, borders: bool = False, border_width: int = 3) -> npt.NDArray[np.uint8]:
    """Return the class of each pixel: 0 background, 1 cell and, with ``borders``, 2 border.

    A pixel is border if two cells are within ``border_width`` of it, where the cell of the pixel itself has distance 0.
    Borders are therefore only between cells that touch or nearly touch; they replace pixels of both cells and the gap.
    With a width of 3, a gap of two pixels becomes a border of four, and a gap of more than five pixels has no border.

    Args:
        labels: instance labels, integer (H, W); 0 is background, negative is unannotated.
        borders: whether to add the class for borders.
        border_width: Euclidean distance in pixels.

    Returns:
        uint8 (H, W); `custom.transforms.UNANNOTATED` where a label is negative.

    Raises:
        ValueError: ``labels`` is not an integer array (H, W).

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import target_classes
        >>> target_classes(np.array([[0, 1, 1, 2, 2, 0]]), borders=True, border_width=1)
        array([[0, 1, 2, 2, 1, 0]], dtype=uint8)
    """
    check_labels(labels)
    classes = np.where(labels > 0, CELL, BACKGROUND).astype(np.uint8)
    if borders:
        classes[_between_cells(numbered(labels), border_width)] = BORDER
    classes[labels < 0] = UNANNOTATED
    return classes


def _between_cells(cells: Numbers, radius: int) -> npt.NDArray[np.bool_]:
    """Return for each pixel whether two different cells are within the radius, (H, W)."""
    numbers = cells.astype(np.float64)
    highest = cv2.dilate(numbers, disk(radius**2))
    lowest = cv2.erode(np.where(cells > 0, numbers, np.inf), disk(radius**2))
    return lowest < highest
