"""The middle lines of a mask of thin structures, branch by branch, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import convolve, distance_transform_edt, uniform_filter1d
from skimage.morphology import skeletonize

from ._page import PixelSize

_REACH = 3  # pixels to either side over which a line of pixels, which is all steps, is smoothed


@dataclass(frozen=True)
class Branch:
    """A middle line between two places where lines meet or end.

    Attributes:
        path: (N, 2) int, row and column of its pixels, in order; the first is the last again where it is closed.
        free: whether its first and its last pixel are ends, where no other branch goes on.
    """

    path: np.ndarray
    free: tuple[bool, bool]


def centerlines(mask: np.ndarray) -> list[Branch]:
    """Return the branches of the skeleton of a mask, without those that only its edge has.

    A branch that ends freely is left out when it reaches less far out of the mask's body than that is wide to one side
    of the middle: corners and bumps have such branches, of which a skeleton is full. Two branches that then meet with
    no third are one. An object that is a dot has a branch of one pixel. Skeleton of Zhang and Suen (1984), "A fast
    parallel algorithm for thinning digital patterns"; branches by skan (Nunez-Iglesias et al. 2018, "A new Python
    library to analyse skeleton images confirms malaria parasite remodelling of the red blood cell membrane skeleton",
    doi:10.7717/peerj.4312).

    Args:
        mask: (H, W) bool; pixels that touch at a corner are connected.
    """
    skeleton = skeletonize(mask)
    depth = _depth(mask)
    while True:
        branches = _branches(skeleton)
        spurs = [branch for branch in branches if _is_spur(branch, depth)]
        if not spurs:
            return branches
        for spur in spurs:
            loose = spur.path[1:] if spur.free[1] else spur.path[:-1]  # the pixel of the junction stays
            skeleton[tuple(loose.T)] = False
        skeleton = skeletonize(skeleton)


def without_crossings(branches: list[Branch], mask: np.ndarray) -> list[Branch]:
    """Return the branches without those between two others that are so short that the discs around their ends touch.

    Two lines that cross have two junctions, with such a branch between them.

    Args:
        branches: those of the mask.
        mask: (H, W) bool.
    """
    depth = _depth(mask)

    def is_crossing(branch: Branch) -> bool:
        first, last = (tuple(branch.path[end]) for end in (0, -1))
        return not any(branch.free) and first != last and _steps(branch) < depth[first] + depth[last]

    return [branch for branch in branches if not is_crossing(branch)]


def branch_lengths(branches: list[Branch], mask: np.ndarray, pixel_size: PixelSize = (1.0, 1.0)) -> np.ndarray:
    """Return the length of each branch, (N,), in the unit of the pixel size; a free end counts up to the mask's edge.

    Args:
        branches: those of the mask.
        mask: (H, W) bool.
        pixel_size: (row, column).
    """
    depth = _depth(mask)
    paths = [_to_edge(branch, depth) for branch in branches]
    return np.array([np.hypot(*(np.diff(path, axis=0) * pixel_size).T).sum() for path in paths], dtype=float)


def _depth(mask: np.ndarray) -> np.ndarray:
    """Return the distance of every pixel to the nearest one outside; outside is also what is not in the image."""
    return np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1]


def _to_edge(branch: Branch, depth: np.ndarray) -> np.ndarray:
    """Return the smoothed path, (N, 2) float, which at a free end goes on to the mask's edge."""
    path = _smooth(branch.path)
    first, last = (depth[tuple(branch.path[end])] for end in (0, -1))
    before = [_beyond(path[::-1], first)] if branch.free[0] else []
    after = [_beyond(path, last)] if branch.free[1] else []
    return np.concatenate([*before, path, *after])


def _beyond(path: np.ndarray, depth: float) -> np.ndarray:
    """Return where a path ends when it gets back what thinning takes of a line's end: as much as the line is deep."""
    way = path[-1] - path[max(-1 - 2 * _REACH, -len(path))]
    direction = way / np.linalg.norm(way) if len(path) > 1 else np.sqrt(0.5)  # a dot has none, so both axes count
    return path[-1:] + direction * (depth - 0.5)  # an edge lies between two pixels


def _branches(skeleton: np.ndarray) -> list[Branch]:
    from skan import Skeleton  # compiles for seconds what only some runs need

    neighbors = convolve(skeleton.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant") - 1
    alone = skeleton & (neighbors == 0)  # skan knows no branch of one pixel
    dots = [Branch(pixel[np.newaxis], (True, True)) for pixel in np.argwhere(alone)]
    lines = skeleton & ~alone
    if not lines.any():
        return dots
    graph = Skeleton(lines, keep_images=False)
    return [_branch(graph, index) for index in range(graph.n_paths)] + dots


def _branch(graph: Any, index: int) -> Branch:
    nodes, path = graph.path(index), graph.path_coordinates(index).astype(int)
    first, last = (bool(graph.degrees[nodes[end]] == 1) for end in (0, -1))
    return Branch(path, (first, last))


def _is_spur(branch: Branch, depth: np.ndarray) -> bool:
    """Return whether a branch with one free end reaches less than its junction's depth out of the disc there."""
    if sum(branch.free) != 1:
        return False
    junction, end = branch.path[[-1, 0] if branch.free[0] else [0, -1]]
    return bool(_steps(branch) + depth[tuple(end)] < 2 * depth[tuple(junction)])


def _steps(branch: Branch) -> float:
    """Return the length from pixel to pixel."""
    return float(np.hypot(*np.diff(branch.path, axis=0).T).sum())


def _smooth(path: np.ndarray) -> np.ndarray:
    """Return the path through the means of its neighboring pixels, (N, 2) float; ends stay where they are."""
    closed = bool((path[0] == path[-1]).all())
    reach = min(_REACH, (len(path) - 1) // 6 if closed else len(path) - 1)  # a small loop is not to shrink to a point
    if reach == 0:
        return path.astype(float)
    if closed:
        longer = np.concatenate([path[-1 - reach : -1], path, path[1 : 1 + reach]])
    else:
        longer = np.pad(path, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return np.asarray(uniform_filter1d(longer.astype(float), 2 * reach + 1, axis=0))[reach:-reach]
