"""Warping error: what still differs after the reference was bent toward the proposal without tearing it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from ._checks import Mask, check_masks
from ._membrane import label_cells

# The eight neighbours in a circle, so that consecutive ones are 4-adjacent to each other; even places are diagonal.
_CIRCLE = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


@dataclass(frozen=True, eq=False)
class WarpingResult:
    """What remains wrong after warping.

    Attributes:
        error: pixels that still differ / all pixels; nan for an image without pixels.
        differences: the pixels that still differ, bool (H, W).
        splits: 8-connected groups of differences where the proposal has a border that parts two of its cells.
        mergers: 8-connected groups of differences where the proposal lacks a border that parts two reference cells.
        others: groups that do neither: holes, specks, cells that are missing or new.
    """

    error: float
    differences: Mask
    splits: int
    mergers: int
    others: int


def warping_error(cells: Mask, reference_cells: Mask) -> WarpingResult:
    """Return the warping error of a proposal: topological errors count, shifted borders do not.

    The reference is warped toward the proposal: wherever they differ, pixels are flipped that are simple points, i.e.
    whose flip changes no topology, until none is left. Cells are 4-connected, the border is 8-connected, and what
    lies outside the image is border. Only pixels that differ are ever flipped, as in the paper, so a thin border that
    was shifted by more than its thickness cannot follow. The order of the flips is fixed; another order may leave
    slightly different pixels.

    A merger costs the pixels of the missing border, one pixel thin; a split whose border is attached at both ends
    costs about one pixel. Ronneberger et al. (2015, U-Net) report (splits + mergers) / pixels instead of the error.

    Args:
        cells: proposal, True inside a cell, False on the border, bool (H, W).
        reference_cells: reference, bool, same shape.

    Returns:
        The error, the pixels that remain, and how many groups of them are splits, mergers or neither.

    Raises:
        TypeError: a mask is not boolean.
        ValueError: the shapes differ, or are not (H, W).

    Reference: Jain et al. (2010), Boundary learning by optimization with topological constraints,
    doi:10.1109/CVPR.2010.5539950.
    """
    check_masks(cells=cells, reference_cells=reference_cells)
    if cells.ndim != 2:
        raise ValueError(f"expected masks of shape (H, W), found shape {cells.shape}.")
    if cells.size == 0:
        return WarpingResult(math.nan, np.zeros_like(cells), 0, 0, 0)
    cells = np.ascontiguousarray(cells)
    warped = _warp(np.ascontiguousarray(reference_cells), cells)
    # A border parts cells if different ones lie beside it: the proposal's for splits, the reference's for mergers.
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
        # Pixels of one subfield are never neighbours, so flipping them at once is flipping them one by one.
        for row, column in ((0, 0), (1, 1), (0, 1), (1, 0)):
            subfield = (wrong // width % 2 == row) & (wrong % width % 2 == column)
            candidates = wrong[subfield]
            simple = _simple_points()[_neighbourhoods(image, candidates, steps)]
            image[candidates[simple]] ^= True
            subfield[subfield] = simple
            wrong = wrong[~subfield]
        if wrong.size == before:
            return padded[1:-1, 1:-1]


def _neighbourhoods(image: Mask, pixels: npt.NDArray[np.int64], steps: list[int]) -> npt.NDArray[np.uint8]:
    """Return the eight neighbours of each pixel as the bits of one number."""
    codes = np.zeros(pixels.size, np.uint8)
    for bit, step in enumerate(steps):
        codes |= image[pixels + step].view(np.uint8) << np.uint8(bit)
    return codes


@cache
def _simple_points() -> Mask:
    """Return for each of the 256 neighbourhoods whether its centre is a simple point, (4, 8)-connected."""
    return np.array([_is_simple([bool(code >> bit & 1) for bit in range(8)]) for code in range(256)])


def _is_simple(circle: list[bool]) -> bool:
    """Say whether the centre touches exactly one 4-connected part of the cells and one 8-connected part of the border.

    In two dimensions both follow from one count (the crossing number): walking round the centre, how often do cells
    that are 4-adjacent to it begin anew? With one beginning there is one part of each.
    """
    beginnings = 0
    for side in range(1, 8, 2):
        corner, next_side = circle[(side + 1) % 8], circle[(side + 2) % 8]
        # Two sides of cells are one part if the corner between them is a cell too.
        beginnings += circle[side] and not (corner and next_side)
    return beginnings == 1


def _groups(differences: Mask, cells: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Count the 8-connected groups of differences that lie between two or more cells, and those that do not."""
    total, groups = cv2.connectedComponents(differences.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    beside = np.pad(cells, 1)
    rows, columns = np.nonzero(differences)
    ids = groups[rows, columns]
    touched = [np.stack((ids, beside[rows + 1 + row, columns + 1 + column]), axis=1) for row, column in _CIRCLE[1::2]]
    pairs = np.unique(np.concatenate(touched), axis=0)
    cells_per_group = np.bincount(pairs[pairs[:, 1] > 0, 0], minlength=total)
    parting = int(np.count_nonzero(cells_per_group >= 2))
    return parting, total - 1 - parting
