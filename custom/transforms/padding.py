"""Padding by reflection, for images of any size."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type, convert_to_numpy


class MirrorPadd(MapTransform):
    """Pad images and labels by reflection, repeatedly if they are smaller than the border.

    MONAI's ``BorderPadd`` does the same, but fails on images that are smaller than the border.

    Args:
        keys: keys of the images and labels (C, H, W).
        border: number of pixels added on each side, reflected about the edge pixels.
        least: minimum height and width of the result; missing pixels are added at the bottom and on the right.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import MirrorPadd
        >>> MirrorPadd("image", border=2)({"image": np.array([[[1, 2, 3]]])})["image"][0, 0]
        array([3, 2, 1, 2, 3, 2, 1])
    """

    def __init__(self, keys: KeysCollection, border: int, least: int = 0) -> None:
        super().__init__(keys)
        self.border = border
        self.least = least

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            sides = item[key].shape[1:]
            widths = [(self.border, max(self.border, self.least - side - self.border)) for side in sides]
            padded = np.pad(convert_to_numpy(item[key]), [(0, 0), *widths], mode="reflect")
            item[key] = convert_to_dst_type(padded, item[key])[0]
        return item
