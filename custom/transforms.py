"""Transforms that MONAI lacks: reading with checks, mapping of label values, marking of what is not annotated."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Transform
from torch.nn.functional import interpolate

from .errors import InputError
from .manifests import LabelRule
from .readers import read_image, read_labels

UNANNOTATED = 255
"""The class number of pixels that nobody annotated; loss and scores leave them out."""


class ReadImaged(MapTransform):
    """Read images as (1, H, W) float32, one page of a stack at a time, and note their file and size in the metadata.

    The item may name the ``page`` (default 0) and, in ``channels``, how RGB becomes gray (see `readers.read_image`).

    Raises:
        InputError: whatever `readers.read_image` finds wrong.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            file, page = item[key], item.get("page", 0)
            image = read_image(file, page=page, channels=item.get("channels", "equal"))
            meta = {"filename_or_obj": file, "page": page, "spatial_shape": image.shape}
            item[key] = MetaTensor(torch.from_numpy(image.astype(np.float32))[None], meta=meta)
        return item


class ReadLabeld(MapTransform):
    """Read labels as (1, H, W) class numbers, uint8, by the item's ``rule``; outside a ``region`` they are 255.

    Args:
        keys: the labels' keys.
        region_key: key of the file that is not 0 where the label is annotated; without it all is annotated.

    Raises:
        InputError: whatever `readers.read_labels` and `MapLabels` find wrong, or an image and label of different size.
    """

    def __init__(self, keys: KeysCollection, region_key: str = "region") -> None:
        super().__init__(keys)
        self.region_key = region_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        page, rule = item.get("page", 0), item.pop("rule")
        region = item.pop(self.region_key, None)
        for key in self.key_iterator(item):
            file = item[key]
            label = MapLabels(rule)(read_labels(file, page=page), file)
            if region is not None:
                label[read_labels(region, page=page) == 0] = UNANNOTATED
            item[key] = MetaTensor(torch.from_numpy(label)[None], meta={"filename_or_obj": file, "page": page})
        return item


class MapLabels(Transform):
    """Map label values to class numbers.

    Args:
        rule: the declared values; see `manifests.LabelRule`.

    Raises:
        InputError: when the label has values that are not declared; it lists the first few and how many pixels.
    """

    def __init__(self, rule: LabelRule) -> None:
        self.rule = rule

    def __call__(self, label: np.ndarray, file: str = "label") -> np.ndarray:
        """Return the class numbers, uint8, for ``label`` of any shape; ``file`` is named in errors."""
        values = np.asarray(self.rule.values)
        if self.rule.threshold is not None:
            return np.where(label > self.rule.threshold, values.argmax(), values.argmin()).astype(np.uint8)
        found = np.unique(label)
        distance = np.abs(found.astype(np.int64)[:, None] - values)
        unknown = found[distance.min(axis=1) > self.rule.tolerance]
        if unknown.size:
            self._refuse(label, unknown, file)
        return distance.argmin(axis=1).astype(np.uint8)[np.searchsorted(found, label)]

    def _refuse(self, label: np.ndarray, unknown: np.ndarray, file: str) -> None:
        pixels = int(np.isin(label, unknown).sum())
        first = ", ".join(map(str, unknown[:5])) + (", …" if unknown.size > 5 else "")
        declared = ", ".join(f"{v} ({n})" for v, n in zip(self.rule.values, self.rule.names, strict=True))
        found = f"the undeclared label value(s) {first} ({unknown.size} value(s), {pixels} pixel(s))"
        hint = "; label_threshold or label_tolerance in the manifest allow soft edges"
        raise InputError.about(file, found, declared + hint)


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
