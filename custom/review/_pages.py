"""The statistics of a page, at the scale at which the network sees it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch

from ..images import describe, read_image
from ..transforms import ResampleToPixelSized
from ._statistics import image_statistics

_SMALLEST_QUARTER = 128  # pixels; of smaller images, quarters say little


def page_statistics(item: Mapping[str, Any], network_pixel_size: float | None) -> dict[str, float]:
    """Return the statistics of a page as the file holds it, rescaled to the network's pixel size where both are known.

    Args:
        item: a page, as `datalists` list them.
        network_pixel_size: in µm, None if the network takes images as they are.

    Raises:
        InputError: the file cannot be read, or its pixel size is far from the network's.
    """
    return image_statistics(*_page(item, network_pixel_size))


def training_statistics(item: Mapping[str, Any], network_pixel_size: float | None) -> list[dict[str, float]]:
    """Return the statistics of a page and of its quarters; arguments and errors as in `page_statistics`."""
    image, size = _page(item, network_pixel_size)
    return [image_statistics(part, size) for part in whole_and_quarters(image)]


def whole_and_quarters(image: np.ndarray) -> list[np.ndarray]:
    """Return an image (…, H, W) and, unless they are tiny, its quarters: images to come may show a smaller field."""
    height, width = (side // 2 for side in image.shape[-2:])
    if min(height, width) < _SMALLEST_QUARTER:
        return [image]
    halves = np.s_[:height], np.s_[height:], np.s_[:width], np.s_[width:]
    return [image, *(image[..., rows, columns] for rows in halves[:2] for columns in halves[2:])]


def at_network_scale(
    image: np.ndarray, pixel_size: Any, network_pixel_size: float | None, name: str = "image"
) -> tuple[np.ndarray, float | None]:
    """Return an image (H, W) as it is rescaled for the network, and the side of its pixels in µm.

    Args:
        image: stored gray values.
        pixel_size: (row, column) in µm; None or NaN if it is not known.
        network_pixel_size: in µm, None if the network takes images as they are.
        name: of the image, for an error.

    Raises:
        InputError: the two pixel sizes are far from each other.
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
    image = read_image(item["image"], page=int(item.get("page", 0)), channels=item.get("channels", "equal"))
    page, side = at_network_scale(image, item.get("pixel_size"), network_pixel_size, item["name"])
    return page, side or _side(describe(item["image"]).pixel_size)


def _side(pixel_size: Any) -> float | None:
    """Return the geometric mean of both sides of a pixel, None if they are not known."""
    if pixel_size is None:
        return None
    side = math.sqrt(float(pixel_size[0]) * float(pixel_size[1]))
    return side if math.isfinite(side) else None
