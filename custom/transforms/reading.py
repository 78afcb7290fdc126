"""Reading of images and labels, with checks, one page of a stack at a time."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..images import read_image, read_labels
from .labels import UNANNOTATED, MapLabels


class ReadImaged(MapTransform):
    """Read images as (1, H, W), one page of a stack at a time, and note their file and size in the metadata.

    The item may name the ``page`` (default 0) and, in ``channels``, how RGB becomes gray (see `readers.read_image`).
    A ``pixel_size`` of None becomes a pair of NaN, because a batch cannot hold None.

    Args:
        keys: the images' keys.
        dtype: ``"float32"``, or ``"stored"`` to keep 8 bits per pixel where the file has no more; others are float32.

    Raises:
        InputError: whatever `readers.read_image` finds wrong.
        ValueError: another dtype.
    """

    def __init__(self, keys: KeysCollection, dtype: str = "float32") -> None:
        super().__init__(keys)
        if dtype not in ("float32", "stored"):
            raise ValueError(f"dtype {dtype!r} is neither 'float32' nor 'stored'")
        self.dtype = dtype

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            file, page = item[key], item.get("page", 0)
            image = read_image(file, page=page, channels=item.get("channels", "equal"))
            meta = {"filename_or_obj": file, "page": page, "spatial_shape": image.shape}
            if self.dtype == "float32" or image.dtype != np.uint8:
                image = image.astype(np.float32)
            item[key] = MetaTensor(torch.from_numpy(image)[None], meta=meta)
        if item.get("pixel_size", ()) is None:
            item["pixel_size"] = (math.nan, math.nan)
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
