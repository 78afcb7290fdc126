"""Crops for training, from anywhere or around a chosen class, without a list of all pixels of an image."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import MapTransform, Randomizable, Transform
from monai.utils import ensure_tuple_rep

from .labels import UNANNOTATED

CLASS_BLOCKS = "class_blocks"
"""The item's entry in which `ClassBlocksd` leaves what `RandCropByClassd` takes out."""


@dataclass(frozen=True, eq=False)
class ClassBlocks:
    """How many pixels of each class lie in each square block of a label.

    Attributes:
        counts: int32 (K, rows of blocks, columns of blocks), for K classes.
        side: of a block, in pixels; the last row and column of blocks may be smaller.
    """

    counts: np.ndarray
    side: int


def class_blocks(label: NdarrayOrTensor, classes: int, side: int = 64) -> ClassBlocks:
    """Count the pixels of each class in each block of a label.

    Args:
        label: (H, W) uint8, class numbers; 255 (``UNANNOTATED``) is no class.
        classes: their number.
        side: of a block, in pixels.

    Raises:
        ValueError: when the label is not uint8 (H, W), or holds a class that is not below ``classes``.
    """
    array = np.asarray(label)
    if array.ndim != 2 or array.dtype != np.uint8:
        raise ValueError(f"expected a label (H, W) of uint8, got {array.shape} of {array.dtype}.")
    height, width = array.shape
    rows, columns = -(-height // side), -(-width // side)
    counts = np.empty((rows, columns, 256), np.int32)
    first_bin = np.arange(width) // side * 256
    for row in range(rows):  # a row of blocks at a time: the bins are eight times as large as the label
        bins = first_bin + array[row * side : (row + 1) * side]
        counts[row] = np.bincount(bins.ravel(), minlength=columns * 256).reshape(columns, 256)
    beyond = np.flatnonzero(counts[..., classes:UNANNOTATED].any(axis=(0, 1)))
    if beyond.size:
        raise ValueError(f"the label holds the class {classes + beyond[0]}, but there are {classes} classes, from 0.")
    return ClassBlocks(np.ascontiguousarray(counts[..., :classes].transpose(2, 0, 1)), side)


class ClassBlocksd(Transform):
    """Note where each class is, once for an image, for the many crops that `RandCropByClassd` takes from it.

    It needs a few hundred kilobytes for 60 megapixels, where a list of the pixels of each class, as MONAI's
    ``RandCropByLabelClassesd`` makes it, needs 500 megabytes. Between the two transforms nothing may change the label.

    Args:
        label_key: key of the label (1, H, W), uint8.
        classes: number of classes.
        block: side of the blocks in which pixels are counted.
    """

    def __init__(self, label_key: str, classes: int, block: int = 64) -> None:
        self.label_key = label_key
        self.classes = classes
        self.block = block

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        return {**data, CLASS_BLOCKS: class_blocks(data[self.label_key][0], self.classes, self.block)}


class CropWindowd(MapTransform):
    """Crop by the item's ``window``, which `datalists.in_windows` puts there; an item without one stays whole.

    The size of the window takes the place of the file's in the metadata, so that `ResizeToInputd` comes back to it.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        if "window" in item:
            top, left, bottom, right = item.pop("window")
            for key in self.key_iterator(item):
                item[key] = item[key][:, top:bottom, left:right].clone()  # a view would keep the whole image
                item[key].meta["spatial_shape"] = (bottom - top, right - left)
        return item


class RandCropByClassd(MapTransform, Randomizable):
    """Crop images and label alike, from anywhere or around a pixel of a class that is drawn first.

    Without ``ratios`` every position has the same probability, as in MONAI's ``RandSpatialCropd``. With them, a class
    is drawn by its ratio among those that the image has, then one of its pixels, each with the same probability, then
    one of the positions at which the crop contains that pixel and lies in the image. The drawn pixels follow the ratios
    exactly; the classes of all pixels in the crops do not: a crop around a rare class brings its surroundings with it.
    An image without any of the classes is cropped from anywhere.

    An image smaller than the crop is mirrored at its borders, its label too. Crops are copies, so that the image may
    stay in a cache.

    Args:
        keys: keys of images and labels of one size, (C, H, W).
        label_key: key of the label (1, H, W), uint8 class numbers, 255 (``UNANNOTATED``) where there is none.
        size: height and width of a crop, or one number for both, in pixels.
        ratios: how often each class is drawn, by class number, of any sum; None: crops from anywhere.

    Raises:
        ValueError: when a ratio is negative or all are 0; in the call, when there are fewer ratios than classes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        label_key: str,
        size: int | Sequence[int],
        ratios: Sequence[float] | None = None,
    ) -> None:
        super().__init__(keys)
        self.label_key = label_key
        self.size = ensure_tuple_rep(size, 2)
        self.ratios = None if ratios is None else np.asarray(ratios, dtype=np.float64)
        if self.ratios is not None and (self.ratios.min() < 0 or self.ratios.sum() == 0):
            raise ValueError(f"ratios must be 0 or more and not all 0, got {tuple(ratios or ())}.")
        self.rows = self.columns = np.arange(0)

    def randomize(self, label: NdarrayOrTensor, blocks: ClassBlocks | None) -> None:
        """Draw the rows and columns of a crop.

        Args:
            label: (H, W).
            blocks: what `ClassBlocksd` noted about it; None: it is counted here, when there are ratios.
        """
        row, column = (None, None) if self.ratios is None else self._draw_pixel(label, self.ratios, blocks)
        self.rows = self._draw_side(label.shape[0], self.size[0], row)
        self.columns = self._draw_side(label.shape[1], self.size[1], column)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        self.randomize(item[self.label_key][0], item.pop(CLASS_BLOCKS, None))
        for key in self.key_iterator(item):
            item[key] = item[key][:, self.rows[:, None], self.columns]
        return item

    def _draw_pixel(
        self, label: NdarrayOrTensor, ratios: np.ndarray, blocks: ClassBlocks | None
    ) -> tuple[int, int] | tuple[None, None]:
        """Return row and column of a pixel of a class that is drawn by the ratios; None where there is none of them."""
        blocks = blocks or class_blocks(label, len(ratios))
        if len(blocks.counts) != len(ratios):
            raise ValueError(f"there are {len(blocks.counts)} classes, but ratios for {len(ratios)}.")
        weights = ratios * blocks.counts.any(axis=(1, 2))
        if not weights.any():
            return None, None
        drawn = self.R.choice(len(weights), p=weights / weights.sum())
        counts = blocks.counts[drawn]
        block = self.R.choice(counts.size, p=counts.ravel() / counts.sum())
        top, left = (int(at) * blocks.side for at in divmod(block, counts.shape[1]))
        pixels = np.argwhere(np.asarray(label[top : top + blocks.side, left : left + blocks.side]) == drawn)
        row, column = pixels[self.R.randint(len(pixels))]
        return top + int(row), left + int(column)

    def _draw_side(self, length: int, size: int, inside: int | None) -> np.ndarray:
        """Return ``size`` indices into a side of the image, among them ``inside``."""
        surplus = length - size
        if surplus < 0:
            before = -surplus // 2
            return np.pad(np.arange(length), (before, -surplus - before), mode="reflect")
        first, last = (0, surplus) if inside is None else (max(0, inside - size + 1), min(inside, surplus))
        return np.arange(size) + self.R.randint(first, last + 1)
