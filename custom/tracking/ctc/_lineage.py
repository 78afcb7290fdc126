"""Family relations of tracks: parents, children, divisions and cell cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ._format import Track


class Lineage:
    """The family trees of a list of tracks.

    A parent counts only if it is listed and begins earlier; a track without such a parent is a root. An invalid track
    list therefore also gives trees without cycles.

    Args:
        tracks: all tracks of a movie, in any order.

    Attributes:
        tracks: label → track, in ascending order of the labels.
        children: label → labels of its children, in ascending order: two or more after a division, one after a gap.
        roots: labels of the tracks without a parent, in ascending order.

    Examples:
        >>> lineage = Lineage([Track(1, 0, 3), Track(2, 4, 9, parent=1), Track(3, 4, 6, parent=1)])
        >>> lineage.roots, lineage.children[1], lineage.parent(3)
        ([1], [2, 3], 1)
    """

    def __init__(self, tracks: Iterable[Track]) -> None:
        self.tracks = {track.label: track for track in sorted(tracks)}
        self.children: dict[int, list[int]] = {label: [] for label in self.tracks}
        for label in self.tracks:
            if (parent := self.parent(label)) is not None:
                self.children[parent].append(label)
        self.roots = [label for label in self.tracks if self.parent(label) is None]

    def parent(self, label: int) -> int | None:
        """Return the label of the parent of a track, None for a root."""
        track = self.tracks[label]
        parent = self.tracks.get(track.parent)
        return parent.label if parent is not None and parent.begin < track.begin else None

    def continues(self, label: int) -> bool:
        """Return whether a track is the same cell as its parent, seen again after a gap: it is the only child."""
        parent = self.parent(label)
        return parent is not None and len(self.children[parent]) == 1

    def __iter__(self) -> Iterator[int]:
        """Yield all labels family by family, depth first: a parent before its children."""
        waiting = self.roots[::-1]
        while waiting:
            label = waiting.pop()
            yield label
            waiting += self.children[label][::-1]


class Division(NamedTuple):
    """A cell division.

    Attributes:
        frame: last frame of the mother.
        label: track label of the mother.
        daughters: track labels of the daughters, in ascending order.
        cycle_frames: frames since the division that the mother descends from; None if that division was not observed.
    """

    frame: int
    label: int
    daughters: tuple[int, ...]
    cycle_frames: int | None


def divisions(tracks: Iterable[Track]) -> list[Division]:
    """Return all divisions, ordered by frame. A mother that was missing for some frames is one cell.

    Args:
        tracks: all tracks of a movie, in any order.

    Examples:
        >>> divisions([Track(1, 0, 3), Track(2, 4, 9, parent=1), Track(3, 4, 6, parent=1)])
        [Division(frame=3, label=1, daughters=(2, 3), cycle_frames=None)]
    """
    lineage = Lineage(tracks)
    mothers = [label for label, children in lineage.children.items() if len(children) > 1]
    found = [
        Division(lineage.tracks[label].end, label, tuple(lineage.children[label]), _cycle_frames(lineage, label))
        for label in mothers
    ]
    return sorted(found, key=lambda division: (division.frame, division.label))


def _cycle_frames(lineage: Lineage, mother: int) -> int | None:
    """Return the frames between the division that a mother descends from and her own."""
    first = mother
    while lineage.continues(first):
        first = lineage.tracks[first].parent
    before = lineage.parent(first)
    return None if before is None else lineage.tracks[mother].end - lineage.tracks[before].end
