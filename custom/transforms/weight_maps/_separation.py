"""A ridge of background between cells that touch."""

from __future__ import annotations

import cv2
import numpy as np

from ._labels import Labels, Numbers, check_labels, disk, numbered


def part_touching(labels: Labels, width: int = 2) -> Labels:
    """Return the labels with a ridge of background between cells that touch, or nearly do.

    Afterwards the centres of pixels of different cells are at least ``width + 1`` apart (Euclidean), like those on
    the two sides of a straight ridge; so different cells are never 8-connected. The cells give way in turn, by one
    pixel each, and keep every other pixel. What was parted stays as it is when it is parted again.

    No cell disappears: one that would be all ridge keeps its pixels, and its neighbours give way for the whole ridge.
    Where two such cells meet, they stay in contact.

    Args:
        labels: instance labels, integers (H, W); 0 is background, and negative ones (not annotated) stay as they are.
        width: of the ridge, in pixels; 0 changes nothing.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        ValueError: labels are not integers (H, W), or the width is negative.
    """
    check_labels(labels)
    if width < 0:
        raise ValueError(f"the width of a ridge is 0 or more pixels, not {width}")
    cells = parted = numbered(labels)
    while True:
        before, any_spared = parted, False
        for distance in range(1, width + 1):
            parted, spared = _give_way(parted, distance)
            any_spared |= spared
        # Where a cell was spared, its neighbours may have more to do.
        if not any_spared or np.array_equal(parted, before):
            return np.where(parted == cells, labels, labels.dtype.type(0))


def _give_way(cells: Numbers, distance: int) -> tuple[Numbers, bool]:
    """Part cells that are nearer than ``distance + 1``, by one side, and say whether a cell was spared for it.

    Of two cells the one with the lower rank gives way. The order of ranks turns from each distance to the next, so
    that the ridge stays in the middle.
    """
    sizes = np.bincount(cells.ravel())
    rank = np.arange(sizes.size, dtype=np.float64)  # a type that OpenCV dilates and that holds every number
    if distance % 2 == 0:
        rank[1:] = rank[:0:-1]
    spared = False
    while True:
        ranks = rank[cells]
        yielding = (ranks > 0) & (cv2.dilate(ranks, disk((distance + 1) ** 2 - 1)) > ranks)
        doomed = (sizes > 0) & (np.bincount(cells[yielding], minlength=sizes.size) == sizes)
        if not doomed.any():
            return np.where(yielding, 0, cells), spared
        rank[doomed] = sizes.size
        spared = True
