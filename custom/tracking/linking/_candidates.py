"""Which cells of a frame may be which of a later one, and what each of these links would cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from ...metrics import ContingencyTable
from ._regions import Floats, Indices, Regions
from ._settings import Settings


@dataclass(frozen=True, eq=False)
class Candidates:
    """N pairs of a cell and one that it may be later, each once, in ascending order of (source, target).

    Attributes:
        sources: (N,) places of the earlier cells in their `Regions`.
        targets: (N,) places of the later cells in theirs.
        overlaps: (N,) float64, pixels that the two share; None where that is not known.
    """

    sources: Indices
    targets: Indices
    overlaps: Floats | None = None

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.sources)

    def where(self, keep: npt.NDArray[np.bool_]) -> Candidates:
        """Return only those pairs that `keep`, bool (N,), says."""
        return Candidates(
            self.sources[keep], self.targets[keep], None if self.overlaps is None else self.overlaps[keep]
        )


@dataclass(frozen=True)
class Scale:
    """The space in which cells move.

    Attributes:
        reach: how far a cell may move between two frames, in the unit of the spacing.
        spacing: size of a pixel along each axis.
    """

    reach: float
    spacing: tuple[float, ...]


def find_candidates(before: Regions, after: Regions, scale: Scale, table: ContingencyTable | None = None) -> Candidates:
    """Return all pairs that overlap, or whose centroids are no farther apart than the reach.

    Args:
        before: the earlier cells.
        after: the later cells.
        scale: reach and spacing.
        table: the pixels that the two label images share, the earlier one as its labels, the later as its reference;
            None where that is not known.
    """
    earlier, later = (KDTree(cells.centroids * np.asarray(scale.spacing)) for cells in (before, after))
    near = earlier.sparse_distance_matrix(later, scale.reach, output_type="ndarray")
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


def link_costs(before: Regions, after: Regions, pairs: Candidates, scale: Scale, settings: Settings) -> Floats:
    """Return the cost of each pair, (N,) 0 to 1: the weighted mean of its cues, of those that are known.

    The cues are the distance of the centroids as a fraction of the reach, up to 1; one minus the overlap, intersection
    over union; one minus the ratio of the smaller to the larger area; and 1 − exp(−|difference of the means| / sd) of
    the brightness, with the mean variance of the two cells as sd².
    """
    sources, targets = pairs.sources, pairs.targets
    steps = (before.centroids[sources] - after.centroids[targets]) * np.asarray(scale.spacing)
    cues = [(settings.distance_weight, np.minimum(np.linalg.norm(steps, axis=1) / scale.reach, 1))]
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
    """Return how much the cells of each pair differ, (N,) 0 to 1, from the brightness of both, (N, 2) each."""
    difference = np.abs(first[:, 0] - second[:, 0])
    deviation = np.sqrt((first[:, 1] ** 2 + second[:, 1] ** 2) / 2)
    far = np.where(difference > 0, np.inf, 0.0)  # of cells that are flat
    return -np.expm1(-np.divide(difference, deviation, out=far, where=deviation > 0))
