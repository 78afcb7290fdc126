"""Resampling to the pixel size of the network, and back to the size of the file."""

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
"""Largest ratio of pixel sizes between image and network; a larger one indicates a wrong unit."""


class ResampleToPixelSized(MapTransform):
    """Resample images and labels from the item's ``pixel_size``, (row, column) in µm, to a common pixel size.

    Height and width are rounded to whole pixels, at least one. ``meta["spatial_shape"]`` remains the size of the file,
    for `ResizeToInputd`. If either pixel size is unknown, the item is not changed.

    Args:
        keys: keys of the images and labels (C, H, W).
        pixel_size: pixel size of the result in µm; None disables resampling.
        mode: ``"area"`` for images: mean over the area when a side shrinks, bilinear when it grows; ``"nearest"`` for
            labels, which keeps their values. One mode for all keys or one per key.

    Raises:
        InputError: ``pixel_size`` is not above 0; when called, the pixel sizes differ by more than a factor of 20.
        ValueError: ``mode`` is neither of the two.

    Examples:
        >>> import torch
        >>> from monai.data import MetaTensor
        >>> from custom.transforms import ResampleToPixelSized
        >>> item = {"image": MetaTensor(torch.arange(4.0).reshape(1, 1, 4)), "pixel_size": (1.0, 0.5)}
        >>> ResampleToPixelSized("image", pixel_size=1.0)(item)["image"].tolist()
        [[[0.5, 2.5]]]
    """

    def __init__(self, keys: KeysCollection, pixel_size: float | None, mode: str | Sequence[str] = "area") -> None:
        super().__init__(keys)
        self.modes = ensure_tuple_rep(mode, len(self.keys))
        self.pixel_size = pixel_size
        if not set(self.modes) <= {"area", "nearest"}:
            raise ValueError(f"mode must be 'area' or 'nearest', not {mode!r}")
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
            smallest, largest = self.pixel_size / LARGEST_RATIO, self.pixel_size * LARGEST_RATIO
            expected = f"{smallest:g} to {largest:g} µm, for the network's {self.pixel_size:g} µm"
            expected += ": the right --pixel_size, or training with another --network_pixel_size"
            name = item.get("name") or next(iter(self.key_iterator(item, self.modes)))[0]
            raise InputError.about(str(name), found, expected)
        for key, mode in self.key_iterator(item, self.modes):
            old = item[key].shape[-2:]
            new = tuple(max(1, round(side * factor)) for side, factor in zip(old, factors, strict=True))
            if new != tuple(old):
                resize = _resize_labels if mode == "nearest" else _resize_image
                item[key] = resize(item[key], *new)
        return item


class ResizeToInputd(MapTransform):
    """Resize a prediction to the size of its input file, with bilinear interpolation and antialiasing.

    Args:
        keys: keys of the predictions (C, H, W).
        like: key of the image whose ``meta["spatial_shape"]`` is the size of the file.

    Examples:
        >>> import torch
        >>> from monai.data import MetaTensor
        >>> from custom.transforms import ResizeToInputd
        >>> image = MetaTensor(torch.zeros(1, 2, 3), meta={"spatial_shape": (4, 6)})
        >>> ResizeToInputd("pred", like="image")({"image": image, "pred": torch.zeros(5, 2, 3)})["pred"].shape
        torch.Size([5, 4, 6])
    """

    def __init__(self, keys: KeysCollection, like: str = "image") -> None:
        super().__init__(keys)
        self.like = like

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        size = tuple(int(side) for side in item[self.like].meta["spatial_shape"])
        for key in self.key_iterator(item):
            item[key] = _interpolated(item[key], size)
        return item


def resized(prediction: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a prediction, float (H, W) or (C, H, W), resized to another height and width as `ResizeToInputd` does it.

    Examples:
        >>> import numpy as np
        >>> resized(np.ones((2, 3), np.float32), (4, 6)).shape
        (4, 6)
    """
    if prediction.shape[-2:] == tuple(shape):
        return prediction
    layers = torch.from_numpy(prediction.reshape(-1, *prediction.shape[-2:]))
    return _interpolated(layers, shape).numpy().reshape(*prediction.shape[:-2], *shape)


def _interpolated(prediction: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Return (C, H, W) as float32 of another height and width; antialiasing preserves thin structures that shrink."""
    layers = prediction[None].float()  # the CPU does not support antialiasing in half precision
    return interpolate(layers, tuple(shape), mode="bilinear", align_corners=False, antialias=True)[0]


def _resize_image(image: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return float32 (C, height, width): mean over the area when a side shrinks, bilinear when it grows."""
    planes = [_resize_plane(plane, height, width) for plane in convert_to_numpy(image)]
    return convert_to_dst_type(np.stack(planes), image, dtype=np.float32)[0]


def _resize_plane(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    plane = plane.astype(np.float32)
    for rows, columns in ((height, plane.shape[1]), (height, width)):  # OpenCV uses one interpolation for both sides
        shrinks = rows < plane.shape[0] or columns < plane.shape[1]
        plane = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return plane


def _resize_labels(label: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return (C, height, width), the value at the center of each new pixel; `interpolate` does not support int32."""
    rows = _nearest(label.shape[-2], height, label.device)
    columns = _nearest(label.shape[-1], width, label.device)
    return label.index_select(-2, rows).index_select(-1, columns)


def _nearest(old: int, new: int, device: torch.device) -> torch.Tensor:
    """Return for each of ``new`` pixels the index of the one of ``old`` pixels that contains its center."""
    return (2 * torch.arange(new, device=device) + 1) * old // (2 * new)
