"""The links between the objects of a movie: along its tracks, and from parents to children."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ._matching import Choice, MovieObjects, Places


@dataclass(frozen=True, eq=False)
class Links:
    """E links, each from an object to one in a later frame.

    Attributes:
        sources: (E,) int64, places of the earlier objects in their `MovieObjects`.
        targets: (E,) int64, places of the later ones.
        to_child: (E,) bool, whether the link leads from a track to its child, as it does after a division and over a
            gap, and not along a track.
    """

    sources: Places
    targets: Places
    to_child: Choice

    def __len__(self) -> int:
        """Return the number of links."""
        return len(self.sources)

    def where(self, keep: Choice) -> Links:
        """Return only those links that `keep`, bool (E,), says."""
        return Links(self.sources[keep], self.targets[keep], self.to_child[keep])


def links(objects: MovieObjects) -> Links:
    """Return all links of a movie: first those along the tracks, then those to children.

    Raises:
        ValueError: the objects were not tracked.
    """
    order = np.lexsort((objects.frames, objects.track_places))
    goes_on = np.diff(objects.track_places[order]) == 0
    sources, targets = order[:-1][goes_on], order[1:][goes_on]
    ends = {track.label: track.end for track in objects.known_tracks}
    children = [track for track in objects.known_tracks if track.parent]
    parents = [objects.find(ends[track.parent], track.parent) for track in children]
    births = [objects.find(track.begin, track.label) for track in children]
    return Links(
        np.concatenate((sources, np.array(parents, np.int64))),
        np.concatenate((targets, np.array(births, np.int64))),
        np.repeat((False, True), (len(sources), len(children))),
    )


def identities(objects: MovieObjects) -> Places:
    """Return a number for the cell that each object is, (N,) int64, less than there are tracks.

    A track that is the only child of another is the same cell, seen again after a gap. Daughters are new cells.

    Raises:
        ValueError: the objects were not tracked.
    """
    tracks = objects.known_tracks
    children = Counter(track.parent for track in tracks)
    cell_of: dict[int, int] = {}
    for number, track in enumerate(sorted(tracks, key=lambda track: track.begin)):
        continues = track.parent and children[track.parent] == 1
        cell_of[track.label] = cell_of[track.parent] if continues else number
    numbers = np.array([cell_of[track.label] for track in tracks], np.int64)
    return numbers[objects.track_places]
