"""Candidate links between the cells of two frames, and their costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from ...metrics import ContingencyTable
from ._regions import Floats, Indices, Regions
from ._settings import LinkingSettings


@dataclass(frozen=True, eq=False)
class Candidates:
    """N possible links from a cell to a later cell, each once, in ascending order of (source, target).

    Attributes:
        sources: (N,) int64, indices of the earlier cells in their `Regions`.
        targets: (N,) int64, indices of the later cells in their `Regions`.
        overlaps: (N,) float64, shared pixels; None if unknown.
    """

    sources: Indices
    targets: Indices
    overlaps: Floats | None = None

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.sources)

    def where(self, keep: npt.NDArray[np.bool_]) -> Candidates:
        """Return the pairs for which `keep`, bool (N,), is true."""
        return Candidates(
            self.sources[keep], self.targets[keep], None if self.overlaps is None else self.overlaps[keep]
        )


@dataclass(frozen=True)
class Scale:
    """The scale of the movement of cells.

    Attributes:
        max_distance: maximum distance of a cell between two frames, in the unit of the spacing.
        spacing: pixel size along each axis.
    """

    max_distance: float
    spacing: tuple[float, ...]


def find_candidates(before: Regions, after: Regions, scale: Scale, table: ContingencyTable | None = None) -> Candidates:
    """Return all pairs that overlap, or whose centroids are at most the maximum distance apart.

    Args:
        before: the earlier cells.
        after: the later cells.
        scale: maximum distance and spacing.
        table: shared pixels of the two label images, the earlier as labels, the later as reference; None if unknown.
    """
    earlier, later = (KDTree(cells.centroids * np.asarray(scale.spacing)) for cells in (before, after))
    near = earlier.sparse_distance_matrix(later, scale.max_distance, output_type="ndarray")
    codes = np.sort(near["i"] * len(after) + near["j"])
    if table is None:
        return Candidates(*_decoded(codes, after))
    objects = table.where((table.labels > 0) & (table.reference > 0))
    shared = before.find(objects.labels) * len(after) + after.find(objects.reference)
    codes = np.union1d(codes, shared)
    overlaps = np.zeros(codes.size)
    overlaps[np.searchsorted(codes, shared)] = objects.counts
    return Candidates(*_decoded(codes, after), overlaps)


def _decoded(codes: Indices, after: Regions) -> tuple[Indices, Indices]:
    sources, targets = np.divmod(codes, max(len(after), 1))
    return sources, targets


def link_costs(before: Regions, after: Regions, pairs: Candidates, scale: Scale, settings: LinkingSettings) -> Floats:
    """Return the cost of each pair, (N,) float64 from 0 to 1: the weighted mean of all known cues.

    The cues are: the centroid distance as a fraction of the maximum distance, at most 1; one minus the IoU; one minus
    the ratio of the smaller to the larger area; and 1 − exp(−|difference of the mean brightness| / sd), where sd² is
    the mean of the brightness variances of the two cells.
    """
    sources, targets = pairs.sources, pairs.targets
    steps = (before.centroids[sources] - after.centroids[targets]) * np.asarray(scale.spacing)
    cues = [(settings.distance_weight, np.minimum(np.linalg.norm(steps, axis=1) / scale.max_distance, 1))]
    if before.areas is not None and after.areas is not None:
        first, second = before.areas[sources], after.areas[targets]
        cues.append((settings.area_weight, 1 - np.minimum(first, second) / np.maximum(first, second)))
        if pairs.overlaps is not None:
            cues.append((settings.overlap_weight, 1 - pairs.overlaps / (first + second - pairs.overlaps)))
    if before.brightness is not None and after.brightness is not None:
        contrasts = _contrasts(before.brightness[sources], after.brightness[targets])
        cues.append((settings.appearance_weight, contrasts))
    return np.average([cue for _, cue in cues], axis=0, weights=[weight for weight, _ in cues])


def _contrasts(first: Floats, second: Floats) -> Floats:
    """Return the difference in appearance of each pair, (N,) from 0 to 1, from the brightness of both cells, (N, 2)."""
    difference = np.abs(first[:, 0] - second[:, 0])
    deviation = np.sqrt((first[:, 1] ** 2 + second[:, 1] ** 2) / 2)
    uniform = np.where(difference > 0, np.inf, 0.0)  # ratio for two cells without any variance
    return -np.expm1(-np.divide(difference, deviation, out=uniform, where=deviation > 0))
