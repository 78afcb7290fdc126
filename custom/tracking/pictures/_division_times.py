"""When cells divide, and how long they take from one division to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..ctc._tracks import Track
from ._lineage import Lineage


class Division(NamedTuple):
    """A division.

    Attributes:
        frame: the last one in which the mother is seen.
        label: her track.
        daughters: their tracks, in ascending order.
        cycle_frames: from the division that she came from to this one; None if that was not seen.
    """

    frame: int
    label: int
    daughters: tuple[int, ...]
    cycle_frames: int | None


def divisions(tracks: Iterable[Track]) -> list[Division]:
    """Return all divisions in the order of their frames; a mother that was missing for some frames is one cell.

    Args:
        tracks: of the whole movie.
    """
    lineage = Lineage(tracks)
    mothers = [label for label, children in lineage.children.items() if len(children) > 1]
    found = [
        Division(lineage.tracks[label].end, label, tuple(lineage.children[label]), _cycle(lineage, label))
        for label in mothers
    ]
    return sorted(found, key=lambda division: (division.frame, division.label))


def _cycle(lineage: Lineage, mother: int) -> int | None:
    """Return the frames between the division that a mother came from and her own."""
    first = mother
    while lineage.continues(first):
        first = lineage.tracks[first].parent
    before = lineage.parent(first)
    return None if before is None else lineage.tracks[mother].end - lineage.tracks[before].end
