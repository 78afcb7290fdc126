"""Large images in parts, so that what a network says of them fits into memory."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product
from typing import Any

from ...images import describe


def in_windows(items: Iterable[dict[str, Any]], side: int = 2048) -> list[dict[str, Any]]:
    """Return items that take an image in parts of about equal size, none of them larger than ``side``.

    A score that pools the pixels of all items stays the same, but for the network's view across the seams.

    Args:
        items: as `datalist` returns them.
        side: largest height and width of a part, in pixels.

    Returns:
        The items with ``window``: first row, first column, and the row and column after the last, in pixels of the
        file. `transforms.CropWindowd` crops by it.
    """
    parts = []
    for item in items:
        height, width = describe(item["image"]).shape[-2:]
        for (top, bottom), (left, right) in product(_cuts(height, side), _cuts(width, side)):
            parts.append(item | {"window": (top, left, bottom, right)})
    return parts


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    count = -(-length // side)
    return list(pairwise(length * index // count for index in range(count + 1)))
