"""Checked reading of images, one page of a stack at a time."""

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
from ..images import describe_item, read_item

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


def _as_float32(image: np.ndarray, file: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        converted = image.astype(np.float32)
    if image.dtype.itemsize == 8 and not np.isfinite(converted).all():
        largest = np.abs(image).max()
        raise InputError.about(file, f"values of up to {largest:g}", f"at most {np.finfo(np.float32).max:g} (float32)")
    return converted
