"""Geometry of a synthetic nerve in cross-section, for the sample data of `tem`.

Sizes, gaps and area fractions follow two label maps of real nerves. Lengths are in units of the median diameter of an
unmyelinated axon; `Layout.unit` is this diameter in pixels.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ._fields import smooth_field

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]
Mask = NDArray[np.bool_]
Cells = NDArray[np.float64]
"""(N, 5): row, column, long half axis, short half axis, angle of the long axis; pixels and radians."""

_REACH = 1.6  # largest distance of a cell's pixels from its center, in half axes
_TRIES = 40  # attempts to place a large cell before it is dropped


class Layout(NamedTuple):
    """Settings of a nerve; all lengths except ``unit`` are in units."""

    unit: float  # median diameter of an unmyelinated axon, pixels
    myelinated: float  # target fraction of the area for myelinated axons; less if there is no space
    filling: float  # fraction of the places in a bundle with an axon
    missing: float  # fraction of the bundles replaced by collagen
    cleft: float  # median half width of the clefts between bundles
    vessel: bool  # whether the field shows at least part of a blood vessel
    edge: bool  # whether the nerve ends within the field
    rift: bool  # whether a crack runs through the field


class Nerve(NamedTuple):
    """The tissue in a field of H × W pixels. Indices are -1 for pixels without such a cell."""

    beyond: Floats  # (H, W) pixels beyond the edge of the nerve, negative within
    bundle: Indices  # (H, W) index of the bundle: cytoplasm of Schwann cells and everything in it
    vessel: Mask  # (H, W)
    myelinated: Indices  # (H, W) index of the myelinated axon, including its myelin
    radii: NDArray[np.float64]  # mean radius of each myelinated axon, pixels
    unmyelinated: Indices  # (H, W) index of the unmyelinated axon
    schwann: Mask  # (H, W) cell bodies: nucleus and a rim of cytoplasm


class _Field(NamedTuple):
    """Geometry shared by all cells of a nerve: axons are cut at the same angle and bend together."""

    shape: tuple[int, int]
    unit: float
    angle: float
    stretch: float  # long half axis of a typical cell relative to its mean radius
    warp: Floats  # (2, H, W) displacement, pixels


class _Territory(NamedTuple):
    """The cell of each pixel."""

    owner: Indices  # (H, W) index of the cell, -1 if no cell is near
    inside: Floats  # (H, W) approximate distance to the border of that cell in pixels, negative outside


def grow(rng: np.random.Generator, shape: tuple[int, int], layout: Layout) -> Nerve:
    """Return a nerve: vessel and myelinated axons first, then bundles between them, then the contents of the bundles.

    Args:
        rng: random generator.
        shape: (H, W) in pixels.
        layout: settings of the nerve.
    """
    warp = np.stack([_wobble(rng, shape, layout.unit) for _ in range(2)])
    field = _Field(shape, layout.unit, rng.uniform(0, np.pi), rng.uniform(1.0, 1.45), warp)
    beyond = _beyond_edge(rng, field) if layout.edge else np.full(shape, -99 * layout.unit, np.float32)
    large_cells = _large_cells(rng, field, layout, beyond)
    large = _large(rng, field, layout, large_cells, beyond)
    clearance = distance_to(large >= 0)
    sites, bundle = _bundles(rng, field, layout, clearance, beyond)
    bodies = _bodies(rng, field, sites, large_cells[layout.vessel :])
    room = (clearance > 0.1 * field.unit) & (beyond < -0.3 * field.unit)
    unmyelinated, schwann = _small(rng, field, layout, bodies, bundle, room)
    return Nerve(
        beyond=beyond,
        bundle=_wrapped(rng, field, bundle, unmyelinated, schwann & (clearance > 0.06 * field.unit)),
        vessel=(large == 0) & layout.vessel,
        myelinated=np.maximum(large - layout.vessel, -1),
        radii=np.sqrt(large_cells[layout.vessel :, 2] * large_cells[layout.vessel :, 3]),
        unmyelinated=unmyelinated,
        schwann=schwann,
    )


def distance_to(mask: Mask) -> Floats:
    """Return the distance of each pixel to the nearest one in ``mask``, (H, W) in pixels; H + W if it is empty."""
    outside = np.where(mask, 0, 255).astype(np.uint8)
    distance = np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)
    return np.minimum(distance, sum(mask.shape))


# -------------------------------------------------------------------------------------------------- parts of a nerve


def _large_cells(rng: np.random.Generator, field: _Field, layout: Layout, beyond: Floats) -> Cells:
    """Return the vessel, if any, and the myelinated axons: the largest first, without overlap."""
    placed: list[list[float]] = []
    if layout.vessel:
        radius, stretch = field.unit * rng.uniform(2.0, 5.5), rng.uniform(1.0, 1.15)
        at = rng.uniform(-0.6 * radius, np.array(field.shape) + 0.6 * radius)
        placed.append([*at, radius * stretch, radius / stretch, rng.uniform(0, np.pi)])
    for radius in _radii(rng, layout.myelinated * math.prod(field.shape) / field.unit**2):
        found = _free_place(rng, field, placed, radius * field.unit, beyond)
        if found is not None:
            cell = _cells(rng, field, found[None], radius * field.unit, 0.0)
            placed.append(cell[0].tolist())
    return np.array(placed).reshape(-1, 5)


def _radii(rng: np.random.Generator, area: float) -> list[float]:
    """Return the radii of myelinated axons that together fill ``area``, the largest first; in units."""
    median = rng.uniform(1.2, 2.0)
    radii: list[float] = []
    while math.pi * sum(radius**2 for radius in radii) < area:
        radii.append(min(median * math.exp(0.5 * rng.normal()), 6.0))
    return sorted(radii, reverse=True)


def _free_place(
    rng: np.random.Generator, field: _Field, placed: list[list[float]], radius: float, beyond: Floats
) -> NDArray[np.float64] | None:
    """Return a place (2,) for a circle of ``radius`` pixels among the placed cells, or None."""
    height, width = field.shape
    others = np.array(placed).reshape(-1, 5)
    for _ in range(_TRIES):
        at = rng.uniform(-0.5 * radius, [height + 0.5 * radius, width + 0.5 * radius])
        row, col = np.clip(at, 0, [height - 1, width - 1]).astype(int)
        gaps = np.hypot(*(others[:, :2] - at).T) - 0.95 * (radius + np.sqrt(others[:, 2] * others[:, 3]))
        if beyond[row, col] < -radius and (gaps > 0).all():
            return at
    return None


def _large(rng: np.random.Generator, field: _Field, layout: Layout, cells: Cells, beyond: Floats) -> Indices:
    """Return the index of the vessel (0) and the myelinated axons, (H, W); axons have dents where myelin folds."""
    territory = _claim(field, cells)
    dents = np.maximum(smooth_field(rng, field.shape, 0.45 * field.unit) - 1.9, 0) * 0.8 * field.unit
    dents *= territory.owner >= layout.vessel
    cell = (territory.inside > 0.11 * field.unit + dents) & (beyond < -0.3 * field.unit)
    return np.where(_without_specks(cell, 0.4 * field.unit**2), territory.owner, -1).astype(np.int32)


def _bundles(
    rng: np.random.Generator, field: _Field, layout: Layout, clearance: Floats, beyond: Floats
) -> tuple[Cells, Indices]:
    """Return the sites of the bundles, and the index of the bundle at each pixel, (H, W)."""
    spacing = field.unit * rng.uniform(3.0, 6.0)
    sites = _cells(rng, field, _lattice(rng, field, spacing, 0.25), 0.75 * spacing, 0.25)
    territory = _claim(field, sites)
    half_cleft = field.unit * layout.cleft * np.exp(0.7 * smooth_field(rng, field.shape, 1.2 * field.unit))
    present = np.append(rng.random(len(sites)) >= layout.missing, False)  # the last entry is for owner -1
    gap = np.clip(0.12 + 0.15 * smooth_field(rng, field.shape, field.unit), 0.05, 0.5) * field.unit
    bundle = (territory.inside > half_cleft) & (clearance > gap) & (beyond < -gap) & present[territory.owner]
    if layout.rift:
        bundle &= ~_rift(rng, field)
    return sites, np.where(bundle, territory.owner, -1)


def _bodies(rng: np.random.Generator, field: _Field, sites: Cells, myelinated: Cells) -> Cells:
    """Return the bodies of Schwann cells: in the middle of bundles, or crescent-shaped next to myelin."""
    within = sites[rng.random(len(sites)) < rng.uniform(0.05, 0.25), :2]
    bodies = _cells(rng, field, within, rng.uniform(1.2, 1.7) * field.unit, 0.2)
    beside = myelinated[rng.random(len(myelinated)) < 0.1]
    direction = rng.uniform(0, 2 * np.pi, len(beside))
    out = np.column_stack([np.sin(direction), np.cos(direction)])
    away = np.sqrt(beside[:, 2] * beside[:, 3]) + 0.5 * field.unit
    axes = field.unit * rng.uniform([1.0, 0.6], [2.2, 0.9], size=(len(beside), 2))
    return np.vstack([bodies, np.column_stack([beside[:, :2] + out * away[:, None], axes, direction + np.pi / 2])])


def _small(
    rng: np.random.Generator, field: _Field, layout: Layout, bodies: Cells, bundle: Indices, room: Mask
) -> tuple[Indices, Mask]:
    """Return the index of the unmyelinated axon and the mask of Schwann cell bodies, both (H, W)."""
    depth = distance_to(bundle < 0)
    places = _lattice(rng, field, 1.1 * field.unit, 0.2)
    free = _at(field, _claim(field, bodies).inside, places) < 0.1 * field.unit
    places = places[free & (_at(field, depth, places) > 0.2 * field.unit) & (rng.random(len(places)) < layout.filling)]
    axons = _cells(rng, field, places, 0.56 * field.unit, 0.26)
    territory = _claim(field, np.vstack([bodies, axons]))
    body = (territory.owner >= 0) & (territory.owner < len(bodies))
    schwann = _without_specks(body & (territory.inside > 0.03 * field.unit) & room, 0.5 * field.unit**2)
    home = np.append(_at(field, bundle, np.vstack([bodies, axons])[:, :2]), -2)
    axon = ~body & (territory.inside > max(0.055 * field.unit, 0.8)) & (bundle == home[territory.owner])
    axon &= (depth > 0.08 * field.unit) & (bundle >= 0)
    axon = _without_specks(axon, 0.1 * field.unit**2)
    return np.where(axon, territory.owner, -1).astype(np.int32), schwann


def _wrapped(rng: np.random.Generator, field: _Field, bundle: Indices, axons: Indices, bodies: Mask) -> Indices:
    """Return the bundles (H, W) without cytoplasm that is too far from the axons and cell bodies it wraps."""
    reach = np.clip(0.45 + 0.3 * smooth_field(rng, field.shape, field.unit), 0.14, 1.5) * field.unit
    around_body = distance_to(bodies) < 0.15 * field.unit
    bundle = np.where((distance_to(axons >= 0) < reach) | around_body, bundle, -1)
    return np.where(around_body & (bundle < 0), 0, bundle).astype(np.int32)


def _beyond_edge(rng: np.random.Generator, field: _Field) -> Floats:
    """Return the distance beyond a wavy edge of the nerve, (H, W) in pixels, negative inside the nerve."""
    height, width = field.shape
    angle = rng.uniform(0, 2 * np.pi)
    rows, cols = np.indices(field.shape, np.float32)
    along = (rows - height / 2) * np.sin(angle) + (cols - width / 2) * np.cos(angle)
    bends = 0.6 * field.unit * smooth_field(rng, field.shape, 3 * field.unit)
    return np.asarray(along - rng.uniform(-0.35, 0.4) * min(height, width) + bends, np.float32)


def _rift(rng: np.random.Generator, field: _Field) -> Mask:
    """Return a crack through the field, (H, W): a winding band of varying width."""
    height, width = field.shape
    rows, cols = np.indices(field.shape, np.float32)
    angle = rng.uniform(0, np.pi)
    across = (rows - height * rng.uniform(0.2, 0.8)) * np.cos(angle) - (cols - width / 2) * np.sin(angle)
    winding = 1.2 * field.unit * smooth_field(rng, field.shape, 4 * field.unit)
    breadth = field.unit * rng.uniform(0.3, 1.3) * np.exp(0.4 * smooth_field(rng, field.shape, 3 * field.unit))
    return np.asarray(np.abs(across + winding) < breadth)


# ----------------------------------------------------------------------------------------------------- cells in general


def _wobble(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Floats:
    """Return a displacement that makes outlines irregular, (H, W) in pixels: slow bends and small bumps."""
    slow = 0.45 * unit * smooth_field(rng, shape, 4 * unit)
    return slow + 0.12 * unit * smooth_field(rng, shape, unit) + 0.04 * unit * smooth_field(rng, shape, 0.3 * unit)


def _lattice(rng: np.random.Generator, field: _Field, spacing: float, jitter: float) -> NDArray[np.float64]:
    """Return places (N, 2) in and around the field, on a jittered triangular lattice stretched like the cells."""
    reach = 0.5 * math.hypot(*field.shape) * field.stretch + 2 * spacing
    count = math.ceil(reach / spacing)
    rows, cols = np.indices((2 * count + 1, 2 * count + 1)).reshape(2, -1) - count
    across, along = rows * spacing * math.sqrt(0.75), (cols + 0.5 * (rows % 2)) * spacing
    grid = np.stack([across, along]) + rng.normal(0, jitter * spacing, (2, rows.size))
    across, along = grid[0] / field.stretch, grid[1] * field.stretch
    sine, cosine = math.sin(field.angle), math.cos(field.angle)
    places = np.column_stack([across * cosine + along * sine, along * cosine - across * sine])
    places += np.array(field.shape) / 2
    return places[((places > -spacing) & (places < np.array(field.shape) + spacing)).all(axis=1)]


def _cells(rng: np.random.Generator, field: _Field, places: NDArray[np.float64], radius: float, spread: float) -> Cells:
    """Return cells at ``places`` (N, 2) with log-normal radii: median ``radius``, standard deviation ``spread``."""
    radii = radius * np.exp(rng.normal(0, spread, len(places)))
    stretch = field.stretch * np.exp(rng.normal(0, 0.12, len(places)))
    angles = field.angle + rng.normal(0, 0.3, len(places))
    return np.column_stack([places, radii * stretch, radii / stretch, angles])


def _claim(field: _Field, cells: Cells) -> _Territory:
    """Return the cell of each pixel: the nearest one, with distances relative to the size of a cell."""
    grid = np.indices(field.shape, np.float32) + field.warp
    nearest = np.full(field.shape, _REACH**2, np.float32)
    second = nearest.copy()
    owner = np.full(field.shape, -1, np.int32)
    for index, cell in enumerate(cells):
        window = _window(field, cell)
        distance = _relative_distance(cell, grid[:, *window])
        near, far = nearest[window], second[window]
        owner[window][distance < near] = index
        np.minimum(far, np.maximum(distance, near), out=far)
        np.minimum(near, distance, out=near)
    nearest, second = np.sqrt(nearest), np.sqrt(second)
    radii = np.append(np.sqrt(cells[:, 2] * cells[:, 3]), 1).astype(np.float32)
    return _Territory(owner, np.minimum(1 - nearest, (second - nearest) / 2) * radii[owner])


def _window(field: _Field, cell: NDArray[np.float64]) -> tuple[slice, slice]:
    """Return the part of the field within reach of a cell; empty for cells too far outside."""
    reach = _REACH * cell[2] + 1.5 * field.unit  # the warp may move pixels closer
    low = np.clip(cell[:2] - reach, 0, field.shape).astype(int)
    high = np.clip(cell[:2] + reach, 0, field.shape).astype(int)
    return slice(low[0], high[0]), slice(low[1], high[1])


def _relative_distance(cell: NDArray[np.float64], places: Floats) -> Floats:
    """Return the squared distance of ``places`` (2, h, w) from a cell's center, (h, w): 1 on the cell's ellipse."""
    row, col, long, short, angle = cell.tolist()
    down, right = places[0] - row, places[1] - col
    along = (right * math.cos(angle) + down * math.sin(angle)) / long
    across = (down * math.cos(angle) - right * math.sin(angle)) / short
    return np.asarray(along * along + across * across, np.float32)


def _without_specks(mask: Mask, area: float) -> Mask:
    """Return ``mask`` (H, W) without connected components smaller than ``area`` pixels."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= area
    keep[0] = False
    return np.asarray(keep[pieces])


def _at(field: _Field, image: NDArray[Any], places: NDArray[np.float64]) -> NDArray[Any]:
    """Return the values of ``image`` (H, W) at the warped positions of cells with centers at ``places`` (N, 2).

    Cells outside the field get the value at its border.
    """
    last = np.array(image.shape) - 1
    rows, cols = np.clip(places, 0, last).astype(int).T
    rows, cols = np.clip(places - field.warp[:, rows, cols].T, 0, last).astype(int).T
    return image[rows, cols]
