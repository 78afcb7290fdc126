"""Outlines of a mask along pixel edges."""

from __future__ import annotations

import numpy as np

_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # (x, y): right, down, left, up; the next one is a turn to the right


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return closed polygons that enclose exactly the pixels of a mask.

    The pixel in row r and column c is the square from (c, r) to (c + 1, r + 1). On the screen, outer outlines run
    clockwise and outlines of holes counterclockwise, so that even-odd and nonzero winding fills agree. Pixels that
    touch only at a corner have separate outlines.

    Args:
        mask: (H, W) bool.

    Returns:
        The corners of each outline, (N, 2) int32, x and y; the first corner is not repeated.

    Examples:
        >>> outlines(np.array([[True, True, False]]))[0].tolist()
        [[0, 0], [2, 0], [2, 1], [0, 1]]
    """
    edges = _edges(mask)
    polygons = []
    for x, y, direction in sorted(edges):  # the leftmost, uppermost point of an outline comes first, and is a corner
        corners = []
        previous = None
        while (x, y, direction) in edges:
            edges.remove((x, y, direction))
            if direction != previous:
                corners.append((x, y))
            previous = direction
            x, y = x + _STEPS[direction][0], y + _STEPS[direction][1]
            direction = _next_direction(edges, x, y, direction)
        if corners:
            polygons.append(np.array(corners, np.int32))
    return polygons


def _edges(mask: np.ndarray) -> set[tuple[int, int, int]]:
    """Return the edges between foreground and background as (x, y, direction), with the foreground to the right."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    above, below = padded[:-2, 1:-1], padded[2:, 1:-1]
    left, right = padded[1:-1, :-2], padded[1:-1, 2:]
    sides = ((above, 0, 0), (right, 1, 0), (below, 1, 1), (left, 0, 1))  # neighbor, and the start (x, y) of the edge
    edges: set[tuple[int, int, int]] = set()
    for direction, (neighbor, dx, dy) in enumerate(sides):
        rows, columns = np.nonzero(inside & ~neighbor)
        edges.update((x + dx, y + dy, direction) for x, y in zip(columns.tolist(), rows.tolist(), strict=True))
    return edges


def _next_direction(edges: set[tuple[int, int, int]], x: int, y: int, direction: int) -> int:
    """Return the direction in which an outline continues; a right turn is preferred, to stay at the same pixel."""
    turns = ((direction + 1) % 4, direction, (direction + 3) % 4)
    return next((turn for turn in turns if (x, y, turn) in edges), direction)
