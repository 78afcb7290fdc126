"""Statistics of a page at the pixel size of the network."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch

from ..images import describe_item, read_item
from ..transforms import ResampleToPixelSized
from ._statistics import image_statistics

_SMALLEST_QUARTER = 128  # pixels, side of a quarter; statistics of smaller ones are unreliable


def page_statistics(item: Mapping[str, Any], network_pixel_size: float | None) -> dict[str, float]:
    """Return the statistics of a stored page, rescaled to the pixel size of the network if both sizes are known.

    Args:
        item: a page, as listed by `custom.datalist` or `custom.input_list`.
        network_pixel_size: in µm, None if images are not rescaled.

    Raises:
        InputError: the file cannot be read, or the two pixel sizes differ too much.
    """
    return image_statistics(*_page(item, network_pixel_size))


def training_statistics(item: Mapping[str, Any], network_pixel_size: float | None) -> list[dict[str, float]]:
    """Return the statistics of a page and of its quarters; arguments and errors as in `page_statistics`."""
    image, size = _page(item, network_pixel_size)
    return [image_statistics(region, size) for region in whole_and_quarters(image)]


def whole_and_quarters(image: np.ndarray) -> list[np.ndarray]:
    """Return an image and, unless they are tiny, its quarters, because later images may show a smaller field of view.

    Args:
        image: (…, H, W).

    Examples:
        >>> [region.shape for region in whole_and_quarters(np.zeros((256, 301)))]
        [(256, 301), (128, 150), (128, 151), (128, 150), (128, 151)]
    """
    height, width = (side // 2 for side in image.shape[-2:])
    if min(height, width) < _SMALLEST_QUARTER:
        return [image]
    halves = np.s_[:height], np.s_[height:], np.s_[:width], np.s_[width:]
    return [image, *(image[..., rows, columns] for rows in halves[:2] for columns in halves[2:])]


def at_network_scale(
    image: np.ndarray, pixel_size: Any, network_pixel_size: float | None, name: str = "image"
) -> tuple[np.ndarray, float | None]:
    """Return an image (H, W) rescaled as for the network, and the side of its pixels in µm, None if unknown.

    Args:
        image: stored gray values, (H, W).
        pixel_size: (row, column) in µm; None or NaN if unknown.
        network_pixel_size: in µm, None if images are not rescaled.
        name: name of the image, for an error.

    Raises:
        InputError: the two pixel sizes differ too much.
    """
    side = _side(pixel_size)
    if network_pixel_size is None or side is None:
        return image, side
    item: dict[Hashable, Any] = {
        "image": torch.from_numpy(image.astype(np.float32))[None],
        "pixel_size": pixel_size,
        "name": name,
    }
    rescaled = ResampleToPixelSized("image", network_pixel_size)(item)["image"]
    return np.asarray(rescaled[0]), network_pixel_size


def _page(item: Mapping[str, Any], network_pixel_size: float | None) -> tuple[np.ndarray, float | None]:
    image = read_item(item["image"], item)
    page, side = at_network_scale(image, item.get("pixel_size"), network_pixel_size, item["name"])
    return page, side or _side(describe_item(item["image"], item).pixel_size)


def _side(pixel_size: Any) -> float | None:
    """Return the geometric mean of both sides of a pixel, None if unknown."""
    if pixel_size is None:
        return None
    side = math.sqrt(float(pixel_size[0]) * float(pixel_size[1]))
    return side if math.isfinite(side) else None
