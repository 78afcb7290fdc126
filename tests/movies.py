"""Generated movies of tracked cells and faulty results of them, for the tests of the measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile

from custom.tracking import Track, write_tracks

SIDE, CELL = 48, 7  # pixels


@dataclass
class Movie:
    """Masks by frame, and the tracks of their labels."""

    masks: list[np.ndarray]
    tracks: list[Track]

    def write(self, folder: Path, prefix: str, track_list: str) -> Path:
        """Write it in the format of the Cell Tracking Challenge."""
        folder.mkdir(parents=True)
        for frame, mask in enumerate(self.masks):
            tifffile.imwrite(folder / f"{prefix}{frame:03d}.tif", mask)
        write_tracks(folder / track_list, self.tracks)
        return folder


@dataclass
class Cells:
    """Masks by frame, labeled by cell, and the mother of each daughter; cells may be missing in some frames."""

    masks: list[np.ndarray]
    mothers: dict[int, int] = field(default_factory=dict)

    def tracked(self, gaps_linked: bool = True) -> Movie:
        """Return the movie with a track for each sequence of frames in which a cell is present."""
        masks = [np.zeros_like(mask, np.uint16) for mask in self.masks]
        tracks: list[Track] = []
        last: dict[int, Track] = {}
        for cell in sorted({*np.unique(self.masks).tolist()} - {0}, key=self._birth):
            for begin, end in self._runs(cell):
                parent = last.get(cell) if gaps_linked else None
                if cell not in last and cell in self.mothers:
                    parent = last.get(self.mothers[cell])
                linked = parent is not None and parent.end < begin
                last[cell] = Track(len(tracks) + 1, begin, end, parent.label if parent and linked else 0)
                tracks.append(last[cell])
                for frame in range(begin, end + 1):
                    masks[frame][self.masks[frame] == cell] = last[cell].label
        return Movie(masks, tracks)

    def _birth(self, cell: int) -> int:
        return next(frame for frame, mask in enumerate(self.masks) if (mask == cell).any())

    def _runs(self, cell: int) -> list[tuple[int, int]]:
        present = np.array([False, *((mask == cell).any() for mask in self.masks), False])
        edges = np.flatnonzero(np.diff(present.astype(int)))
        return [(int(begin), int(end) - 1) for begin, end in edges.reshape(-1, 2)]


def living_cells(rng: np.random.Generator, frames: int) -> Cells:
    """Return cells that drift, divide, vanish temporarily, die and appear."""
    cells = Cells([np.zeros((SIDE, SIDE), np.int32) for _ in range(frames)])
    places = {cell + 1: rng.integers(0, SIDE - CELL, 2) for cell in range(int(rng.integers(3, 8)))}
    hidden: dict[int, int] = {}
    count = len(places)
    for mask in cells.masks:
        for cell, place in list(places.items()):
            if hidden.get(cell, 0) > 0:
                hidden[cell] -= 1
                continue
            row, column = places[cell] = np.clip(place + rng.integers(-2, 3, 2), 0, SIDE - CELL)
            mask[row : row + CELL, column : column + CELL] = cell
            fate = rng.random()
            if fate < 0.08:  # divides
                for side in (-1, 1):
                    count += 1
                    places[count] = np.clip(places[cell] + side * np.array((CELL // 2, 2)), 0, SIDE - CELL)
                    cells.mothers[count] = cell
                del places[cell]
            elif fate < 0.14:
                hidden[cell] = int(rng.integers(1, 3))
            elif fate < 0.17:
                del places[cell]
        if rng.random() < 0.15:
            count += 1
            places[count] = rng.integers(0, SIDE - CELL, 2)
    return cells


def faulty(rng: np.random.Generator, cells: Cells, severity: float = 1.0, merging: bool = True) -> Cells:
    """Return a result with every kind of error; the more, the higher the severity."""
    result = Cells([mask.copy() for mask in cells.masks], dict(cells.mothers))
    names = sorted({*np.unique(cells.masks).tolist()} - {0})
    count = max(names, default=0)
    for frame, mask in enumerate(result.masks):
        for cell in names:
            if not (mask == cell).any():
                continue
            error = rng.random() / severity
            if error < 0.04:  # missed
                mask[mask == cell] = 0
            elif error < 0.09:  # split; the larger part may still match
                count += 1
                rows, columns = np.nonzero(mask == cell)
                cut = rows.min() + int(rng.integers(1, CELL))
                mask[rows[rows >= cut], columns[rows >= cut]] = count
            elif error < 0.14 and merging:
                mask[mask == rng.choice(names)] = cell
            elif error < 0.18 and frame:  # another identity from here on, sometimes as a child
                count += 1
                for later in result.masks[frame:]:
                    later[later == cell] = count
                if rng.random() < 0.5:
                    result.mothers[count] = cell
            elif error < 0.21:  # two cells are confused from here on
                other = int(rng.choice(names))
                for later in result.masks[frame:]:
                    first, second = later == cell, later == other
                    later[first], later[second] = other, cell
            elif error < 0.25:  # too large, too small, displaced
                mask[:] = np.roll(mask, rng.integers(-2, 3, 2), (0, 1))
        if rng.random() < 0.15 * severity:  # what is none
            count += 1
            row, column = rng.integers(0, SIDE - CELL, 2)
            mask[row : row + 5, column : column + 5] = count
        if rng.random() < 0.04 * severity:
            mask[:] = 0
    for cell in rng.permutation(names)[: int(severity * rng.integers(0, 3))]:  # a mother who is none, or is lost
        result.mothers[int(cell)] = int(rng.choice(names))
        if rng.random() < 0.5:
            result.mothers.pop(int(cell))
    return result


def sequence(seed: int, frames: int = 7, severity: float = 1.0, merging: bool = True) -> tuple[Movie, Movie]:
    """Return the truth and a result, both valid."""
    rng = np.random.default_rng(seed)
    cells = living_cells(rng, frames)
    return cells.tracked(), faulty(rng, cells, severity, merging).tracked(gaps_linked=rng.random() < 0.7)


def two_divisions_in_a_row() -> tuple[Movie, Movie]:
    """Return a division, and a result with an early division whose remainder of the mother divides again."""

    def masks(*rows: str) -> list[np.ndarray]:
        background = "0" * len(rows[0])  # py-ctcmetrics does not see the first label of a mask without any
        return [np.array([list(row), list(background)], int).astype(np.uint16) for row in rows]

    truth = masks("1111111111", "1111111111", "1111111111", "2222003333", "2222003333")
    result = masks("1111111111", "2044444403", "2044444403", "2222443333", "5555006666")
    early = [Track(1, 0, 0), Track(2, 1, 3, 1), Track(3, 1, 3, 1), Track(4, 1, 3), Track(5, 4, 4, 4), Track(6, 4, 4, 4)]
    return Movie(truth, [Track(1, 0, 2), Track(2, 3, 4, 1), Track(3, 3, 4, 1)]), Movie(result, early)
