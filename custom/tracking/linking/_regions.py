"""Measurements of the cells of one frame: label, centroid, area and brightness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Regions:
    """N cells of a frame.

    Attributes:
        labels: (N,) int64, labels in the mask, positive.
        centroids: (N, D) float64, (row, column) or (slice, row, column) in pixels; 0 is the center of the first pixel.
        areas: (N,) float64, in pixels or voxels; None for points.
        brightness: (N, 2) float64, mean and standard deviation of the image in each cell; None without an image.
    """

    labels: Indices
    centroids: Floats
    areas: Floats | None = None
    brightness: Floats | None = None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.labels)

    def take(self, indices: Indices) -> Regions:
        """Return the cells at these indices."""
        areas, brightness = (None if column is None else column[indices] for column in (self.areas, self.brightness))
        return Regions(self.labels[indices], self.centroids[indices], areas, brightness)

    def by_position(self) -> Regions:
        """Return the cells in the order of their centroids and areas, which does not depend on their labels."""
        ties = [] if self.areas is None else [self.areas]  # a cell inside a ring-shaped cell has the same centroid
        return self.take(np.lexsort([*ties, *self.centroids.T[::-1]]))

    def find(self, labels: npt.NDArray[np.int64]) -> Indices:
        """Return the index of each label; all labels must exist."""
        order = np.argsort(self.labels)
        return order[np.searchsorted(self.labels, labels, sorter=order)]

    def diameters(self, spacing: Sequence[float] | Floats) -> Floats:
        """Return the diameters of disks, or balls, of equal size, (N,) float64, in the unit of the spacing.

        Raises:
            ValueError: the cells are points.
        """
        if self.areas is None:
            raise ValueError("points have no diameter")
        sizes = self.areas * math.prod(spacing)
        return 2 * np.sqrt(sizes / np.pi) if len(spacing) == 2 else 2 * np.cbrt(0.75 * sizes / np.pi)


def measure_regions(labels: Labels, image: np.ndarray | None = None) -> Regions:
    """Measure the cells of a label image, in ascending order of their labels; a label in several parts is one cell.

    For speed, runs of equal labels along a row are summed instead of single pixels.

    Args:
        labels: (H, W) or (Z, H, W) integer; 0 is background.
        image: same shape, any real type.

    Raises:
        TypeError: the labels are not of an integer type.
        ValueError: the shapes differ, the labels do not have two or three axes, or a label is negative.

    Examples:
        >>> regions = measure_regions(np.array([[5, 5, 0], [0, 0, 2]]))
        >>> regions.labels.tolist(), regions.areas.tolist(), regions.centroids.tolist()
        ([2, 5], [1.0, 2.0], [[1.0, 2.0], [0.0, 0.5]])
    """
    _check(labels, image)
    flat = labels.ravel()
    starts, lengths = _runs(flat, labels.shape[-1])
    inside = flat[starts] != 0
    names, cells = np.unique(flat[starts[inside]], return_inverse=True)

    def total(weights: np.ndarray) -> Floats:
        return np.bincount(cells, weights=weights[inside], minlength=names.size).astype(np.float64)

    areas = total(lengths)
    middles = np.stack(np.unravel_index(starts, labels.shape), axis=1).astype(np.float64)
    middles[:, -1] += (lengths - 1) / 2
    centroids = np.stack([total(lengths * axis) / areas for axis in middles.T], axis=1)
    if image is None:
        return Regions(names.astype(np.int64), centroids, areas)
    values = image.ravel().astype(np.float64)
    means = total(_run_sums(values, starts)) / areas
    squares = total(_run_sums(values * values, starts)) / areas
    deviations = np.sqrt(np.maximum(squares - means * means, 0))
    return Regions(names.astype(np.int64), centroids, areas, np.stack((means, deviations), axis=1))


def _check(labels: Labels, image: np.ndarray | None) -> None:
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {labels.dtype}")
    if labels.ndim not in (2, 3):
        raise ValueError(f"labels must be (H, W) or (Z, H, W), not {labels.shape}")
    if image is not None and image.shape != labels.shape:
        raise ValueError(f"labels {labels.shape} and image {image.shape} differ in shape")
    if labels.size and np.issubdtype(labels.dtype, np.signedinteger) and labels.min() < 0:
        raise ValueError(f"labels must be 0 or more, not {labels.min()}")


def _runs(flat: Labels, width: int) -> tuple[Indices, Indices]:
    """Return the starts and lengths of runs of equal labels; a run does not continue in the next row."""
    is_start = np.ones(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=is_start[1:])
    is_start[::width] = True
    starts = np.flatnonzero(is_start)
    return starts, np.diff(starts, append=flat.size)


def _run_sums(values: Floats, starts: Indices) -> Floats:
    return np.add.reduceat(values, starts) if starts.size else values
