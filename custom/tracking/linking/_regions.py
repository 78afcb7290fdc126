"""The cells of one frame as a table: label, centroid, area, brightness."""

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
        labels: (N,) int64, their labels in the mask, positive.
        centroids: (N, D) float64, in pixels, (row, column) or (slice, row, column), from 0 in the middle of a pixel.
        areas: (N,) float64, in pixels, or voxels; None where only points are known.
        brightness: (N, 2) float64, mean and standard deviation of the image in each cell; None without an image.
    """

    labels: Indices
    centroids: Floats
    areas: Floats | None = None
    brightness: Floats | None = None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.labels)

    def take(self, places: Indices) -> Regions:
        """Return the cells at these places."""
        areas, brightness = (None if column is None else column[places] for column in (self.areas, self.brightness))
        return Regions(self.labels[places], self.centroids[places], areas, brightness)

    def by_position(self) -> Regions:
        """Return the cells in the order of their centroids and areas, which does not depend on their labels."""
        ties = [] if self.areas is None else [self.areas]  # of a cell and one around it
        return self.take(np.lexsort([*ties, *self.centroids.T[::-1]]))

    def find(self, labels: npt.NDArray[np.int64]) -> Indices:
        """Return the place of each label, all of which must be there."""
        order = np.argsort(self.labels)
        return order[np.searchsorted(self.labels, labels, sorter=order)]

    def diameters(self, spacing: Sequence[float] | Floats) -> Floats:
        """Return the diameters of discs, or balls, of equal size, (N,), in the unit of the spacing.

        Raises:
            ValueError: only points are known.
        """
        if self.areas is None:
            raise ValueError("points have no diameter")
        sizes = self.areas * math.prod(spacing)
        return 2 * np.sqrt(sizes / np.pi) if len(spacing) == 2 else 2 * np.cbrt(0.75 * sizes / np.pi)


def measure_regions(labels: Labels, image: np.ndarray | None = None) -> Regions:
    """Measure the cells of a label image, in ascending order of their labels; a label in several parts is one cell.

    Runs of equal pixels are summed instead of pixels: a row of a cell costs as much as a pixel.

    Args:
        labels: (H, W) or (Z, H, W) integer; 0 is background.
        image: the same shape, any real type.

    Raises:
        TypeError: labels are not of an integer type.
        ValueError: the shapes differ, the labels have neither two nor three axes, or one is negative.
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
    """Return where runs of equal labels start, and their lengths; none goes on in the next row."""
    starts = np.ones(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=starts[1:])
    starts[::width] = True
    places = np.flatnonzero(starts)
    return places, np.diff(places, append=flat.size)


def _run_sums(values: Floats, starts: Indices) -> Floats:
    return np.add.reduceat(values, starts) if starts.size else values
