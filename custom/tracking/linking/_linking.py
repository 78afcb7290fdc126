"""The linker: one-to-one links, then divisions among new cells, then gap closing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...metrics import ContingencyTable, contingency_table
from ._assignment import assign, confidences
from ._candidates import Candidates, Scale, find_candidates, link_costs
from ._divisions import find_divisions
from ._graph import Graph, LinkKind, Predecessors
from ._merges import MergeDetector
from ._regions import Floats, Indices, Labels, Regions, measure_regions
from ._result import Tracking, tracking_of
from ._settings import LinkingSettings

_GAP_CONFIDENCE = 0.5  # about half of the closed gaps were correct in sequences with ground truth


class Linker:
    """Links the cells of a movie frame by frame; only the last mask is kept in memory.

    For each frame, the cheapest one-to-one links are chosen first, then divisions, each of which needs a new cell.
    Finally, gaps between ended and begun tracks are closed. The labels of the cells in the masks have no influence.

    Args:
        settings: distance, weights and thresholds.

    Examples:
        >>> linker = Linker(LinkingSettings(max_distance=5))
        >>> for frame, column in enumerate((2, 4, 6)):
        ...     linker.add_points(frame, np.array([[3.0, column]]))
        >>> linker.finish().tracks
        [Track(label=1, begin=0, end=2, parent=0)]
    """

    def __init__(self, settings: LinkingSettings) -> None:
        self._settings = settings
        self._scale: Scale | None = None
        self._frames: list[int] = []
        self._regions: list[Regions] = []
        self._predecessors: list[Predecessors] = []
        self._merge_detector = MergeDetector()
        self._mask: Labels | None = None

    def add(self, frame: int, labels: Labels, image: np.ndarray | None = None) -> None:
        """Add the next frame as a label image.

        Args:
            frame: frame number, one more than the previous.
            labels: integer (H, W) or (Z, H, W); 0 is background.
            image: same shape; `appearance_weight` has an effect if images are given for all frames.

        Raises:
            TypeError: the labels are not of an integer type.
            ValueError: the frame number is not the next, the shapes differ, or a label is negative.
        """
        table = None if self._mask is None else contingency_table(self._mask, labels)
        self.add_regions(frame, measure_regions(labels, image), table)
        self._mask = labels

    def add_points(self, frame: int, centroids: Floats, areas: Floats | None = None) -> None:
        """Add the next frame as centroids; their labels are 1 to N in the given order.

        Args:
            frame: frame number, one more than the previous.
            centroids: (N, 2) or (N, 3) float, in pixels.
            areas: (N,) float, in pixels; `max_distance` is required without areas.

        Raises:
            ValueError: the frame number is not the next, or both areas and `max_distance` are missing.
        """
        positions = np.asarray(centroids, np.float64)
        sizes = None if areas is None else np.asarray(areas, np.float64)
        self.add_regions(frame, Regions(np.arange(1, len(positions) + 1), positions, sizes))

    def add_regions(self, frame: int, regions: Regions, table: ContingencyTable | None = None) -> None:
        """Add the next frame as a table of its cells.

        Args:
            frame: frame number, one more than the previous.
            regions: the cells.
            table: pixels shared with the cells of the previous frame, whose labels come first; None for points.

        Raises:
            ValueError: the frame number is not the next, or both areas and `max_distance` are missing.
        """
        if self._frames and frame != self._frames[-1] + 1:
            raise ValueError(f"frame {frame} does not follow frame {self._frames[-1]}")
        regions = regions.by_position()
        self._scale = self._scale or self._scale_of(regions)
        self._predecessors.append(self._link_frame(regions, table))
        self._frames.append(frame)
        self._regions.append(regions)

    def finish(self) -> Tracking:
        """Close gaps, remove tracks that are too short, and return the tracks."""
        graph = Graph(self._regions, self._predecessors)
        graph.undo_short_divisions(self._settings.min_length)
        if self._scale is not None:
            _close_gaps(graph, self._scale, self._settings)
        return tracking_of(graph, self._frames, self._merge_detector.closed, self._settings.min_length)

    def _scale_of(self, regions: Regions) -> Scale | None:
        """Return maximum distance and spacing, None until the first cell appears."""
        if not len(regions):
            return None
        axes = regions.centroids.shape[1]
        spacing = self._settings.spacing or (1.0,) * axes
        if len(spacing) != axes:
            raise InputError.about("spacing", f"{len(spacing)} numbers", f"{axes}, one for each axis of the masks")
        if self._settings.max_distance is not None:
            return Scale(self._settings.max_distance, spacing)
        return Scale(float(np.median(regions.diameters(spacing))), spacing)

    def _link_frame(self, regions: Regions, table: ContingencyTable | None) -> Predecessors:
        """Return the predecessors of the cells of a frame in the previous frame."""
        predecessors = Predecessors.none(len(regions))
        if self._scale is None or not self._regions:
            return predecessors
        before, settings = self._regions[-1], self._settings
        pairs = find_candidates(before, regions, self._scale, table)
        costs = link_costs(before, regions, pairs, self._scale, settings)
        linked = self._assign(before, regions, pairs, costs, self._scale)
        link_confidences = confidences(pairs, costs, settings.max_cost)[linked]
        predecessors.set(pairs.targets[linked], pairs.sources[linked], LinkKind.MOVE, link_confidences)
        newcomers = predecessors.kinds == LinkKind.NONE
        newcomers[self._merge_detector.advance(len(self._frames), before, regions, pairs, linked)] = False
        found = find_divisions(before, regions, pairs, linked, newcomers, self._scale, settings.division_threshold)
        division_confidences = found.confidences(settings.division_threshold)
        for daughters in found.daughters.T:
            predecessors.set(daughters, found.mothers, LinkKind.DIVISION, division_confidences)
        return predecessors

    def _assign(
        self, before: Regions, after: Regions, pairs: Candidates, costs: Floats, scale: Scale
    ) -> npt.NDArray[np.bool_]:
        """Return the pairs that the chosen solver links one to one."""
        if self._settings.solver == "assignment":
            return assign(pairs, costs, self._settings.max_cost)
        try:
            from ._ilp import assign_with_divisions
        except ImportError as error:
            raise InputError.about(
                "solver", "ilp without the package motile", "it installed: pip install motile"
            ) from error
        return assign_with_divisions(before, after, pairs, costs, scale, self._settings)


# ---------------------------------------------------------------------------------------------------------------- gaps


def _close_gaps(graph: Graph, scale: Scale, settings: LinkingSettings) -> None:
    """Link ended cells to cells that begin up to `max_gap` + 1 frames later, with the smallest total cost.

    Args:
        graph: the graph of the movie, changed in place.
        scale: maximum distance, for gaps of any length, and spacing.
        settings: weights, `max_cost` and `max_gap`.
    """
    pairs, costs = _gap_candidates(graph, scale, settings)
    linked = assign(pairs, costs, settings.max_cost)
    gap_confidences = _GAP_CONFIDENCE * confidences(pairs, costs, settings.max_cost)
    graph.sources[pairs.targets[linked]] = pairs.sources[linked]
    graph.kinds[pairs.targets[linked]] = LinkKind.GAP
    graph.confidences[pairs.targets[linked]] = gap_confidences[linked]


def _gap_candidates(graph: Graph, scale: Scale, settings: LinkingSettings) -> tuple[Candidates, Floats]:
    """Return pairs of track ends and beginnings, by their cell numbers in the graph, and their costs."""
    has_successor = np.zeros(graph.frames.size, bool)
    has_successor[graph.sources[graph.sources >= 0]] = True
    ends = [np.flatnonzero(~part) for part in graph.by_frame(has_successor)]
    beginnings = [np.flatnonzero(part) for part in graph.by_frame(graph.kinds == LinkKind.NONE)]
    found: list[tuple[Indices, Indices, Floats]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for first, earlier in enumerate(ends):
        for second in range(first + 2, min(first + 2 + settings.max_gap, len(ends))):
            later = beginnings[second]
            before, after = graph.regions[first].take(earlier), graph.regions[second].take(later)
            pairs = find_candidates(before, after, scale)
            if before.areas is not None:  # the earlier masks are no longer in memory: count them as not overlapping
                pairs = replace(pairs, overlaps=np.zeros(len(pairs)))
            numbers = graph.offsets[first] + earlier[pairs.sources], graph.offsets[second] + later[pairs.targets]
            found.append((*numbers, link_costs(before, after, pairs, scale, settings)))
    sources, targets, costs = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((targets, sources))
    return Candidates(sources[order], targets[order]), costs[order]
