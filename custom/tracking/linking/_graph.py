"""The cells of a movie and where each comes from: at most one earlier cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ._regions import Floats, Indices, Regions


class Origin(IntEnum):
    """How a cell comes from the earlier one."""

    NONE = 0
    MOVE = 1
    GAP = 2
    DIVISION = 3


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Where the N cells of one frame come from.

    Attributes:
        sources: (N,) places of the earlier cells in the `Regions` of the frame before, −1 for none.
        origins: (N,) int8, an `Origin` each.
        confidences: (N,) float64, 0 to 1; 0 without a source.
    """

    sources: Indices
    origins: npt.NDArray[np.int8]
    confidences: Floats

    @classmethod
    def nothing(cls, cells: int) -> Arrivals:
        """Return the arrivals of cells that come from nowhere."""
        return cls(np.full(cells, -1), np.zeros(cells, np.int8), np.zeros(cells))

    def enter(self, cells: Indices, sources: Indices, origin: Origin, confidences: Floats) -> None:
        """Say where some of the cells come from, in place of what was said before."""
        self.sources[cells] = sources
        self.origins[cells] = origin
        self.confidences[cells] = confidences


class Graph:
    """All cells of a movie, numbered frame by frame.

    Attributes:
        regions: the cells of each frame.
        offsets: (F + 1,) number of the first cell of each frame, and at last the number of all cells.
        frames: (N,) index of each cell's frame.
        sources: (N,) number of the earlier cell that each comes from, −1 for none.
        origins: (N,) int8, an `Origin` each.
        confidences: (N,) float64, 0 to 1.
    """

    def __init__(self, regions: Sequence[Regions], arrivals: Sequence[Arrivals]) -> None:
        self.regions = regions
        sizes = [len(cells) for cells in regions]
        self.offsets = np.cumsum([0, *sizes])
        self.frames = np.repeat(np.arange(len(sizes)), sizes)
        local = np.concatenate([np.zeros(0, np.int64), *(each.sources for each in arrivals)])
        self.sources = np.where(local < 0, -1, local + self.offsets[self.frames - 1])
        self.origins = np.concatenate([np.zeros(0, np.int8), *(each.origins for each in arrivals)])
        self.confidences = np.concatenate([np.zeros(0), *(each.confidences for each in arrivals)])

    def by_frame(self, values: np.ndarray) -> list[np.ndarray]:
        """Return what there is for each cell, (N, ...), frame by frame."""
        return [values[first:end] for first, end in pairwise(self.offsets)]

    def undo_short_divisions(self, min_length: int) -> None:
        """Make a move of each division of which a daughter lives for fewer frames; the other one goes on as the mother.

        A daughter lives on that is there in the last frame or divides in her turn.
        """
        lives = np.where(self.frames == len(self.regions) - 1, min_length, 1)
        for frame in range(len(self.regions) - 1, 0, -1):  # from the end, because it shortens the lives of mothers
            cells = np.arange(self.offsets[frame], self.offsets[frame + 1])
            daughters = cells[self.origins[cells] == Origin.DIVISION]
            for pair in daughters[np.argsort(self.sources[daughters], kind="stable")].reshape(-1, 2):
                longer, shorter = pair[np.argsort(-lives[pair], kind="stable")]
                if lives[shorter] < min_length:
                    self.origins[longer] = Origin.MOVE
                    self.origins[shorter], self.sources[shorter], self.confidences[shorter] = Origin.NONE, -1, 0
                else:
                    lives[self.sources[longer]] = min_length
            moved = cells[self.origins[cells] == Origin.MOVE]
            lives[self.sources[moved]] += lives[moved]
