"""Who descends from whom: what pictures and exports ask of a list of tracks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..ctc._tracks import Track


class Lineage:
    """The families of a list of tracks.

    A track's parent counts where it is listed and begins earlier; any other track is the first of its family. So the
    list of an unsound result has families too, without circles.

    Attributes:
        tracks: label → track, in ascending order.
        children: label → labels of its children, in ascending order: two or more after a division, one after a gap.
        roots: labels of the tracks without a parent, in ascending order.
    """

    def __init__(self, tracks: Iterable[Track]) -> None:
        self.tracks = {track.label: track for track in sorted(tracks)}
        self.children: dict[int, list[int]] = {label: [] for label in self.tracks}
        for label in self.tracks:
            if (parent := self.parent(label)) is not None:
                self.children[parent].append(label)
        self.roots = [label for label in self.tracks if self.parent(label) is None]

    def parent(self, label: int) -> int | None:
        """Return the label of a track's parent, None for the first of a family."""
        track = self.tracks[label]
        parent = self.tracks.get(track.parent)
        return parent.label if parent is not None and parent.begin < track.begin else None

    def continues(self, label: int) -> bool:
        """Return whether a track is the same cell as its parent, seen again after a gap: its only child."""
        parent = self.parent(label)
        return parent is not None and len(self.children[parent]) == 1

    def __iter__(self) -> Iterator[int]:
        """Give all labels family by family, a parent before its children, a child's family before its sister."""
        waiting = self.roots[::-1]
        while waiting:
            label = waiting.pop()
            yield label
            waiting += self.children[label][::-1]
