"""Outlines of a mask along the edges of its pixels."""

from __future__ import annotations

import numpy as np

_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # (x, y): right, down, left, up; the next one is a turn to the right


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return closed polygons that hold exactly the pixels of a mask.

    The pixel in row r and column c is the square from (c, r) to (c + 1, r + 1). Seen on the screen an outer outline
    runs clockwise, that of a hole counter-clockwise, so a fill by the even-odd rule and one by winding numbers agree.
    Pixels that touch only at a corner have outlines of their own.

    Args:
        mask: (H, W) bool.

    Returns:
        For each outline its corners, (N, 2) int32, x and y; the first one is not repeated.
    """
    edges = _edges(mask)
    found = []
    for x, y, direction in sorted(edges):  # the leftmost, uppermost point of an outline comes first, and is a corner
        corners = []
        former = None
        while (x, y, direction) in edges:
            edges.remove((x, y, direction))
            if direction != former:
                corners.append((x, y))
            former = direction
            x, y = x + _STEPS[direction][0], y + _STEPS[direction][1]
            direction = _onward(edges, x, y, direction)
        if corners:
            found.append(np.array(corners, np.int32))
    return found


def _edges(mask: np.ndarray) -> set[tuple[int, int, int]]:
    """Return the edges between foreground and background as (x, y, direction), with the foreground to the right."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    above, below = padded[:-2, 1:-1], padded[2:, 1:-1]
    before, behind = padded[1:-1, :-2], padded[1:-1, 2:]
    sides = ((above, 0, 0), (behind, 1, 0), (below, 1, 1), (before, 0, 1))  # neighbour, and where its edge starts
    edges: set[tuple[int, int, int]] = set()
    for direction, (neighbor, right, down) in enumerate(sides):
        rows, columns = np.nonzero(inside & ~neighbor)
        edges.update((x + right, y + down, direction) for x, y in zip(columns.tolist(), rows.tolist(), strict=True))
    return edges


def _onward(edges: set[tuple[int, int, int]], x: int, y: int, direction: int) -> int:
    """Return where an outline goes on: to the right where it can, which keeps it at the same pixel."""
    turns = ((direction + 1) % 4, direction, (direction + 3) % 4)
    return next((turn for turn in turns if (x, y, turn) in edges), direction)
