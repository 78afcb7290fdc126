"""Centerlines of thin structures: branches of the skeleton and their lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import convolve, distance_transform_edt, uniform_filter1d
from skimage.morphology import skeletonize

from ._page import PixelSize

_REACH = 3  # half width in pixels of the moving average that smooths the steps of a pixel path


@dataclass(frozen=True)
class Branch:
    """A centerline between two points where lines end or meet.

    Attributes:
        path: int (N, 2), row and column of its pixels in order; in a closed path the last pixel equals the first.
        free: whether the first and the last pixel are free ends, where no other branch continues.
    """

    path: np.ndarray
    free: tuple[bool, bool]


def centerlines(mask: np.ndarray) -> list[Branch]:
    """Return the branches of the skeleton of a mask, pruned of spurs.

    A spur, a branch that a corner or bump of the outline causes, is a branch with one free end that extends beyond the
    structure at its junction by less than half the width there. After pruning, two branches that meet without a third
    are joined. A dot has one branch of one pixel.

    References: Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", Communications of the ACM
    1984, doi:10.1145/357994.358023 (skeleton); Nunez-Iglesias et al., "A new Python library to analyse skeleton images
    confirms malaria parasite remodelling of the red blood cell membrane skeleton", PeerJ 2018, doi:10.7717/peerj.4312
    (branches).

    Args:
        mask: bool (H, W), 8-connected.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import centerlines
        >>> mask = np.zeros((7, 30), bool)
        >>> mask[2:5, 2:28] = True
        >>> (branch,) = centerlines(mask)
        >>> len(branch.path), branch.free
        (25, (True, True))
    """
    skeleton = skeletonize(mask)
    depth = _depth(mask)
    while True:
        branches = _branches(skeleton)
        spurs = [branch for branch in branches if _is_spur(branch, depth)]
        if not spurs:
            return branches
        for spur in spurs:
            pruned = spur.path[1:] if spur.free[1] else spur.path[:-1]  # the junction pixel is kept
            skeleton[tuple(pruned.T)] = False
        skeleton = skeletonize(skeleton)


def without_crossings(branches: list[Branch], mask: np.ndarray) -> list[Branch]:
    """Return the branches without the short ones that connect the two junctions of a crossing.

    The skeleton of two crossing lines has two junctions with a branch between them. A branch without a free end is
    removed if the largest discs inside the mask around its two ends overlap.

    Args:
        branches: branches of the mask, see `centerlines`.
        mask: bool (H, W).
    """
    depth = _depth(mask)

    def is_crossing(branch: Branch) -> bool:
        first, last = (tuple(branch.path[end]) for end in (0, -1))
        return not any(branch.free) and first != last and _pixel_length(branch) < depth[first] + depth[last]

    return [branch for branch in branches if not is_crossing(branch)]


def branch_lengths(branches: list[Branch], mask: np.ndarray, pixel_size: PixelSize = (1.0, 1.0)) -> np.ndarray:
    """Return the length of each branch, with free ends extended to the outline of the mask.

    Args:
        branches: N branches of the mask, see `centerlines`.
        mask: bool (H, W).
        pixel_size: (row, column), in any unit of length; the default measures in pixels.

    Returns:
        float64 (N,), in the unit of ``pixel_size``.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Branch, branch_lengths
        >>> mask = np.zeros((3, 12), bool)
        >>> mask[1, 1:11] = True  # a line of 10 pixels
        >>> line = Branch(np.argwhere(mask), free=(True, True))
        >>> branch_lengths([line], mask, pixel_size=(0.5, 0.5)).round(3)
        array([5.])
    """
    depth = _depth(mask)
    paths = [_extended_path(branch, depth) for branch in branches]
    return np.array([np.hypot(*(np.diff(path, axis=0) * pixel_size).T).sum() for path in paths], dtype=float)


def _depth(mask: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel to the background, which includes everything outside the image, (H, W)."""
    return np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1]


def _extended_path(branch: Branch, depth: np.ndarray) -> np.ndarray:
    """Return the smoothed path with free ends extended to the outline of the mask, float (N, 2)."""
    path = _smooth(branch.path)
    first, last = (depth[tuple(branch.path[end])] for end in (0, -1))
    before = [_extension(path[::-1], first)] if branch.free[0] else []
    after = [_extension(path, last)] if branch.free[1] else []
    return np.concatenate([*before, path, *after])


def _extension(path: np.ndarray, depth: float) -> np.ndarray:
    """Return the end point of a path after restoring what thinning removed from it: half the width of the line."""
    last_steps = path[-1] - path[max(-1 - 2 * _REACH, -len(path))]
    # A dot has no direction; both axes then count equally.
    direction = last_steps / np.linalg.norm(last_steps) if len(path) > 1 else np.sqrt(0.5)
    return path[-1:] + direction * (depth - 0.5)  # the outline runs between two pixels


def _branches(skeleton: np.ndarray) -> list[Branch]:
    from skan import Skeleton  # importing it compiles code for seconds, which only some runs need

    neighbors = convolve(skeleton.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant") - 1
    isolated = skeleton & (neighbors == 0)  # skan has no branches of one pixel
    dots = [Branch(pixel[np.newaxis], (True, True)) for pixel in np.argwhere(isolated)]
    lines = skeleton & ~isolated
    if not lines.any():
        return dots
    graph = Skeleton(lines, keep_images=False)
    return [_branch(graph, index) for index in range(graph.n_paths)] + dots


def _branch(graph: Any, index: int) -> Branch:
    nodes, path = graph.path(index), graph.path_coordinates(index).astype(int)
    first, last = (bool(graph.degrees[nodes[end]] == 1) for end in (0, -1))
    return Branch(path, (first, last))


def _is_spur(branch: Branch, depth: np.ndarray) -> bool:
    """Return whether a branch with one free end leaves the largest disc at its junction by less than its radius."""
    if sum(branch.free) != 1:
        return False
    junction, end = branch.path[[-1, 0] if branch.free[0] else [0, -1]]
    return bool(_pixel_length(branch) + depth[tuple(end)] < 2 * depth[tuple(junction)])


def _pixel_length(branch: Branch) -> float:
    """Return the length of the unsmoothed path, from pixel to pixel."""
    return float(np.hypot(*np.diff(branch.path, axis=0).T).sum())


def _smooth(path: np.ndarray) -> np.ndarray:
    """Return the moving average of the path, float (N, 2); its ends do not move."""
    closed = bool((path[0] == path[-1]).all())
    reach = min(
        _REACH, (len(path) - 1) // 6 if closed else len(path) - 1
    )  # keeps a small loop from collapsing to a point
    if reach == 0:
        return path.astype(float)
    if closed:
        padded = np.concatenate([path[-1 - reach : -1], path, path[1 : 1 + reach]])
    else:
        padded = np.pad(path, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return np.asarray(uniform_filter1d(padded.astype(float), 2 * reach + 1, axis=0))[reach:-reach]
