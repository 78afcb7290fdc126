"""Padding of images that are smaller than a crop."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.transforms import MapTransform, SpatialPad

from .labels import UNANNOTATED


class PadToCropd(MapTransform):
    """Pad images (C, H, W) to at least the size of a crop: an image repeats its edge, a label is unannotated there.

    Args:
        keys: of images and labels.
        size: of a crop, in pixels, both sides.
        label_key: of the label among the keys.

    Examples:
        >>> import torch
        >>> from custom.transforms import PadToCropd
        >>> item = {"image": torch.ones(1, 1, 2), "label": torch.ones(1, 1, 2)}
        >>> padded = PadToCropd(["image", "label"], size=2)(item)
        >>> padded["image"].tolist(), padded["label"].tolist()
        ([[[1.0, 1.0], [1.0, 1.0]]], [[[1.0, 1.0], [255.0, 255.0]]])
    """

    def __init__(self, keys: KeysCollection, size: int, label_key: str = "label") -> None:
        super().__init__(keys)
        self.label_key = label_key
        self.pad_image = SpatialPad(size, mode="edge")
        self.pad_label = SpatialPad(size, mode="constant", value=UNANNOTATED)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        padded = dict(data)
        for key in self.key_iterator(padded):
            padded[key] = (self.pad_label if key == self.label_key else self.pad_image)(padded[key])
        return padded
