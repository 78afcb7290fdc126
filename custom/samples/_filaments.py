"""Geometry of many thin filaments at once: random walks, branches, bundles and networks."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

STEP = 1.5
"""Distance in pixels between the points of a walk, small enough to be invisible after a blur of one pixel."""

Floats = NDArray[np.float32]


class Filaments(NamedTuple):
    """N filaments of L points each; points with light 0 do not exist."""

    points: Floats
    """(N, L, 2) row, column."""
    light: Floats
    """(N, L) brightness at the center line of the filament in the image."""
    spacing: Floats
    """(N, L) distance to the next point in pixels."""

    def lit(self, factor: float | NDArray[np.floating]) -> Filaments:
        """Return the filaments with their light multiplied by ``factor``, which broadcasts to (N, L)."""
        return self._replace(light=(self.light * factor).astype(np.float32))


def walks(
    rng: np.random.Generator,
    starts: Floats,
    headings: NDArray[np.floating],
    length: tuple[float, float],
    bend: float,
    kinks: float = 0.0,
) -> Filaments:
    """Return persistent random walks with light 1.

    Args:
        rng: random generator.
        starts: (N, 2) row, column; N at least 1.
        headings: (N,) initial directions, in radians from the column axis.
        length: range of lengths in pixels.
        bend: standard deviation of the turn per 100 pixels, in radians; half of it is uniform along a walk.
        kinks: number of sharp bends per 100 pixels.
    """
    count, steps = len(starts), int(np.ceil(length[1] / STEP))
    turns = _smooth(rng, (count, steps), 9) * np.float32(bend * np.sqrt(STEP / 100) / 3)
    turns += rng.normal(0, 0.7 * bend * STEP / 100, (count, 1)).astype(np.float32)
    sharp = rng.random((count, steps), np.float32) < kinks * STEP / 100
    turns[sharp] += rng.normal(0, 0.7, int(sharp.sum()))
    angles = headings[:, None] + np.cumsum(turns, axis=1)
    points = starts[:, None] + STEP * np.cumsum(np.stack([np.sin(angles), np.cos(angles)], axis=2), axis=1)
    lit = np.arange(steps) < rng.uniform(*length, (count, 1)) / STEP
    return Filaments(points.astype(np.float32), lit.astype(np.float32), np.full(lit.shape, STEP, np.float32))


def branches(
    rng: np.random.Generator, stems: Filaments, count: int, length: tuple[float, float], bend: float
) -> Filaments:
    """Return walks that start on other filaments, at angles of 20 to 80 degrees, with a fraction of their light."""
    rows, columns = np.nonzero(stems.light[:, :-1])
    chosen = rng.integers(len(rows), size=count)
    rows, columns = rows[chosen], columns[chosen]
    starts = stems.points[rows, columns]
    ahead = stems.points[rows, columns + 1] - starts
    headings = np.arctan2(ahead[:, 0], ahead[:, 1]) + rng.choice([-1, 1], count) * rng.uniform(0.35, 1.4, count)
    light = stems.light[rows, columns] * rng.uniform(0.3, 1.0, count)
    return walks(rng, starts, headings, length, bend, kinks=0.5).lit(light[:, None])


def network(rng: np.random.Generator, nodes: Floats, neighbors: int, longest: float) -> Filaments:
    """Return slightly bent filaments with light 1 between the nodes (N, 2) and neighbors within ``longest`` pixels."""
    distances, others = cKDTree(nodes).query(nodes, neighbors + 1, distance_upper_bound=longest)
    begins, nearest = np.nonzero(np.isfinite(distances[:, 1:]))
    edges = np.unique(np.sort(np.stack([begins, others[begins, nearest + 1]], axis=1), axis=1), axis=0)
    begin, end = nodes[edges[:, 0], None], nodes[edges[:, 1], None]
    along = np.linspace(0, 1, int(np.ceil(longest / STEP)))[:, None]
    across = (end - begin)[..., ::-1] * (1, -1)
    points = begin + (end - begin) * along + across * rng.normal(0, 0.12, (len(edges), 1, 1)) * 4 * along * (1 - along)
    spacing = np.linalg.norm(end - begin, axis=2) / len(along)
    light = np.ones(points.shape[:2], np.float32)
    return Filaments(points.astype(np.float32), light, np.broadcast_to(spacing, light.shape).astype(np.float32))


def strands(rng: np.random.Generator, filaments: Filaments, count: int, spread: float) -> Filaments:
    """Return each filament as ``count`` strands that share its light and wind around it at about ``spread`` pixels."""
    points, light, spacing = (np.repeat(part, count, axis=0) for part in filaments)
    along = np.gradient(points, axis=1)
    across = along[..., ::-1] * (1, -1) / (np.linalg.norm(along, axis=2, keepdims=True) + 1e-6)
    offsets = spread * _smooth(rng, light.shape, 61)
    shares = rng.dirichlet(np.full(count, 3.0), len(filaments.light)).reshape(-1, 1)
    return Filaments((points + across * offsets[..., None]).astype(np.float32), light, spacing).lit(shares)


def vary(rng: np.random.Generator, filaments: Filaments, spread: float) -> Filaments:
    """Return the filaments with log-normal light (standard deviation ``spread``) that varies slightly along each."""
    along = 0.25 * _smooth(rng, filaments.light.shape, 25)
    return filaments.lit(np.exp(rng.normal(0, spread, (len(along), 1)) + along))


def splat(points: Floats, amounts: Floats, shape: tuple[int, int]) -> Floats:
    """Return an image (H, W) of points (M, 2), each distributed to the four nearest pixels; points outside are lost."""
    height, width = shape
    low = np.floor(points).astype(np.intp)
    inside = ((low >= 0) & (low < (height - 1, width - 1))).all(axis=1)
    low, amounts, (down, right) = low[inside], amounts[inside], (points[inside] - low[inside]).T
    index = low[:, 0] * width + low[:, 1]
    image = np.zeros(height * width)
    for offset, share in (
        (0, (1 - down) * (1 - right)),
        (1, (1 - down) * right),
        (width, down * (1 - right)),
        (width + 1, down * right),
    ):
        image += np.bincount(index + offset, amounts * share, height * width)
    return image.reshape(shape).astype(np.float32)


def mean_along(values: Floats, window: int) -> Floats:
    """Return the moving mean (N, L) of ``window`` values along each of the N lines, mirrored at the ends."""
    if not len(values):
        return values  # OpenCV does not accept empty images
    return np.asarray(cv2.blur(values, (window, 1), borderType=cv2.BORDER_REFLECT_101))


def _smooth(rng: np.random.Generator, shape: tuple[int, int], window: int) -> Floats:
    """Return random values (N, L) with standard deviation 1 that change slowly along each of the N lines."""
    return np.sqrt(np.float32(window)) * mean_along(rng.standard_normal(shape, np.float32), window)
