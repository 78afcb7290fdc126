"""Reading of instance labels, some of which show only a part of the cells."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..errors import InputError
from ..images import read_labels

UNANNOTATED_INSTANCE = -1
"""The label of pixels that nobody annotated; scores leave them out."""


class ReadInstancesd(MapTransform):
    """Read instance labels as (1, H, W) int32: 1, 2, … the objects, 0 background, −1 where nobody annotated.

    An item with ``markers``, which every object has, shows whether all objects were segmented. Where the label has no
    pixel under some marker, the rest was not annotated: what is no object there may be one, and becomes −1.

    Args:
        keys: the labels' keys.
        markers_key: key of the file of markers; without it everything is annotated.

    Raises:
        InputError: whatever `readers.read_labels` finds wrong, or a label number that int32 cannot hold.
    """

    def __init__(self, keys: KeysCollection = "label", markers_key: str = "markers") -> None:
        super().__init__(keys)
        self.markers_key = markers_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        page = item.get("page", 0)
        markers = item.pop(self.markers_key, None)
        for key in self.key_iterator(item):
            file = item[key]
            label = _signed(file, read_labels(file, page=page))
            if markers is not None and _is_partial(label, read_labels(markers, page=page)):
                label[label == 0] = UNANNOTATED_INSTANCE
            item[key] = MetaTensor(torch.from_numpy(label)[None], meta={"filename_or_obj": file, "page": page})
        return item


def _signed(file: str, label: np.ndarray) -> np.ndarray:
    if label.max() > np.iinfo(np.int32).max:
        raise InputError.about(file, f"the label {label.max()}", "labels that 32 bits with a sign can hold")
    return label.astype(np.int32)


def _is_partial(label: np.ndarray, markers: np.ndarray) -> bool:
    """Return whether some marker has no segmented object under it."""
    return not set(np.unique(markers[markers > 0])) <= set(np.unique(markers[label > 0]))
