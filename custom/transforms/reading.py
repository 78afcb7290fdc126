"""Checked reading of images and labels, one page of a stack at a time."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..errors import InputError
from ..images import read_image, read_labels
from .labels import UNANNOTATED, MapLabels


class ReadImaged(MapTransform):
    """Read one page of an image file as (1, H, W), with file name, page and size in the metadata.

    The item may give the ``page`` (default 0) and, as ``channels``, the conversion of RGB to gray (see
    `custom.images.read_image`). A ``pixel_size`` of None becomes a pair of NaN, because batches cannot hold None.

    Args:
        keys: keys of the image files.
        dtype: ``"float32"``, or ``"stored"`` to keep 8-bit images as uint8; all others are float32.

    Raises:
        InputError: A file cannot be read as an image; see `custom.images.read_image`.
        ValueError: ``dtype`` is neither of the two.

    Examples:
        >>> import numpy as np
        >>> from custom.images import write_image
        >>> from custom.transforms import ReadImaged
        >>> write_image("cell.tif", np.array([[0, 100, 200]], np.uint8))
        >>> image = ReadImaged("image")({"image": "cell.tif"})["image"]
        >>> image.shape, image.dtype, image.meta["spatial_shape"]
        (torch.Size([1, 1, 3]), torch.float32, (1, 3))
    """

    def __init__(self, keys: KeysCollection, dtype: str = "float32") -> None:
        super().__init__(keys)
        if dtype not in ("float32", "stored"):
            raise ValueError(f"dtype must be 'float32' or 'stored', not {dtype!r}")
        self.dtype = dtype

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            file, page = item[key], item.get("page", 0)
            image = read_image(file, page=page, channels=item.get("channels", "equal"))
            meta = {"filename_or_obj": file, "page": page, "spatial_shape": image.shape}
            if self.dtype == "float32" or image.dtype != np.uint8:
                image = _as_float32(image, file)
            item[key] = MetaTensor(torch.from_numpy(image)[None], meta=meta)
        if item.get("pixel_size", ()) is None:
            item["pixel_size"] = (math.nan, math.nan)
        return item


def _as_float32(image: np.ndarray, file: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        converted = image.astype(np.float32)
    if image.dtype.itemsize == 8 and not np.isfinite(converted).all():
        largest = np.abs(image).max()
        raise InputError.about(file, f"values of up to {largest:g}", f"at most {np.finfo(np.float32).max:g} (float32)")
    return converted


class ReadLabeld(MapTransform):
    """Read labels as class numbers, uint8 (1, H, W), by the item's ``rule``; 255 outside the annotated ``region``.

    Args:
        keys: keys of the label files.
        region_key: key of a file that is non-zero where the label is annotated; items without it are fully annotated.

    Raises:
        InputError: A file cannot be read as labels (see `custom.images.read_labels`), or has undeclared values (see
            `MapLabels`).

    Examples:
        >>> import numpy as np
        >>> from custom.data import LabelRule
        >>> from custom.images import write_image
        >>> from custom.transforms import ReadLabeld
        >>> write_image("label.tif", np.array([[0, 255, 255]], np.uint8))
        >>> item = {"label": "label.tif", "rule": LabelRule(values=(0, 255), names=("background", "cell"))}
        >>> ReadLabeld("label")(item)["label"].tolist()
        [[[0, 1, 1]]]
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
