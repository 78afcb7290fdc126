"""Sizes: from the file's to the network's and back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.transforms import MapTransform
from torch.nn.functional import interpolate


class ResizeToInputd(MapTransform):
    """Bring a prediction back to the size of the file that it was made from (bilinear).

    Args:
        keys: keys of predictions (C, H, W).
        like: key of the image whose metadata holds the size of the file.
    """

    def __init__(self, keys: KeysCollection, like: str = "image") -> None:
        super().__init__(keys)
        self.like = like

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        size = tuple(int(side) for side in item[self.like].meta["spatial_shape"])
        for key in self.key_iterator(item):
            item[key] = interpolate(item[key][None], size=size, mode="bilinear", align_corners=False)[0]
        return item
