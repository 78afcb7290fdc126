"""Drawing of cells in differential interference contrast (DIC), in which they look as if lit from the side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ._colony import Colony
from ._fields import blur, smooth_field, to_uint8

_GRAY = 119.0  # gray value of the background
_SHEAR = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32) / 6  # gradient along the direction of the light
_FRACTION_BITS = 4  # OpenCV's fixed-point coordinates have a precision of 1/16 pixel

Floats = NDArray[np.float32]
Place = NDArray[np.float64]  # (2,) row, column
Owners = NDArray[np.int64]  # (H, W) index of the life at a pixel, -1 for background


class CellLooks(NamedTuple):
    """Appearance of a cell. Places are in units of its size, fractions are positions along its contour from 0 to 1."""

    grain: float
    nucleus: NDArray[np.float64]  # (4,) row, column, half axes
    vesicles: NDArray[np.float64]  # (K, 3) row, column, thickness
    blebs: NDArray[np.float64]  # (K, 2) fraction, pixels outward
    filopodia: NDArray[np.float64]  # (K, 2) fraction, length in pixels


def random_looks(rng: np.random.Generator) -> CellLooks:
    """Return the appearance of a random cell; some cells are full of vesicles or have blebs or filopodia at the rim."""
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
        rng: random generator for the noise.
        colony: the cells.
        looks: appearance of each life.
        owners: (H, W) index of the life at each pixel of this frame, -1 for background.
        frame: number of the frame.
        grain: (H, W) texture of the cytoplasm in this frame.

    Returns:
        (H, W) uint8.
    """
    roundness = np.append(colony.roundness[frame], 0).astype(np.float32)[owners]
    coarseness = np.array([*(look.grain for look in looks), 0], np.float32)[owners]
    thickness = _bodies(owners) + coarseness * grain
    for number in np.unique(owners[owners >= 0]).tolist():
        center, size = colony.centers[frame, number], np.linalg.inv(colony.shapes[frame, number])
        flat = np.float32(1 - colony.roundness[frame, number])
        nucleus = _nucleus(looks[number], center, size, owners.shape)
        vesicles = _vesicles(looks[number], center, size, owners.shape)
        own = owners == number
        thickness += np.where(own, flat * nucleus + vesicles, 0)
        thickness += np.where(own | (owners < 0), flat * _fringe(looks[number], own, owners, center), 0)
    return _image(rng, thickness, roundness)


def _bodies(owners: Owners) -> Floats:
    """Return the thickness of the cells, (H, W): it rises from their borders to a plateau."""
    padded = np.pad(owners, ((0, 1), (0, 1)), mode="edge")
    border = (padded[:-1, :-1] != padded[1:, :-1]) | (padded[:-1, :-1] != padded[:-1, 1:])
    distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(owners >= 0, 1.0 + 7.0 * (1 - np.exp(-distance / 1.5)), 0).astype(np.float32)


def _nucleus(looks: CellLooks, center: Place, size: NDArray[np.float64], field: tuple[int, int]) -> Floats:
    """Return a smooth disc with two nucleoli, (H, W)."""
    row, col, *axes = looks.nucleus
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = np.stack([row + axes[0] * np.sin(angles), col + axes[1] * np.cos(angles)])
    disc = np.zeros(field, np.float32)
    cv2.fillPoly(disc, [_points(center[:, None] + size @ outline)], 3.5, shift=_FRACTION_BITS)
    for side in (-0.12, 0.12):
        _dot(disc, center + size @ [row + side, col + side], 2.2, 4.5)
    return disc


def _vesicles(looks: CellLooks, center: Place, size: NDArray[np.float64], field: tuple[int, int]) -> Floats:
    """Return the thickness of small droplets, (H, W): much larger or smaller than that of their surroundings."""
    dots = np.zeros(field, np.float32)
    for row, col, thickness in looks.vesicles:
        _dot(dots, center + size @ [row, col], 1.1, thickness)
    return dots


def _fringe(looks: CellLooks, own: NDArray[np.bool_], owners: Owners, center: Place) -> Floats:
    """Return the blebs and filopodia of a cell, (H, W), at the parts of its rim without neighbors."""
    fringe = np.zeros(own.shape, np.float32)
    contour = max(cv2.findContours(own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    rim = contour[:, 0, ::-1].astype(np.float64)
    for fraction, offset in looks.blebs:
        at = rim[int(fraction * len(rim))]
        outward = _direction(center, at)
        if _is_free(owners, at + 4 * outward):
            _dot(fringe, at + offset * outward, 1.5, 9.0)
    for fraction, length in looks.filopodia:
        at = rim[int(fraction * len(rim))]
        tip = at + length * _direction(center, at)
        if _is_free(owners, tip):
            cv2.polylines(fringe, [_points(np.stack([at, tip], axis=1))], False, 6.0, 1, shift=_FRACTION_BITS)
    return fringe


def _direction(start: Place, end: Place) -> Place:
    """Return the unit vector from one place to another, (2,)."""
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
    """Return fixed-point coordinates for OpenCV, (N, 2) column and row, from (2, N) row and column in pixels."""
    return np.rint(places[::-1].T * 2**_FRACTION_BITS).astype(np.int32)


def _image(rng: np.random.Generator, thickness: Floats, roundness: Floats) -> NDArray[np.uint8]:
    """Return the recorded frame, (H, W).

    Slopes are bright towards the light and dark on the other side; fine structures are bright or dark; round cells are
    bright with a dark halo.
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
