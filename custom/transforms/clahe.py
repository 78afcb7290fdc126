"""Contrast-limited adaptive histogram equalisation (CLAHE) of images of any range."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import cv2
import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Transform
from monai.utils import convert_to_dst_type, convert_to_numpy

LEVELS = 255
OUTLIERS = 0.1
"""Per cent of the pixels at each end of the range that are cut off, so that a hot pixel does not set the scale."""


class Clahe(Transform):
    """Even out the contrast over the image: in each tile of a grid gray values are spread by their histogram.

    Each channel's range, without 0.1 % of the pixels at each end, is first scaled to 8 bits. With OpenCV's 16 bits the
    limit would not act: it is never below one pixel per gray value, and 65,536 of them leave few with more.

    Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994; OpenCV's ``createCLAHE``.

    Args:
        clip_limit: about the largest slope of the gray-value curve, as a multiple of that of no change.
        tile_size: side of a tile in pixels, rounded so that equal tiles fill the image. OpenCV's own setting, a number
            of tiles, would even out another scale in an image of another size.

    Raises:
        ValueError: when ``clip_limit`` is not above 0, or ``tile_size`` less than one.
    """

    def __init__(self, clip_limit: float = 2.0, tile_size: int = 64) -> None:
        if not clip_limit > 0 or tile_size < 1:
            raise ValueError(f"clip_limit must be above 0 and tile_size at least 1, not {clip_limit} and {tile_size}.")
        self.clip_limit = clip_limit
        self.tile_size = tile_size

    def __call__(self, image: np.ndarray | torch.Tensor) -> np.ndarray | torch.Tensor:
        """Return the image (C, H, W) as float32 from 0 to 1, array or tensor as it came; a constant channel is 0.

        Not a number counts as the low end of the range, infinity as its end.
        """
        equalized = np.stack([self._equalize(channel) for channel in convert_to_numpy(image)])
        return convert_to_dst_type(equalized, image, dtype=np.float32)[0]

    def _equalize(self, channel: np.ndarray) -> np.ndarray:
        gray = _to_8_bits(channel.astype(np.float64))
        if not gray.any():
            return gray
        height, width = gray.shape
        grid = max(1, round(width / self.tile_size)), max(1, round(height / self.tile_size))  # OpenCV's order
        # Made anew each time: OpenCV's object can be neither copied nor shared between threads.
        return cv2.createCLAHE(self.clip_limit, grid).apply(gray) / LEVELS


class Clahed(MapTransform):
    """`Clahe` for the images under ``keys``.

    Args:
        keys: keys of images (C, H, W).
        clip_limit: see `Clahe`.
        tile_size: see `Clahe`.
    """

    def __init__(self, keys: KeysCollection, clip_limit: float = 2.0, tile_size: int = 64) -> None:
        super().__init__(keys)
        self.clahe = Clahe(clip_limit, tile_size)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.clahe(item[key])
        return item


def _to_8_bits(channel: np.ndarray) -> np.ndarray:
    """Scale the range of the channel, without outliers, to 0 … 255, uint8; all 0 if it has none."""
    finite = channel[np.isfinite(channel)]
    if not finite.size:
        return np.zeros(channel.shape, np.uint8)
    low, high = np.percentile(finite, (OUTLIERS, 100 - OUTLIERS))
    if low == high:  # a few bright pixels on an even background are not outliers
        low, high = finite.min(), finite.max()
    scaled = (np.nan_to_num(channel, nan=low, posinf=high, neginf=low) - low) / (high - low or 1)
    return np.rint(scaled.clip(0, 1) * LEVELS).astype(np.uint8)
