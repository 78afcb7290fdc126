"""The graph of a movie: all cells, and the predecessor of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ._regions import Floats, Indices, Regions


class LinkKind(IntEnum):
    """The relation of a cell to its predecessor."""

    NONE = 0
    MOVE = 1
    GAP = 2
    DIVISION = 3


@dataclass(frozen=True, eq=False)
class Predecessors:
    """The predecessors of the N cells of one frame.

    Attributes:
        sources: (N,) int64, indices of the predecessors in the `Regions` of the previous frame; −1 for none.
        kinds: (N,) int8, a `LinkKind` each.
        confidences: (N,) float64, 0 to 1; 0 without a predecessor.
    """

    sources: Indices
    kinds: npt.NDArray[np.int8]
    confidences: Floats

    @classmethod
    def none(cls, cells: int) -> Predecessors:
        """Return the table of cells without predecessors."""
        return cls(np.full(cells, -1), np.zeros(cells, np.int8), np.zeros(cells))

    def set(self, cells: Indices, sources: Indices, kind: LinkKind, confidences: Floats) -> None:
        """Set the predecessors of some of the cells."""
        self.sources[cells] = sources
        self.kinds[cells] = kind
        self.confidences[cells] = confidences


class Graph:
    """All N cells of a movie of F frames, numbered frame by frame.

    Attributes:
        regions: the cells of each frame.
        offsets: (F + 1,) int64, number of the first cell of each frame, and finally the number of all cells.
        frames: (N,) int64, frame index of each cell.
        sources: (N,) int64, number of the predecessor of each cell; −1 for none.
        kinds: (N,) int8, a `LinkKind` each.
        confidences: (N,) float64, 0 to 1.
    """

    def __init__(self, regions: Sequence[Regions], predecessors: Sequence[Predecessors]) -> None:
        self.regions = regions
        sizes = [len(cells) for cells in regions]
        self.offsets = np.cumsum([0, *sizes])
        self.frames = np.repeat(np.arange(len(sizes)), sizes)
        local = np.concatenate([np.zeros(0, np.int64), *(each.sources for each in predecessors)])
        self.sources = np.where(local < 0, -1, local + self.offsets[self.frames - 1])
        self.kinds = np.concatenate([np.zeros(0, np.int8), *(each.kinds for each in predecessors)])
        self.confidences = np.concatenate([np.zeros(0), *(each.confidences for each in predecessors)])

    def by_frame(self, values: np.ndarray) -> list[np.ndarray]:
        """Split the values of all cells, (N, ...), by frame."""
        return [values[first:end] for first, end in pairwise(self.offsets)]

    def undo_short_divisions(self, min_length: int) -> None:
        """Undo divisions with a daughter that lives for fewer than `min_length` frames; the other continues the mother.

        A daughter that reaches the last frame, or divides, counts as long-lived.
        """
        lives = np.where(self.frames == len(self.regions) - 1, min_length, 1)
        for frame in range(len(self.regions) - 1, 0, -1):  # backward: a later division decides how long a mother lives
            cells = np.arange(self.offsets[frame], self.offsets[frame + 1])
            daughters = cells[self.kinds[cells] == LinkKind.DIVISION]
            for pair in daughters[np.argsort(self.sources[daughters], kind="stable")].reshape(-1, 2):
                longer, shorter = pair[np.argsort(-lives[pair], kind="stable")]
                if lives[shorter] < min_length:
                    self.kinds[longer] = LinkKind.MOVE
                    self.kinds[shorter], self.sources[shorter], self.confidences[shorter] = LinkKind.NONE, -1, 0
                else:
                    lives[self.sources[longer]] = min_length
            moved = cells[self.kinds[cells] == LinkKind.MOVE]
            lives[self.sources[moved]] += lives[moved]
