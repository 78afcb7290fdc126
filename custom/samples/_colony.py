"""Positions, roundness and lineage of the cells in a synthetic time-lapse, for the sample data of `hela_track`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._fields import smooth_line

Floats = NDArray[np.float64]

_RADIUS = 29.0  # pixels: radius of a flat cell
_SHRINKAGE = 0.38  # relative decrease of the radius of a cell that rounds up
_DAUGHTER = 0.8  # radius of a daughter relative to its mother, for half the volume
_ROUNDING, _FLATTENING = 4, 5  # frames before and after a division
_CLOSENESS = 0.88  # distance below which two cells repel each other, relative to the sum of their radii
_EDGE_CELLS = 3  # one enters the field, one leaves it, one has a gap


class Life(NamedTuple):
    """A cell from its birth or the first frame to its division or the last frame, both inclusive."""

    mother: int  # index of the life that divided into this one, -1 for none
    first: int
    last: int


class Colony(NamedTuple):
    """Cells over time: T frames, N lives. Values of a life outside its frames are meaningless."""

    lives: tuple[Life, ...]
    centers: Floats  # (T, N, 2) row, column
    roundness: Floats  # (T, N) 0 for a flat cell, 1 for a dividing cell
    shapes: Floats  # (T, N, 2, 2) matrices that map a displacement from the center to units of the cell's size


def grow_colony(rng: np.random.Generator, frames: int, side: int, divisions: Sequence[int], residents: int) -> Colony:
    """Return a colony of crowded cells that move slowly, repel each other and divide.

    In addition to the residents, there are three cells at the edges of the field: one enters it, one leaves it, and one
    is not visible for a few frames after two thirds of the sequence.

    Args:
        rng: random generator.
        frames: number of frames, T.
        side: side of the square field in pixels.
        divisions: the last frame of each mother; mothers are in the middle of the field.
        residents: number of cells that stay in the field, including the mothers.
    """
    lives = _lives(frames, divisions, residents)
    roundness = np.stack([_roundness(life, frames, divides=life.last < frames - 1) for life in lives], axis=1)
    flat_radii = rng.normal(_RADIUS, 2.0, len(lives))
    for number, life in enumerate(lives):
        if life.mother >= 0:
            flat_radii[number] = _DAUGHTER * flat_radii[life.mother]
    radii = flat_radii * (1 - _SHRINKAGE * roundness)
    shapes = _shapes(rng, radii, roundness)
    return Colony(lives, _trajectories(rng, lives, radii, side, len(divisions), residents), roundness, shapes)


def _lives(frames: int, divisions: Sequence[int], residents: int) -> tuple[Life, ...]:
    """Return the lives of mothers, other residents, the three cells at the edges, and daughters, in this order."""
    mothers = [Life(-1, 0, last) for last in divisions]
    others = [Life(-1, 0, frames - 1)] * (residents - len(mothers) + _EDGE_CELLS)
    daughters = [Life(mother, last + 1, frames - 1) for mother, last in enumerate(divisions) for _ in range(2)]
    return (*mothers, *others, *daughters)


def _roundness(life: Life, frames: int, divides: bool) -> Floats:
    """Return the roundness of a cell in each frame, (T,)."""
    times = np.arange(frames)
    before = 1 - (life.last - 1 - times) / _ROUNDING if divides else np.zeros(frames)
    after = 1 - (times - life.first) / _FLATTENING if life.mother >= 0 else np.zeros(frames)
    ramp = np.clip(np.maximum(before, after), 0, 1)
    return np.asarray(ramp**2 * (3 - 2 * ramp))


def _shapes(rng: np.random.Generator, radii: Floats, roundness: Floats) -> Floats:
    """Return matrices (T, N, 2, 2) for flat cells that are elongated and rotate slowly."""
    frames, lives = radii.shape
    stretch = np.exp((0.12 + 0.10 * np.abs(rng.normal(size=lives))) * (1 - roundness))
    wander = np.stack([smooth_line(rng, frames, 6.0) for _ in range(lives)], axis=1)
    angles = rng.uniform(0, np.pi, lives) + 0.3 * wander
    turn = np.stack([np.cos(angles), np.sin(angles), -np.sin(angles), np.cos(angles)], axis=-1)
    scale = np.stack([1 / (radii * stretch), stretch / radii], axis=-1)
    return np.asarray(scale[..., None] * turn.reshape(frames, lives, 2, 2))


def _trajectories(
    rng: np.random.Generator, lives: tuple[Life, ...], radii: Floats, side: int, mothers: int, residents: int
) -> Floats:
    """Return the centers (T, N, 2): edge cells follow their paths, others drift to the middle and repel each other."""
    frames = len(radii)
    edge_cells = slice(residents, residents + _EDGE_CELLS)
    paths = _edge_paths(rng, radii[:, edge_cells], side)
    drift = np.stack([[1.2 * smooth_line(rng, frames, 3.0) for _ in range(2)] for _ in lives]).transpose(2, 0, 1)
    middle = side * rng.uniform(0.44, 0.56, 2)
    now = _places(rng, len(lives), mothers, side)
    centers = np.empty((frames, len(lives), 2))
    for frame in range(frames):
        alive = np.array([life.first <= frame <= life.last for life in lives])
        _bear(rng, now, lives, radii, frame)
        now += drift[frame]
        for _ in range(60 if frame == 0 else 8):
            now[edge_cells] = paths[frame]
            now += 0.004 * (middle - now)
            now[alive] += _push(now[alive], radii[frame, alive])
        now[edge_cells] = paths[frame]
        centers[frame] = now
    return centers


def _places(rng: np.random.Generator, lives: int, mothers: int, side: int) -> Floats:
    """Return the start positions (N, 2) before cells repel each other, with mothers in the middle."""
    places = rng.uniform(0.05 * side, 0.95 * side, size=(lives, 2))
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(mothers) / mothers
    places[:mothers] = side * (0.5 + 0.18 * np.stack([np.sin(angles), np.cos(angles)], axis=1))
    return places


def _edge_paths(rng: np.random.Generator, radii: Floats, side: int) -> Floats:
    """Return the centers (T, 3, 2) of the cell that enters, the cell that leaves, and the cell with a gap."""
    frames = len(radii)
    times = np.arange(frames) / (frames - 1)
    gap = np.exp(-((np.arange(frames) - 2 * frames // 3) ** 2))
    depths = radii * np.stack([-1.2 + 1.7 * times, 0.5 - 1.7 * times, -0.35 - 0.8 * gap], axis=1)
    along = side * rng.uniform(0.3, 0.7, 3) + 3.0 * np.stack([smooth_line(rng, frames, 4.0) for _ in range(3)], axis=1)
    rows_first = np.stack([depths, along], axis=-1)  # at the upper edge
    paths = np.empty_like(rows_first)
    for cell, edge in enumerate(rng.permutation(4)[:3]):
        path = rows_first[:, cell]
        path = path if edge < 2 else np.stack([side - path[:, 0], path[:, 1]], axis=1)
        paths[:, cell] = path if edge % 2 else path[:, ::-1]
    return paths


def _bear(rng: np.random.Generator, now: Floats, lives: tuple[Life, ...], radii: Floats, frame: int) -> None:
    """Place daughters born in this frame on opposite sides of their mother's last position."""
    born = [number for number, life in enumerate(lives) if life.mother >= 0 and life.first == frame]
    for one, other in zip(born[::2], born[1::2], strict=True):
        angle = rng.uniform(0, np.pi)
        offset = radii[frame, [one]] * [np.sin(angle), np.cos(angle)]
        now[one] = now[lives[one].mother] + offset
        now[other] = now[lives[one].mother] - offset


def _push(centers: Floats, radii: Floats) -> Floats:
    """Return the steps (N, 2) that move overlapping cells apart."""
    displacement = centers[:, None] - centers[None]
    distance = np.sqrt((displacement**2).sum(-1)) + 1e-6
    overlap = np.clip(_CLOSENESS * (radii[:, None] + radii[None]) - distance, 0, None)
    np.fill_diagonal(overlap, 0)
    return np.asarray(0.2 * ((overlap / distance)[..., None] * displacement).sum(1))
