"""Checked reading of images and labels, one page of a stack at a time."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..errors import InputError
from ..images import describe_item, read_item, read_labels
from .labels import UNANNOTATED, MapLabels

PixelSize: TypeAlias = float | Sequence[float] | None


class ReadImaged(MapTransform):
    """Read one page of an image file as (1, H, W), with file name, page and size in the metadata.

    The item may give a ``page``, and ``name``, ``pixel_size``, ``channels``, ``channel`` and ``axes``, which are added
    if it does not. A ``pixel_size`` of None becomes a pair of NaN, because batches cannot hold None.

    Args:
        keys: keys of the image files.
        dtype: ``"float32"``, or ``"stored"`` to keep 8-bit images as uint8; all others are float32.
        pixel_size: ``pixel_size`` of items without this key, in µm: a number, (row, column), or None.
        usual_pixel_size: used if the file declares none; files are trusted only if this is given.
        channels: conversion of RGB to gray for items without this key, see `custom.images.read_image`.
        channel: number of the only channel to read of items without this key, or None.
        axes: axes of the files of items without this key, or None.

    Raises:
        InputError: A file cannot be read as an image; see `custom.images.read_image`; or it is a stack, and the item
            gives no page.
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

    def __init__(
        self,
        keys: KeysCollection,
        dtype: str = "float32",
        pixel_size: PixelSize = None,
        usual_pixel_size: PixelSize = None,
        channels: str = "equal",
        channel: int | None = None,
        axes: str | None = None,
    ) -> None:
        super().__init__(keys)
        if dtype not in ("float32", "stored"):
            raise ValueError(f"dtype must be 'float32' or 'stored', not {dtype!r}")
        self.dtype = dtype
        self.pixel_size = _pair(pixel_size)
        self.usual_pixel_size = _pair(usual_pixel_size)
        self.channels = channels
        self.options: dict[Hashable, Any] = {
            key: value for key, value in (("channel", channel), ("axes", axes)) if value is not None
        }

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            file, page = item[key], item.get("page", 0)
            item = self.completed(item, file)
            if "page" not in item:
                _check_single(file, item)
            image = read_item(file, item)
            meta = {"filename_or_obj": file, "page": page, "spatial_shape": image.shape}
            if self.dtype == "float32" or image.dtype != np.uint8:
                image = _as_float32(image, file)
            item[key] = MetaTensor(torch.from_numpy(image)[None], meta=meta)
        if item.get("pixel_size", ()) is None:
            item["pixel_size"] = (math.nan, math.nan)
        return item

    def completed(self, item: Mapping[Hashable, Any], file: str) -> dict[Hashable, Any]:
        """Return the item of a file with a name, how to read it and, if it is known, a pixel size."""
        found: dict[Hashable, Any] = {"name": Path(file).stem, "channels": self.channels} | self.options | dict(item)
        usual = self.usual_pixel_size
        if "pixel_size" not in found:
            size = self.pixel_size or (usual and (describe_item(file, found).pixel_size or usual))
            found |= {} if size is None else {"pixel_size": size}
        return found


def _pair(size: PixelSize) -> tuple[float, float] | None:
    if size is None:
        return None
    row, column = size if isinstance(size, Sequence) else (size, size)
    return (float(row), float(column))


def _check_single(file: str, item: Mapping[Hashable, Any]) -> None:
    shape = describe_item(file, item).shape
    if len(shape) > 2:
        raise InputError.about(file, f"a stack of {shape[0]} pages", "an item with the number of its page for each")


def check_size(label: np.ndarray, file: str, item: Mapping[Hashable, Any]) -> None:
    """Raise InputError if the image of an item, read before, has another height or width than its label."""
    size = getattr(item.get("image"), "meta", {}).get("spatial_shape", label.shape)
    if tuple(size) != label.shape:
        found, expected = (" × ".join(map(str, shape)) for shape in (label.shape, size))
        raise InputError.about(file, f"{found} pixels", f"{expected} as in its image")


def _as_float32(image: np.ndarray, file: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        converted = image.astype(np.float32)
    if image.dtype.itemsize == 8 and not np.isfinite(converted).all():
        largest = np.abs(image).max()
        raise InputError.about(file, f"values of up to {largest:g}", f"at most {np.finfo(np.float32).max:g} (float32)")
    return converted


def _numbers(label: np.ndarray, file: str, classes: int) -> np.ndarray:
    """Return labels without a rule as class numbers, uint8: as stored, or 1 for 255 in a mask of 0 and 255."""
    values = np.unique(label).tolist()
    if values in ([0, 255], [255]):
        return (label > 0).astype(np.uint8)
    if values[-1] >= classes:
        found = f"the values {', '.join(map(str, values[:5]))}{', …' if len(values) > 5 else ''} and no rule for them"
        raise InputError.about(file, found, f"class numbers 0 to {classes - 1}, or 0 and 255")
    return label.astype(np.uint8)


class ReadLabeld(MapTransform):
    """Read labels as class numbers, uint8 (1, H, W), by the item's ``rule``; 255 outside the annotated ``region``.

    Without a rule, labels are class numbers, or a mask of 0 and 255.

    Args:
        keys: keys of the label files.
        region_key: key of a file that is non-zero where the label is annotated; items without it are fully annotated.
        classes: number of classes, background included, of labels without a rule.

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

    def __init__(self, keys: KeysCollection, region_key: str = "region", classes: int = 2) -> None:
        super().__init__(keys)
        self.region_key = region_key
        self.classes = classes

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        page, rule = item.get("page", 0), item.pop("rule", None)
        region = item.pop(self.region_key, None)
        for key in self.key_iterator(item):
            file = item[key]
            stored = read_labels(file, page=page)
            check_size(stored, file, item)
            label = _numbers(stored, file, self.classes) if rule is None else MapLabels(rule)(stored, file)
            if region is not None:
                label[read_labels(region, page=page) == 0] = UNANNOTATED
            item[key] = MetaTensor(torch.from_numpy(label)[None], meta={"filename_or_obj": file, "page": page})
        return item
