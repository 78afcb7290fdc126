"""What was predicted for a file, for all that writes or measures it."""

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
"""What an inference lists the files in that could not be segmented."""

FOREGROUND = np.array([[0, 0, 0], [255, 60, 60]], dtype=np.uint8)
"""Colours of background and foreground, (2, 3), in all that shows a mask of one class."""


@dataclass(frozen=True)
class FileResult:
    """The result of one file, page by page; all arrays of a page have one height and width.

    Attributes:
        name: of the file without its suffix; what is written for it begins with this.
        file: the image.
        channels: how its colours become gray, see `readers.read_image`.
        images: (H, W), what the overlays show below the result: the image as the network saw it, or, where only the
            prediction was brought back to the size of the file, as the file holds it.
        probabilities: (H, W) or, with several channels, (C, H, W); float32, 0 to 1.
        masks: (H, W) uint8: 0 and 255, or class numbers.
        labels: (H, W) unsigned integer, the instances of a page, 1 to N; None where there are none.
        pixel_size: (row, column) in µm, None if it is not known.
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
        """The gray values of each page as the file holds them, at the size of its result, (H, W)."""
        return [self._stored(page, mask.shape) for page, mask in enumerate(self.masks)]

    def _stored(self, page: int, shape: tuple[int, ...]) -> np.ndarray:
        image = read_image(self.file, page=page, channels=self.channels)
        if image.shape == shape:
            return image
        return np.asarray(cv2.resize(image.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA))
