"""Contrast-limited adaptive histogram equalization (CLAHE) of images of any range."""

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
"""Percentage of pixels that are clipped at each end of the range, so that a hot pixel does not determine the scale."""


class Clahe(Transform):
    """Equalize the local contrast of an image by CLAHE.

    The range of each channel, clipped by 0.1 % of the pixels at each end, is first scaled to 8 bits. With the 16 bits
    that OpenCV also supports, the contrast limit would have no effect: it is at least one pixel per gray value, and few
    of 65,536 gray values have more than one pixel in a tile.

    Reference: Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994; computed by
    OpenCV's ``createCLAHE``.

    Args:
        clip_limit: approximate maximum slope of the gray-value mapping, relative to the identity.
        tile_size: side of a tile in pixels, rounded such that equal tiles fill the image. Unlike OpenCV's setting, a
            number of tiles, it does not depend on the size of the image.

    Raises:
        ValueError: ``clip_limit`` is not above 0, or ``tile_size`` is less than 1.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import Clahe
        >>> image = np.linspace(100, 104, 64 * 64).reshape(1, 64, 64)  # low contrast
        >>> equalized = Clahe(clip_limit=2.0, tile_size=16)(image)
        >>> equalized.shape, equalized.dtype, equalized.max().item()
        ((1, 64, 64), dtype('float32'), 1.0)
    """

    def __init__(self, clip_limit: float = 2.0, tile_size: int = 64) -> None:
        if not clip_limit > 0 or tile_size < 1:
            raise ValueError(f"clip_limit must be above 0 and tile_size at least 1, not {clip_limit} and {tile_size}.")
        self.clip_limit = clip_limit
        self.tile_size = tile_size

    def __call__(self, image: np.ndarray | torch.Tensor) -> np.ndarray | torch.Tensor:
        """Return the image (C, H, W) as float32, 0 to 1, as an array or tensor like the input; a constant channel is 0.

        NaN and −infinity become the lower end of the range, infinity the upper end.
        """
        equalized = np.stack([self._equalize(channel) for channel in convert_to_numpy(image)])
        return convert_to_dst_type(equalized, image, dtype=np.float32)[0]

    def _equalize(self, channel: np.ndarray) -> np.ndarray:
        gray = _to_8_bits(channel.astype(np.float64))
        if not gray.any():
            return gray
        height, width = gray.shape
        grid = max(1, round(width / self.tile_size)), max(1, round(height / self.tile_size))  # OpenCV's order
        # Created for each call, because OpenCV's object can neither be copied nor shared between threads.
        return cv2.createCLAHE(self.clip_limit, grid).apply(gray) / LEVELS


class Clahed(MapTransform):
    """Dictionary version of `Clahe`.

    Args:
        keys: keys of the images (C, H, W).
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
    """Scale the range of the channel, without outliers, to 0 … 255, uint8; all 0 without finite values."""
    finite = channel[np.isfinite(channel)]
    if not finite.size:
        return np.zeros(channel.shape, np.uint8)
    low, high = np.percentile(finite, (OUTLIERS, 100 - OUTLIERS))
    if low == high:  # a few bright pixels on a constant background are not outliers
        low, high = finite.min(), finite.max()
    scaled = (np.nan_to_num(channel, nan=low, posinf=high, neginf=low) - low) / (high - low or 1)
    return np.rint(scaled.clip(0, 1) * LEVELS).astype(np.uint8)
