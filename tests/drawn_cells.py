"""Label images of rectangular cells for the tests of the linking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from custom.tracking import Linker, LinkingSettings, Tracking

Box = tuple[int, int, int, int]
"""First row, first column, height and width."""


def draw(cells: Mapping[int, Box], shape: tuple[int, int] = (60, 60)) -> np.ndarray:
    """Return a frame, uint16, with a rectangular cell for each label."""
    labels = np.zeros(shape, np.uint16)
    for label, (row, column, height, width) in cells.items():
        labels[row : row + height, column : column + width] = label
    return labels


def link(frames: Sequence[np.ndarray], settings: LinkingSettings | None = None, first: int = 0) -> Tracking:
    """Link label images."""
    linker = Linker(settings or LinkingSettings())
    for frame, labels in enumerate(frames, start=first):
        linker.add(frame, labels)
    return linker.finish()


def lines(tracking: Tracking) -> list[tuple[int, int, int, int]]:
    """Return the tracks as the lines of a track list."""
    return [(track.label, track.begin, track.end, track.parent) for track in tracking.tracks]


def colony(seed: int, frames: int = 6) -> list[np.ndarray]:
    """Return frames of moving cells: one divides, one is missing in a frame, one vanishes."""
    rng = np.random.default_rng(seed)
    places = np.array([(r, c) for r in (5, 35, 65) for c in (5, 35, 65)])
    movie = []
    for frame in range(frames):
        places = places + rng.integers(-2, 3, places.shape)
        cells = {label: (*map(int, place), 12, 16) for label, place in enumerate(places, start=1)}
        if frame >= 3:
            row, column, height, _ = cells.pop(5)
            cells |= {10: (row, column - 5, height, 8), 11: (row, column + 11, height, 8)}
        if frame == 2:
            del cells[1]
        if frame >= 4:
            del cells[9]
        movie.append(draw(cells, (95, 95)))
    return movie
