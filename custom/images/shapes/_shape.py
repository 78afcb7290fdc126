"""Areas of an image, and the pixels whose centers are inside.

Coordinates are x (column) and y (row) in pixels, and integers are corners of pixels, as in ImageJ, QuPath and labelme:
the center of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from skimage import draw

from ...errors import InputError

Ring: TypeAlias = np.ndarray
"""A closed outline, float (N, 2), x and y."""

_LARGEST = 1e9  # pixels


@dataclass(frozen=True)
class Patch:
    """A mask, bool (h, w), at a place in an image."""

    top: int
    left: int
    mask: np.ndarray


@dataclass(frozen=True)
class Shape:
    """An object.

    Attributes:
        name: its name in the file, for messages; may be empty.
        kind: the name of its class, or None.
        areas: the object is the union of them: a patch, or rings; a pixel is inside rings if it is inside an odd number
            of them, so that a ring within another one is a hole.
        page: number of its page in a stack, from 0, or None.
    """

    name: str
    kind: str | None
    areas: Sequence[Patch | Sequence[Ring]]
    page: int | None = None


@dataclass(frozen=True)
class Shapes:
    """The objects in a file.

    Attributes:
        file: the file.
        shapes: its objects.
        skipped: kind of objects without an area, such as ``"point"`` → their number.
        size: (H, W) of the image, if the file tells.
        numbered: whether the name of an object ends with its number, as in the files that this package writes.
    """

    file: Path
    shapes: list[Shape]
    skipped: Counter[str] = field(default_factory=Counter)
    size: tuple[int, int] | None = None
    numbered: bool = False

    def on_page(self, page: int, size: tuple[int, ...]) -> list[Shape]:
        """Return the objects on a page.

        Args:
            page: number of the page, from 0.
            size: (H, W) of the image, or (Z, H, W) of the stack.

        Raises:
            InputError: the image has another size than the file tells or fewer pages, or an object names no page of a
                stack.
        """
        pages = size[0] if len(size) == 3 else 1
        if self.size and self.size != tuple(size[-2:]):
            found, expected = (" × ".join(map(str, one)) for one in (self.size, size[-2:]))
            raise InputError.about(self.file, f"outlines in an image of {found} pixels", f"{expected} as in its image")
        for shape in self.shapes:
            if shape.page is None and pages > 1:
                found = f"the object {shape.name!r} without a page"
                raise InputError.about(self.file, found, f"one of the {pages} pages of its image")
            if (shape.page or 0) >= pages:
                found = f"the object {shape.name!r} on page {(shape.page or 0) + 1}"
                raise InputError.about(self.file, found, f"at most page {pages}, as in its image")
        return [shape for shape in self.shapes if (shape.page or 0) == page]


def ring_of(points: object) -> Ring:
    """Return an outline from pairs x and y.

    Raises:
        ValueError: there are fewer than three points, or coordinates that are no numbers of pixels.

    Examples:
        >>> ring_of([[0, 0], [4, 0], [4, 2]]).shape
        (3, 2)
    """
    ring = np.asarray(points, dtype=np.float64)
    if ring.ndim != 2 or ring.shape[0] < 3 or ring.shape[1] < 2:
        raise ValueError("an outline of fewer than three points")
    if not (np.abs(ring) < _LARGEST).all():
        raise ValueError("coordinates that are not finite")
    return ring[:, :2]


def ellipse(left: float, top: float, width: float, height: float) -> Ring:
    """Return the outline of an ellipse in a rectangle, exact to less than a hundredth of a pixel.

    Examples:
        >>> ellipse(0, 0, 4, 2)[0].tolist()
        [4.0, 1.0]
    """
    angles = np.linspace(0, 2 * math.pi, 64 + 8 * math.ceil(width + height), endpoint=False)
    return np.stack([left + width / 2 * (1 + np.cos(angles)), top + height / 2 * (1 + np.sin(angles))], axis=1)


def pixels_inside(shape: Shape, size: tuple[int, int], file: Path) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the pixels of an image whose centers are inside a shape: a rectangle of the image, and a mask in it.

    Args:
        shape: the shape.
        size: (H, W) of the image.
        file: the file with the shape, for messages.

    Returns:
        Rows and columns of the rectangle, and bool (h, w).

    Raises:
        InputError: the shape is outside the image.

    Examples:
        >>> square = Shape("", None, [[ring_of([[1, 0], [3, 0], [3, 1], [1, 1]])]])
        >>> (rows, columns), mask = pixels_inside(square, (4, 4), Path("cells.zip"))
        >>> rows, columns, mask.tolist()
        (slice(0, 1, None), slice(1, 3, None), [[True, True]])
    """
    boxes = np.array([_box(area) for area in shape.areas])
    low, high = np.maximum(boxes[:, :2].min(axis=0), 0), np.minimum(boxes[:, 2:].max(axis=0), size)
    if (low >= high).any():
        where = " × ".join(map(str, size))
        raise InputError.about(file, f"the object {shape.name!r} outside the image", f"outlines within {where} pixels")
    inside = np.zeros(high - low, bool)
    for area in shape.areas:
        inside |= _patch(area, low, inside.shape) if isinstance(area, Patch) else _rings(area, low, inside.shape)
    return (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))), inside


def _box(area: Patch | Sequence[Ring]) -> tuple[int, int, int, int]:
    """Return (first row, first column, row after the last, column after the last)."""
    if isinstance(area, Patch):
        return (area.top, area.left, area.top + area.mask.shape[0], area.left + area.mask.shape[1])
    points = np.concatenate(list(area))
    low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    return (int(low[1]), int(low[0]), max(int(high[1]), int(low[1]) + 1), max(int(high[0]), int(low[0]) + 1))


def _patch(area: Patch, corner: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    inside = np.zeros(shape, bool)
    row, column = area.top - int(corner[0]), area.left - int(corner[1])
    part = area.mask[max(-row, 0) :, max(-column, 0) :]
    target = inside[max(row, 0) : max(row, 0) + part.shape[0], max(column, 0) : max(column, 0) + part.shape[1]]
    target[:] = part[: target.shape[0], : target.shape[1]]
    return inside


def _rings(rings: Sequence[Ring], corner: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    inside = np.zeros(shape, bool)
    for ring in rings:
        rows, columns = draw.polygon(ring[:, 1] - 0.5 - corner[0], ring[:, 0] - 0.5 - corner[1], shape)
        inside[rows, columns] ^= True
    return inside
