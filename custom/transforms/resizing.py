"""Sizes: from the file's to the network's and back."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type, convert_to_numpy, ensure_tuple_rep
from torch.nn.functional import interpolate

from ..errors import InputError
from ..ground.option_values import number

LARGEST_RATIO = 20
"""An image whose pixels are this many times as long or as short as the network's has its size in another unit."""


class ResampleToPixelSized(MapTransform):
    """Rescale images and labels from the item's ``pixel_size``, (row, column) in µm, to one pixel size.

    Sides are rounded to whole pixels, at least one. ``meta["spatial_shape"]`` stays the size of the file, so that
    `ResizeToInputd` finds the way back. Where either size is not known nothing happens.

    Args:
        keys: keys of images and labels (C, H, W).
        pixel_size: of the result, in µm; None leaves everything as it is.
        mode: ``"area"`` for images, the mean of the area where a side shrinks and bilinear where it grows;
            ``"nearest"`` for labels, which keeps their values. One for all keys or one for each.

    Raises:
        InputError: when the pixel size is not above 0, or a side would grow or shrink by more than ``LARGEST_RATIO``.
        ValueError: another mode.
    """

    def __init__(self, keys: KeysCollection, pixel_size: float | None, mode: str | Sequence[str] = "area") -> None:
        super().__init__(keys)
        self.modes = ensure_tuple_rep(mode, len(self.keys))
        self.pixel_size = pixel_size
        if not set(self.modes) <= {"area", "nearest"}:
            raise ValueError(f"mode {mode!r} is neither 'area' nor 'nearest'")
        if pixel_size is not None:
            number("network_pixel_size", pixel_size, above=0)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        size = item.get("pixel_size")
        if self.pixel_size is None or size is None or any(math.isnan(side) for side in size):
            return item
        factors = [float(side) / self.pixel_size for side in size]
        if not 1 / LARGEST_RATIO <= min(factors) <= max(factors) <= LARGEST_RATIO:
            found = f"the pixel size {max(map(float, size)):g} µm"
            raise InputError.about(item["name"], found, f"one nearer to the network's {self.pixel_size:g} µm")
        for key, mode in self.key_iterator(item, self.modes):
            old = item[key].shape[-2:]
            new = tuple(max(1, round(side * factor)) for side, factor in zip(old, factors, strict=True))
            if new != tuple(old):
                resize = _resize_labels if mode == "nearest" else _resize_image
                item[key] = resize(item[key], *new)
        return item


class ResizeToInputd(MapTransform):
    """Bring a prediction back to the size of the file that it was made from (bilinear).

    Args:
        keys: keys of predictions (C, H, W), any number of channels.
        like: key of the image whose metadata holds the size of the file.
    """

    def __init__(self, keys: KeysCollection, like: str = "image") -> None:
        super().__init__(keys)
        self.like = like

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        size = tuple(int(side) for side in item[self.like].meta["spatial_shape"])
        for key in self.key_iterator(item):
            prediction = item[key][None].float()  # on the CPU there is no antialiasing in half precision
            # Antialiased, so that nothing thin is lost where a side shrinks.
            item[key] = interpolate(prediction, size, mode="bilinear", align_corners=False, antialias=True)[0]
        return item


def _resize_image(image: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return (C, height, width) float32: the mean of the area where a side shrinks, bilinear where it grows."""
    planes = [_resize_plane(plane, height, width) for plane in convert_to_numpy(image)]
    return convert_to_dst_type(np.stack(planes), image, dtype=np.float32)[0]


def _resize_plane(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    plane = plane.astype(np.float32)
    for rows, columns in ((height, plane.shape[1]), (height, width)):  # OpenCV takes one way for both sides
        shrinks = rows < plane.shape[0] or columns < plane.shape[1]
        plane = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return plane


def _resize_labels(label: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return (C, height, width), the value at the centre of each new pixel; `interpolate` knows no int32."""
    rows = _nearest(label.shape[-2], height, label.device)
    columns = _nearest(label.shape[-1], width, label.device)
    return label.index_select(-2, rows).index_select(-1, columns)


def _nearest(old: int, new: int, device: torch.device) -> torch.Tensor:
    """Return for each of ``new`` pixels the one of ``old`` in which its centre lies."""
    return (2 * torch.arange(new, device=device) + 1) * old // (2 * new)
