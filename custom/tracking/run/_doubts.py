"""Signs that a movie cannot be tracked: unrelated frames, and binary masks given as instance labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.measure import label

from ..ctc._sequences import LabelSequence
from ..linking._result import Link

LEAST_LINKED = 0.5
"""Fraction of the cells that must have a link to a later frame; in a movie nearly all have."""


class CellCounts:
    """Counts the cells of each frame while the masks are read.

    Args:
        masks: the instance labels of a movie.
    """

    def __init__(self, masks: LabelSequence) -> None:
        self._masks = masks
        self._cells: dict[int, int] = {}
        self._binary: dict[int, bool] = {}

    def counted(self) -> LabelSequence:
        """Return the same labels, whose cells are counted when a frame is read first."""
        return LabelSequence(self._masks.frames, self._masks.paths, self._read)

    def _read(self, frame: int) -> np.ndarray:
        labels = self._masks.read(frame)
        if frame not in self._cells:
            numbers = np.unique(labels[labels > 0])
            self._cells[frame] = len(numbers)
            self._binary[frame] = len(numbers) == 1 and int(label(labels > 0).max()) > 1
        return labels

    def notes(self, movie: str, links: Sequence[Link]) -> list[str]:
        """Return what is unlikely, in sentences.

        Args:
            movie: name of the movie.
            links: the links between its cells.
        """
        found = []
        if sum(self._binary.values()) > len(self._binary) / 2:
            found.append(
                f"{movie}: most masks have a single value in several places, like binary masks; instance labels were "
                "expected, and each mask is tracked as one cell."
            )
        before_last = sum(count for frame, count in self._cells.items() if frame != max(self._cells))
        linked = len({(link.frame, link.label) for link in links})
        if before_last and linked < LEAST_LINKED * before_last:
            found.append(
                f"{movie}: only {100 * linked // before_last} % of the cells are linked to a later frame. Are these "
                "frames of one movie, in the right order? A larger max_distance allows longer movements."
            )
        return found
