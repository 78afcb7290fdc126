"""Draws cells as DIC (differential interference contrast) shows them: as if lit from the side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ._colony import Colony
from ._fields import blur, smooth_field, to_uint8

_GRAY = 119.0  # of the background
_SHEAR = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32) / 6  # slope along the light
_FRACTION_BITS = 4  # what OpenCV draws is placed to a sixteenth of a pixel

Floats = NDArray[np.float32]
Place = NDArray[np.float64]  # (2,) row, column
Owners = NDArray[np.int64]  # (H, W) number of the life that a pixel belongs to, -1 for the background


class CellLooks(NamedTuple):
    """What one cell looks like; places are relative to its size, fractions go once around its contour."""

    grain: float
    nucleus: NDArray[np.float64]  # (4,) row, column, two half axes
    vesicles: NDArray[np.float64]  # (K, 3) row, column, thickness
    blebs: NDArray[np.float64]  # (K, 2) fraction, pixels outward
    filopodia: NDArray[np.float64]  # (K, 2) fraction, length in pixels


def random_looks(rng: np.random.Generator) -> CellLooks:
    """Return the looks of a cell: some are full of vesicles, some have a rim of blebs or filopodia."""
    vesicles = int(rng.choice([0, 3, 8, 22]))
    places = 0.35 * rng.uniform(-1, 1, size=2) + 0.5 * rng.uniform(-1, 1, size=(vesicles, 2))
    fringe = rng.choice(["smooth", "blebs", "filopodia"], p=[0.4, 0.35, 0.25])
    return CellLooks(
        grain=rng.uniform(1.2, 2.6),
        nucleus=np.concatenate([rng.uniform(-0.15, 0.15, 2), rng.uniform(0.38, 0.52, 2)]),
        vesicles=np.column_stack([places, rng.choice([22.0, -18.0], vesicles, p=[0.35, 0.65])]),
        blebs=rng.uniform((0, -3.6), (1, 2.4), size=(70 if fringe == "blebs" else 4, 2)),
        filopodia=rng.uniform((0, 4), (1, 13), size=(14 if fringe == "filopodia" else 2, 2)),
    )


def draw_frame(
    rng: np.random.Generator, colony: Colony, looks: Sequence[CellLooks], owners: Owners, frame: int, grain: Floats
) -> NDArray[np.uint8]:
    """Return a frame of a colony.

    Args:
        rng: where the noise comes from.
        colony: the cells.
        looks: of each life.
        owners: which life each pixel belongs to in this frame.
        frame: its number.
        grain: (H, W) texture of the cytoplasm in this frame.

    Returns:
        (H, W) uint8.
    """
    roundness = np.append(colony.roundness[frame], 0).astype(np.float32)[owners]
    coarseness = np.array([*(look.grain for look in looks), 0], np.float32)[owners]
    thickness = _bodies(owners) + coarseness * grain
    for number in np.unique(owners[owners >= 0]).tolist():
        centre, size = colony.centres[frame, number], np.linalg.inv(colony.shapes[frame, number])
        flat = np.float32(1 - colony.roundness[frame, number])
        nucleus = _nucleus(looks[number], centre, size, owners.shape)
        vesicles = _vesicles(looks[number], centre, size, owners.shape)
        own = owners == number
        thickness += np.where(own, flat * nucleus + vesicles, 0)
        thickness += np.where(own | (owners < 0), flat * _fringe(looks[number], own, owners, centre), 0)
    return _image(rng, thickness, roundness)


def _bodies(owners: Owners) -> Floats:
    """Return how thick the cells are, (H, W): they rise from their borders to a plateau."""
    padded = np.pad(owners, ((0, 1), (0, 1)), mode="edge")
    border = (padded[:-1, :-1] != padded[1:, :-1]) | (padded[:-1, :-1] != padded[:-1, 1:])
    distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(owners >= 0, 1.0 + 7.0 * (1 - np.exp(-distance / 1.5)), 0).astype(np.float32)


def _nucleus(looks: CellLooks, centre: Place, size: NDArray[np.float64], field: tuple[int, int]) -> Floats:
    """Return a smooth disc with two nucleoli, (H, W)."""
    row, col, *axes = looks.nucleus
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = np.stack([row + axes[0] * np.sin(angles), col + axes[1] * np.cos(angles)])
    disc = np.zeros(field, np.float32)
    cv2.fillPoly(disc, [_points(centre[:, None] + size @ outline)], 3.5, shift=_FRACTION_BITS)
    for side in (-0.12, 0.12):
        _dot(disc, centre + size @ [row + side, col + side], 2.2, 4.5)
    return disc


def _vesicles(looks: CellLooks, centre: Place, size: NDArray[np.float64], field: tuple[int, int]) -> Floats:
    """Return droplets, (H, W): small, and either much thicker or much thinner than what is around them."""
    dots = np.zeros(field, np.float32)
    for row, col, thickness in looks.vesicles:
        _dot(dots, centre + size @ [row, col], 1.1, thickness)
    return dots


def _fringe(looks: CellLooks, own: NDArray[np.bool_], owners: Owners, centre: Place) -> Floats:
    """Return the blebs and filopodia of a cell where its rim is free, (H, W)."""
    fringe = np.zeros(own.shape, np.float32)
    contour = max(cv2.findContours(own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    rim = contour[:, 0, ::-1].astype(np.float64)
    for fraction, offset in looks.blebs:
        at = rim[int(fraction * len(rim))]
        outward = _direction(centre, at)
        if _is_free(owners, at + 4 * outward):
            _dot(fringe, at + offset * outward, 1.5, 9.0)
    for fraction, length in looks.filopodia:
        at = rim[int(fraction * len(rim))]
        tip = at + length * _direction(centre, at)
        if _is_free(owners, tip):
            cv2.polylines(fringe, [_points(np.stack([at, tip], axis=1))], False, 6.0, 1, shift=_FRACTION_BITS)
    return fringe


def _direction(start: Place, end: Place) -> Place:
    """Return the direction from one place to another, (2,) of length 1."""
    return np.asarray((end - start) / max(float(np.hypot(*(end - start))), 1.0))


def _is_free(owners: Owners, place: Place) -> bool:
    """Return whether a place is in the field and belongs to no cell."""
    row, col = np.rint(place).astype(int)
    return bool(0 <= row < owners.shape[0] and 0 <= col < owners.shape[1] and owners[row, col] < 0)


def _dot(image: Floats, at: Place, radius: float, height: float) -> None:
    """Draw a filled circle at a place between pixels."""
    place = _points(at[:, None])[0].tolist()
    cv2.circle(image, place, round(radius * 2**_FRACTION_BITS), height, -1, shift=_FRACTION_BITS)


def _points(places: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return (N, 2) column and row as OpenCV takes them, from (2, N) row and column in pixels."""
    return np.rint(places[::-1].T * 2**_FRACTION_BITS).astype(np.int32)


def _image(rng: np.random.Generator, thickness: Floats, roundness: Floats) -> NDArray[np.uint8]:
    """Return the frame as the microscope records it.

    Slopes are bright on the side of the light and dark on the other; small things are bright or dark as they are in
    focus or not; round cells are bright with a dark halo.
    """
    smooth = blur(thickness, 0.7)
    slope = cv2.filter2D(smooth, -1, _SHEAR, borderType=cv2.BORDER_REPLICATE)
    fine = smooth - blur(thickness, 1.8)
    balls = blur(roundness, 0.8)
    rim = balls - blur(roundness, 3.5)
    image = _GRAY + 8.0 * slope + 5.0 * fine + 8.0 * balls + 75.0 * rim + 4.0 * balls * fine
    image += 1.2 * smooth_field(rng, thickness.shape, 50.0)
    noise = blur(rng.normal(0, 3.6, thickness.shape).astype(np.float32), 0.4)
    return to_uint8(image + noise)
