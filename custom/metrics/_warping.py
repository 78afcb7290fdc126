"""Warping error: topological errors, that is, differences that remain after warping the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from ._checks import Mask, check_masks
from ._membrane import label_cells

# The eight neighbors in circular order: consecutive ones are 4-adjacent, those at even indices are diagonal.
_CIRCLE = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


@dataclass(frozen=True, eq=False)
class WarpingResult:
    """Differences that remain after warping.

    Attributes:
        error: fraction of pixels that differ; NaN for an image without pixels.
        differences: the pixels that differ, bool (H, W).
        splits: number of 8-connected groups of differences where the prediction has a border that separates two
            predicted cells.
        mergers: number of 8-connected groups of differences where the prediction lacks a border that separates two
            reference cells.
        others: number of other groups: holes, specks, missing or additional cells.
    """

    error: float
    differences: Mask
    splits: int
    mergers: int
    others: int


def warping_error(cells: Mask, reference_cells: Mask) -> WarpingResult:
    """Return the warping error, which counts topological errors but not shifted borders.

    The reference is warped toward the prediction: among the pixels that differ, simple points (pixels whose flip does
    not change the topology) are flipped until none remains. Cells are 4-connected, borders are 8-connected, and pixels
    outside the image are border. As in the paper, only pixels that differ are flipped, so that a thin border shifted by
    more than its thickness cannot follow. The order of the flips is fixed; a different order may leave slightly
    different pixels.

    A merger costs the pixels of the missing border, one pixel thick; a split by a border that is attached at both ends
    costs about one pixel. The U-Net paper of Ronneberger et al. (2015) reports (splits + mergers) / pixels instead.

    Args:
        cells: prediction, True inside a cell, False on the border, bool (H, W).
        reference_cells: reference, bool, same shape.

    Returns:
        The error, the remaining differences, and the numbers of splits, mergers and other groups among them.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: The shapes differ, or are not (H, W).

    Reference: Jain et al., "Boundary learning by optimization with topological constraints", CVPR 2010,
    doi:10.1109/CVPR.2010.5539950.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import warping_error
        >>> reference = np.ones((4, 9), bool)
        >>> reference[:, 4] = False  # a border between two cells
        >>> warping_error(np.roll(reference, 1, axis=1), reference).error  # shifted by one pixel
        0.0
        >>> missing = warping_error(np.ones((4, 9), bool), reference)
        >>> missing.mergers, missing.differences.sum().item()
        (1, 4)
    """
    check_masks(cells=cells, reference_cells=reference_cells)
    if cells.ndim != 2:
        raise ValueError(f"expected masks of shape (H, W), found shape {cells.shape}.")
    if cells.size == 0:
        return WarpingResult(math.nan, np.zeros_like(cells), 0, 0, 0)
    cells = np.ascontiguousarray(cells)
    warped = _warp(np.ascontiguousarray(reference_cells), cells)
    # A border separates cells if different cells are adjacent to it: predicted ones for splits, reference ones for
    # mergers.
    splits, other_splits = _groups(warped & ~cells, label_cells(cells))
    mergers, other_mergers = _groups(cells & ~warped, label_cells(warped))
    differences = warped ^ cells
    return WarpingResult(float(differences.mean()), differences, splits, mergers, other_splits + other_mergers)


def _warp(source: Mask, target: Mask) -> Mask:
    """Flip simple points of the source where it differs from the target, until nothing changes."""
    padded = np.pad(source, 1)
    image = padded.ravel()
    width = padded.shape[1]
    steps = [row * width + column for row, column in _CIRCLE]
    wrong = np.flatnonzero(np.pad(source ^ target, 1))
    while True:
        before = wrong.size
        # Pixels of one subfield are never neighbors, so flipping them at once equals flipping them one by one.
        for row, column in ((0, 0), (1, 1), (0, 1), (1, 0)):
            subfield = (wrong // width % 2 == row) & (wrong % width % 2 == column)
            candidates = wrong[subfield]
            simple = _simple_points()[_neighborhoods(image, candidates, steps)]
            image[candidates[simple]] ^= True
            subfield[subfield] = simple
            wrong = wrong[~subfield]
        if wrong.size == before:
            return padded[1:-1, 1:-1]


def _neighborhoods(image: Mask, pixels: npt.NDArray[np.int64], steps: list[int]) -> npt.NDArray[np.uint8]:
    """Encode the eight neighbors of each pixel as the bits of one number."""
    codes = np.zeros(pixels.size, np.uint8)
    for bit, step in enumerate(steps):
        codes |= image[pixels + step].view(np.uint8) << np.uint8(bit)
    return codes


@cache
def _simple_points() -> Mask:
    """Return for each of the 256 neighborhoods whether its center is a simple point, with (4, 8)-connectivity."""
    return np.array([_is_simple([bool(code >> bit & 1) for bit in range(8)]) for code in range(256)])


def _is_simple(circle: list[bool]) -> bool:
    """Return whether exactly one 4-connected component of cells and one 8-connected component of border are adjacent.

    In two dimensions, both conditions follow from the crossing number: the number of 4-adjacent components of cells
    that are met on a walk around the center. If it is 1, there is also one component of border.
    """
    crossings = 0
    for side in range(1, 8, 2):
        corner, next_side = circle[(side + 1) % 8], circle[(side + 2) % 8]
        # Two 4-neighbors that are cells are connected if the corner between them is a cell as well.
        crossings += circle[side] and not (corner and next_side)
    return crossings == 1


def _groups(differences: Mask, cells: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Count the 8-connected groups of differences that separate two or more cells, and the other groups."""
    total, groups = cv2.connectedComponents(differences.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    padded = np.pad(cells, 1)
    rows, columns = np.nonzero(differences)
    ids = groups[rows, columns]
    adjacent = [np.stack((ids, padded[rows + 1 + row, columns + 1 + column]), axis=1) for row, column in _CIRCLE[1::2]]
    pairs = np.unique(np.concatenate(adjacent), axis=0)
    cells_per_group = np.bincount(pairs[pairs[:, 1] > 0, 0], minlength=total)
    separating = int(np.count_nonzero(cells_per_group >= 2))
    return separating, total - 1 - separating
