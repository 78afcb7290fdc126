"""The result of one image file, as it is written and measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from ..images import read_image
from ..measurements import PixelSize

FAILED = "failed.csv"
"""Table of the images that could not be segmented."""

FOREGROUND = np.array([[0, 0, 0], [255, 60, 60]], dtype=np.uint8)
"""Colors of background and foreground, (2, 3), in pictures of binary masks."""


@dataclass(frozen=True)
class FileResult:
    """The result of one image file, page by page; all arrays of a page have the same height and width.

    Attributes:
        name: name of the file without its suffix; the names of all result files start with it.
        file: the image file.
        channels: how RGB is converted to gray, see `custom.images.read_image`.
        images: (H, W), the images below the overlays: the input of the network or, if predictions were resized to the
            size of the file, the stored image.
        probabilities: (H, W) or, with several channels, (C, H, W); float32, 0 to 1.
        masks: (H, W) uint8: 0 and 255, or class numbers.
        labels: (H, W) unsigned integer, the instances of a page, 1 to N; None if there are no instances.
        pixel_size: (row, column) in µm, None if unknown.
    """

    name: str
    file: Path
    channels: Literal["equal", "luminance"]
    images: list[np.ndarray]
    probabilities: list[np.ndarray]
    masks: list[np.ndarray]
    labels: list[np.ndarray] | None
    pixel_size: PixelSize | None

    @cached_property
    def stored(self) -> list[np.ndarray]:
        """The stored gray values of each page, resized to its result, (H, W)."""
        return [self._stored(page, mask.shape) for page, mask in enumerate(self.masks)]

    def _stored(self, page: int, shape: tuple[int, ...]) -> np.ndarray:
        image = read_image(self.file, page=page, channels=self.channels)
        if image.shape == shape:
            return image
        return np.asarray(cv2.resize(image.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA))
