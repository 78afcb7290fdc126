"""Merges: two cells that share one label for some frames and then separate again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._candidates import Candidates
from ._regions import Floats, Indices, Regions


@dataclass(frozen=True)
class MergeEvent:
    """The first frame of a merge; cells are given by their indices in the `Regions` of their frames.

    Attributes:
        frame: index of the first frame in which the two cells are one.
        lost: index, in the previous frame, of the cell whose track ends.
        kept: index, in the previous frame, of the cell whose track continues as the merged cell.
        merged: index, in the first frame of the merge, of the merged cell.
        lost_area: area of the lost cell, in pixels.
    """

    frame: int
    lost: int
    kept: int
    merged: int
    lost_area: float


class MergeDetector:
    """Follows merged cells until they separate or end.

    Two cells merge into one if it covers more than half of each, they cover more than half of it, and only one of them
    is linked to it. They separate if more than half of a new cell is inside the merged cell, and the area of the new
    cell is between half and twice the area of the lost cell. The last condition prevents a fragment that was segmented
    separately in one frame from hiding a division.

    Attributes:
        closed: merges that have ended, each with the index of its last frame.
    """

    def __init__(self) -> None:
        self.closed: list[tuple[MergeEvent, int]] = []
        self._open: dict[int, list[MergeEvent]] = {}  # index of the merged cell in the last frame → its merges

    def advance(
        self, frame: int, before: Regions, after: Regions, pairs: Candidates, linked: npt.NDArray[np.bool_]
    ) -> Indices:
        """Process the next frame, and return the indices of the new cells that have separated from a merged cell.

        Args:
            frame: index of the later frame.
            before: the cells of the earlier frame.
            after: the cells of the later frame.
            pairs: the N candidates between them; no merges are found without overlaps.
            linked: (N,) bool, pairs that are linked one to one.
        """
        if pairs.overlaps is None or before.areas is None or after.areas is None:
            return np.zeros(0, np.int64)
        links = dict(zip(pairs.sources[linked].tolist(), pairs.targets[linked].tolist(), strict=True))
        in_later = pairs.overlaps / after.areas[pairs.targets]
        in_earlier = pairs.overlaps / before.areas[pairs.sources]
        separated = self._close_merges(frame, pairs.where(in_later > 0.5), after.areas, links)
        self._open = {links[index]: events for index, events in self._open.items() if events and index in links}
        self._open_merges(frame, pairs.where(in_earlier > 0.5), in_later[in_earlier > 0.5], before.areas, links)
        return np.array(separated, np.int64)

    def _close_merges(self, frame: int, within: Candidates, areas: Floats, links: dict[int, int]) -> list[int]:
        """Close merges whose lost cell reappears, and return its index; `within` has targets inside their source."""
        linked = set(links.values())
        separated = []
        for source, target in _items(within):
            for event in self._open.get(source, []) if source in links and target not in linked else []:
                if 0.5 < areas[target] / event.lost_area < 2:
                    self._open[source].remove(event)
                    self.closed.append((event, frame - 1))
                    separated.append(target)
                    break
        return separated

    def _open_merges(
        self, frame: int, covered: Candidates, fractions: Floats, areas: Floats, links: dict[int, int]
    ) -> None:
        """Open a merge if a target covers two cells; `fractions` are the parts of the target that each cell covers."""
        filled = np.bincount(covered.targets, weights=fractions) if len(covered) else fractions
        kept = {links[source]: source for source, target in _items(covered) if links.get(source) == target}
        for source, target in _items(covered):
            if source not in links and target in kept and filled[target] > 0.5:
                event = MergeEvent(frame, source, kept[target], target, float(areas[source]))
                self._open.setdefault(target, []).append(event)


def _items(pairs: Candidates) -> list[tuple[int, int]]:
    return list(zip(pairs.sources.tolist(), pairs.targets.tolist(), strict=True))
