"""The result of one image file, as it is written and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..images import read_item
from ..measurements import PixelSize

FAILED = "failed.csv"
"""Table of the images that could not be segmented."""

FOREGROUND = np.array([[0, 0, 0], [255, 60, 60]], dtype=np.uint8)
"""Colors of background and foreground, (2, 3), in pictures of binary masks."""


@dataclass(frozen=True)
class FileResult:
    """The result of one image file, page by page, at the size of the file; all arrays of a page have this size.

    Attributes:
        name: name of the file without its suffix; the names of all result files start with it.
        file: the image file.
        item: any page of the file; says how to read it, see `custom.images.read_item`.
        probabilities: (H, W) or, with several channels, (C, H, W); float32, 0 to 1.
        masks: (H, W) uint8: 0 and 255, or class numbers.
        labels: (H, W) unsigned integer, the instances or the measured objects of a page; None if there are none.
        pixel_size: (row, column) in µm, None if unknown.
    """

    name: str
    file: Path
    item: Mapping[str, Any]
    probabilities: list[np.ndarray]
    masks: list[np.ndarray]
    labels: list[np.ndarray] | None
    pixel_size: PixelSize | None

    @cached_property
    def stored(self) -> list[np.ndarray]:
        """The stored gray values of each page, (H, W)."""
        return [read_item(self.file, {**self.item, "page": page}) for page in range(len(self.masks))]
