"""Two cells that become one label for some frames and then separate again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._candidates import Candidates
from ._regions import Floats, Indices, Regions


@dataclass(frozen=True)
class Meeting:
    """A merge as it is followed from frame to frame, its cells by their places in the `Regions` of their frames.

    Attributes:
        frame: index of the first frame in which the two are one.
        lost: place, in the frame before, of the cell that ends there.
        kept: place, in the frame before, of the cell that goes on as both.
        merged: place, in that first frame, of what they are.
        lost_area: area of the cell that ends, in pixels.
    """

    frame: int
    lost: int
    kept: int
    merged: int
    lost_area: float


class MergeWatch:
    """Follows cells that have swallowed another until they separate, or end.

    Two cells merge into one where it covers more than half of each, and they more than half of it, and only one of them
    is linked to it. They separate where a newcomer lies with more than half of it in what was the one, and is more
    than half as large as the lost cell and less than twice: so a fragment that was seen once hides no division.
    """

    def __init__(self) -> None:
        self.separated: list[tuple[Meeting, int]] = []  # with the index of the last frame in which the two are one
        self._open: dict[int, list[Meeting]] = {}  # place of the merged cell in the last frame → what it holds

    def advance(
        self, frame: int, before: Regions, after: Regions, pairs: Candidates, linked: npt.NDArray[np.bool_]
    ) -> Indices:
        """Go on by one frame, and return the places of the newcomers that have separated from a merged cell.

        Args:
            frame: index of the later frame.
            before: the cells of the earlier frame.
            after: those of the later.
            pairs: the candidates between them, with overlaps; without, nothing is found.
            linked: bool, which of them are linked one to one.
        """
        if pairs.overlaps is None or before.areas is None or after.areas is None:
            return np.zeros(0, np.int64)
        links = dict(zip(pairs.sources[linked].tolist(), pairs.targets[linked].tolist(), strict=True))
        in_later = pairs.overlaps / after.areas[pairs.targets]
        in_earlier = pairs.overlaps / before.areas[pairs.sources]
        separated = self._separate(frame, pairs.where(in_later > 0.5), after.areas, links)
        self._open = {links[place]: held for place, held in self._open.items() if held and place in links}
        self._meet(frame, pairs.where(in_earlier > 0.5), in_later[in_earlier > 0.5], before.areas, links)
        return np.array(separated, np.int64)

    def _separate(self, frame: int, within: Candidates, areas: Floats, links: dict[int, int]) -> list[int]:
        """Close merges whose lost cell is seen again, and return where; `within` are targets that lie in a source."""
        linked = set(links.values())
        separated = []
        for source, target in _items(within):
            for meeting in self._open.get(source, []) if source in links and target not in linked else []:
                if 0.5 < areas[target] / meeting.lost_area < 2:
                    self._open[source].remove(meeting)
                    self.separated.append((meeting, frame - 1))
                    separated.append(target)
                    break
        return separated

    def _meet(self, frame: int, covered: Candidates, parts: Floats, areas: Floats, links: dict[int, int]) -> None:
        """Open a merge where a target covers two cells well; `parts` are the fractions of it that are theirs."""
        filled = np.bincount(covered.targets, weights=parts) if len(covered) else parts
        kept = {links[source]: source for source, target in _items(covered) if links.get(source) == target}
        for source, target in _items(covered):
            if source not in links and target in kept and filled[target] > 0.5:
                meeting = Meeting(frame, source, kept[target], target, float(areas[source]))
                self._open.setdefault(target, []).append(meeting)


def _items(pairs: Candidates) -> list[tuple[int, int]]:
    return list(zip(pairs.sources.tolist(), pairs.targets.tolist(), strict=True))
