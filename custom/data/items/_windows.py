"""Division of large images into windows, so that the output of a network fits into memory."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product
from typing import Any

from ...images import describe_item


def in_windows(items: Iterable[dict[str, Any]], side: int = 2048) -> list[dict[str, Any]]:
    """Return an item for each window of each image; the windows of an image have about the same size.

    A score pooled over the pixels of all items does not change, except that the network does not see across borders of
    windows.

    Args:
        items: items from `datalist`.
        side: largest height and width of a window in pixels.

    Returns:
        The items with ``window``: (first row, first column, last row + 1, last column + 1) in pixels of the file, the
        input of `custom.transforms.CropWindowd`.

    Examples:
        >>> import tempfile, numpy
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     numpy.save(f"{folder}/large.npy", numpy.zeros((10, 30)))
        ...     [item["window"] for item in in_windows([{"image": f"{folder}/large.npy"}], side=20)]
        [(0, 0, 10, 15), (0, 15, 10, 30)]
    """
    windows = []
    for item in items:
        height, width = describe_item(item["image"], item).shape[-2:]
        for (top, bottom), (left, right) in product(_cuts(height, side), _cuts(width, side)):
            windows.append(item | {"window": (top, left, bottom, right)})
    return windows


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    count = -(-length // side)
    return list(pairwise(length * index // count for index in range(count + 1)))
