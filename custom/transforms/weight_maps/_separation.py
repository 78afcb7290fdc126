"""Separation of touching cells by a gap of background."""

from __future__ import annotations

import cv2
import numpy as np

from ._labels import Labels, Numbers, check_labels, disk, numbered


def separate_touching(labels: Labels, width: int = 2) -> Labels:
    """Insert a gap of background between cells that touch or nearly touch.

    In the result, the centers of pixels of different cells are at least ``width + 1`` apart (Euclidean distance), as
    across a straight gap of ``width`` pixels; different cells are therefore never 8-connected. The cells recede in
    turn, by one pixel each, and keep all other pixels. Applying the function again changes nothing.

    No cell disappears: a cell that would lose all its pixels keeps them, and its neighbors recede for the whole gap.
    Two such cells remain in contact.

    Args:
        labels: instance labels, integer (H, W); 0 is background, negative (unannotated) labels are not changed.
        width: width of the gap in pixels; 0 changes nothing.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        ValueError: ``labels`` is not an integer array (H, W), or ``width`` is negative.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import separate_touching
        >>> separate_touching(np.array([[1, 1, 1, 2, 2, 2]]), width=2)
        array([[1, 1, 0, 0, 2, 2]])
    """
    check_labels(labels)
    if width < 0:
        raise ValueError(f"the width of a gap must be 0 or more pixels, not {width}")
    cells = separated = numbered(labels)
    while True:
        before, any_preserved = separated, False
        for distance in range(1, width + 1):
            separated, preserved = _recede(separated, distance)
            any_preserved |= preserved
        # Where a cell was preserved, its neighbors may have to recede further.
        if not any_preserved or np.array_equal(separated, before):
            return np.where(separated == cells, labels, labels.dtype.type(0))


def _recede(cells: Numbers, distance: int) -> tuple[Numbers, bool]:
    """Remove pixels of one cell of each pair closer than ``distance + 1``; also return whether a cell was preserved.

    The cell of lower rank recedes. The order of ranks is reversed from one distance to the next, so that the gap stays
    centered between the cells.
    """
    sizes = np.bincount(cells.ravel())
    rank = np.arange(sizes.size, dtype=np.float64)  # a dtype that OpenCV can dilate and that holds all labels
    if distance % 2 == 0:
        rank[1:] = rank[:0:-1]
    preserved = False
    while True:
        ranks = rank[cells]
        receding = (ranks > 0) & (cv2.dilate(ranks, disk((distance + 1) ** 2 - 1)) > ranks)
        vanishing = (sizes > 0) & (np.bincount(cells[receding], minlength=sizes.size) == sizes)
        if not vanishing.any():
            return np.where(receding, 0, cells), preserved
        rank[vanishing] = sizes.size
        preserved = True
