"""From the cells of each frame to tracks: linked one to one, divisions found among newcomers, gaps closed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...metrics import ContingencyTable, contingency_table
from ._assignment import assign, confidences
from ._candidates import Candidates, Scale, find_candidates, link_costs
from ._divisions import find_divisions
from ._gaps import close_gaps
from ._graph import Arrivals, Graph, Origin
from ._merges import MergeWatch
from ._regions import Floats, Labels, Regions, measure_regions
from ._result import Tracking, tracking_of
from ._settings import Settings


class Linker:
    """Links the cells of a movie, frame by frame; of the masks only the last is kept.

    One-to-one links come first, the cheapest set of them; then divisions, for which a newcomer is needed; at the end
    gaps are closed over what ended and began. Numbers that the cells have in the masks change nothing.

    Args:
        settings: distance, weights and thresholds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scale: Scale | None = None
        self._frames: list[int] = []
        self._regions: list[Regions] = []
        self._arrivals: list[Arrivals] = []
        self._merges = MergeWatch()
        self._mask: Labels | None = None

    def add(self, frame: int, labels: Labels, image: np.ndarray | None = None) -> None:
        """Add the next frame by its label image.

        Args:
            frame: its number, one more than the last.
            labels: (H, W) or (Z, H, W) integer, 0 is background.
            image: the same shape; where it is given for all frames, `appearance_weight` counts.

        Raises:
            TypeError: labels are not of an integer type.
            ValueError: another frame number, shapes that differ, or a negative label.
        """
        table = None if self._mask is None else contingency_table(self._mask, labels)
        self.add_regions(frame, measure_regions(labels, image), table)
        self._mask = labels

    def add_points(self, frame: int, centroids: Floats, areas: Floats | None = None) -> None:
        """Add the next frame by the cells' centroids; their labels are 1 to N in that order.

        Args:
            frame: its number, one more than the last.
            centroids: (N, 2) or (N, 3) float, in pixels.
            areas: (N,) float, in pixels; without, `max_distance` is needed.

        Raises:
            ValueError: another frame number, or areas and `max_distance` are both missing.
        """
        places = np.asarray(centroids, np.float64)
        sizes = None if areas is None else np.asarray(areas, np.float64)
        self.add_regions(frame, Regions(np.arange(1, len(places) + 1), places, sizes))

    def add_regions(self, frame: int, regions: Regions, table: ContingencyTable | None = None) -> None:
        """Add the next frame by the table of its cells.

        Args:
            frame: its number, one more than the last.
            regions: the cells.
            table: the pixels that they share with those of the last frame, whose labels come first; None for points.

        Raises:
            ValueError: another frame number, or areas and `max_distance` are both missing.
        """
        if self._frames and frame != self._frames[-1] + 1:
            raise ValueError(f"frame {frame} does not follow frame {self._frames[-1]}")
        regions = regions.by_position()
        self._scale = self._scale or self._scale_of(regions)
        self._arrivals.append(self._arrive(regions, table))
        self._frames.append(frame)
        self._regions.append(regions)

    def finish(self) -> Tracking:
        """Close the gaps, leave out what is too short, and return the tracks."""
        graph = Graph(self._regions, self._arrivals)
        graph.undo_short_divisions(self._settings.min_length)
        if self._scale is not None:
            close_gaps(graph, self._scale, self._settings)
        return tracking_of(graph, self._frames, self._merges.separated, self._settings.min_length)

    def _scale_of(self, regions: Regions) -> Scale | None:
        """Return reach and spacing, None as long as no cell has been seen."""
        if not len(regions):
            return None
        axes = regions.centroids.shape[1]
        spacing = self._settings.spacing or (1.0,) * axes
        if len(spacing) != axes:
            raise InputError.about("spacing", f"{len(spacing)} numbers", f"{axes}, one for each axis of the masks")
        if self._settings.max_distance is not None:
            return Scale(self._settings.max_distance, spacing)
        return Scale(float(np.median(regions.diameters(spacing))), spacing)

    def _arrive(self, regions: Regions, table: ContingencyTable | None) -> Arrivals:
        """Return where the cells of a frame come from, without gaps."""
        arrivals = Arrivals.nothing(len(regions))
        if self._scale is None or not self._regions:
            return arrivals
        before, settings = self._regions[-1], self._settings
        pairs = find_candidates(before, regions, self._scale, table)
        costs = link_costs(before, regions, pairs, self._scale, settings)
        linked = self._assign(before, regions, pairs, costs, self._scale)
        sure = confidences(pairs, costs, settings.max_cost)
        arrivals.enter(pairs.targets[linked], pairs.sources[linked], Origin.MOVE, sure[linked])
        free = arrivals.origins == Origin.NONE
        free[self._merges.advance(len(self._frames), before, regions, pairs, linked)] = False
        found = find_divisions(before, regions, pairs, linked, free, self._scale, settings.division_threshold)
        sure = found.confidences(settings.division_threshold)
        for daughters in found.daughters.T:
            arrivals.enter(daughters, found.mothers, Origin.DIVISION, sure)
        return arrivals

    def _assign(
        self, before: Regions, after: Regions, pairs: Candidates, costs: Floats, scale: Scale
    ) -> npt.NDArray[np.bool_]:
        """Return which pairs are linked one to one, by the solver of the settings."""
        if self._settings.solver == "assignment":
            return assign(pairs, costs, self._settings.max_cost)
        try:
            from ._ilp import assign_with_divisions
        except ImportError as error:
            raise InputError.about(
                "solver", "ilp without the package motile", "it installed: pip install motile"
            ) from error
        return assign_with_divisions(before, after, pairs, costs, scale, self._settings)
