"""What lies beyond an image is its mirror image, however small it is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type, convert_to_numpy


class MirrorPadd(MapTransform):
    """Pad images and labels with their mirror image, repeatedly where they are narrower than the border.

    MONAI's ``BorderPadd`` does the same, but refuses images narrower than the border.

    Args:
        keys: keys of images and labels (C, H, W).
        border: pixels on each side, the edge pixels being the mirrors.
        least: smallest side of the result; what is missing is added below and on the right.
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
