"""From probabilities to class numbers, as programs that use a bundle for labeling expect them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

PROBABILITY = "probability"
"""Key under which `ToClassesd` keeps the probabilities."""


class ToClassesd(MapTransform):
    """Replace probabilities (C, H, W) by class numbers (1, H, W), uint8; the probabilities move to ``probability``.

    Args:
        keys: key of the probabilities.
        threshold: pixels with at least this probability are 1, others 0; None: the number of the most probable class.
        channel: the channel to compare with the threshold.

    Examples:
        >>> import torch
        >>> from custom.transforms import ToClassesd
        >>> item = ToClassesd("pred", threshold=0.5)({"pred": torch.tensor([[[0.2, 0.5, 0.9]]])})
        >>> item["pred"].tolist(), [round(value, 1) for value in item["probability"].flatten().tolist()]
        ([[[0, 1, 1]]], [0.2, 0.5, 0.9])
    """

    def __init__(self, keys: KeysCollection, threshold: float | None = None, channel: int = 0) -> None:
        super().__init__(keys)
        self.threshold = threshold
        self.channel = channel

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[PROBABILITY] = probability = item[key]
            if self.threshold is None:
                item[key] = probability.argmax(0, keepdim=True).to(torch.uint8)
            else:
                item[key] = (probability[self.channel : self.channel + 1] >= self.threshold).to(torch.uint8)
        return item
