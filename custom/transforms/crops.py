"""Random crops for training, optionally balanced by class, without lists of all pixels of an image."""

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
"""Key of the item under which `ClassBlocksd` stores the block counts that `RandCropByClassd` uses."""


@dataclass(frozen=True, eq=False)
class ClassBlocks:
    """Number of pixels of each class in each square block of a label.

    Attributes:
        counts: int32 (K, rows of blocks, columns of blocks), for K classes.
        side: side of a block in pixels; blocks at the end of a row or column may be smaller.
    """

    counts: np.ndarray
    side: int


def class_blocks(label: NdarrayOrTensor, classes: int, side: int = 64) -> ClassBlocks:
    """Count the pixels of each class in each block of a label.

    Args:
        label: class numbers, uint8 (H, W); 255 (``UNANNOTATED``) is not a class.
        classes: number of classes.
        side: side of a block in pixels.

    Raises:
        ValueError: The label is not uint8 (H, W), or holds a class number of ``classes`` or more.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import class_blocks
        >>> blocks = class_blocks(np.array([[0, 0, 1], [0, 255, 1]], np.uint8), classes=2, side=2)
        >>> blocks.counts.tolist()  # class 0: 3 pixels in the first block; class 1: 2 pixels in the second
        [[[3, 0]], [[0, 2]]]
    """
    array = np.asarray(label)
    if array.ndim != 2 or array.dtype != np.uint8:
        raise ValueError(f"expected a label of shape (H, W) and dtype uint8, found {array.shape} and {array.dtype}.")
    height, width = array.shape
    rows, columns = -(-height // side), -(-width // side)
    counts = np.empty((rows, columns, 256), np.int32)
    first_bin = np.arange(width) // side * 256
    for row in range(rows):  # one row of blocks at a time, because bins take eight times the memory of the label
        bins = first_bin + array[row * side : (row + 1) * side]
        counts[row] = np.bincount(bins.ravel(), minlength=columns * 256).reshape(columns, 256)
    undeclared = np.flatnonzero(counts[..., classes:UNANNOTATED].any(axis=(0, 1)))
    if undeclared.size:
        raise ValueError(f"the label holds class {classes + undeclared[0]}, but classes must be 0 to {classes - 1}.")
    return ClassBlocks(np.ascontiguousarray(counts[..., :classes].transpose(2, 0, 1)), side)


class ClassBlocksd(Transform):
    """Locate the classes of a label once, for the many crops that `RandCropByClassd` takes from it.

    For 60 megapixels the counts take a few hundred kilobytes, whereas the lists of pixels that MONAI's
    ``RandCropByLabelClassesd`` uses take 500 megabytes. No transform between the two may change the label.

    Args:
        label_key: key of the label, uint8 (1, H, W).
        classes: number of classes.
        block: side of the blocks in which pixels are counted, in pixels.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import CLASS_BLOCKS, ClassBlocksd
        >>> item = ClassBlocksd("label", classes=2, block=2)({"label": np.array([[[0, 0, 1]]], np.uint8)})
        >>> item[CLASS_BLOCKS].counts.tolist()
        [[[2, 0]], [[0, 1]]]
    """

    def __init__(self, label_key: str, classes: int, block: int = 64) -> None:
        self.label_key = label_key
        self.classes = classes
        self.block = block

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        return {**data, CLASS_BLOCKS: class_blocks(data[self.label_key][0], self.classes, self.block)}


class CropWindowd(MapTransform):
    """Crop to the item's ``window`` (top, left, bottom, right), as set by `custom.data.in_windows`, if there is one.

    In the metadata, the size of the window replaces the size of the file, so that `ResizeToInputd` restores it.

    ``keys`` are those of images and labels, MetaTensor (C, H, W).

    Examples:
        >>> import torch
        >>> from monai.data import MetaTensor
        >>> from custom.transforms import CropWindowd
        >>> item = {"image": MetaTensor(torch.arange(12.0).reshape(1, 3, 4)), "window": (0, 1, 2, 3)}
        >>> CropWindowd("image")(item)["image"].tolist()
        [[[1.0, 2.0], [5.0, 6.0]]]
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        if "window" in item:
            top, left, bottom, right = item.pop("window")
            for key in self.key_iterator(item):
                item[key] = item[key][:, top:bottom, left:right].clone()  # a view would keep the whole image in memory
                item[key].meta["spatial_shape"] = (bottom - top, right - left)
        return item


class RandCropByClassd(MapTransform, Randomizable):
    """Crop images and label at the same random position, optionally around a pixel of a randomly chosen class.

    Without ``ratios``, all positions are equally likely, as in MONAI's ``RandSpatialCropd``. With ``ratios``, a class
    is sampled by its ratio among the classes in the image, then one of its pixels uniformly, then uniformly one of the
    positions at which the crop contains this pixel and is inside the image. The sampled pixels follow the ratios
    exactly, but the pixels of the crops do not, because a crop around a rare class also contains its surroundings. An
    image with none of the classes is cropped at a uniformly random position.

    Images smaller than the crop, and their labels, are padded by reflection. Crops are copies, so that the image can be
    cached.

    Args:
        keys: keys of the images and labels, (C, H, W), all of the same height and width.
        label_key: key of the label: class numbers, uint8 (1, H, W), 255 (``UNANNOTATED``) for unannotated pixels.
        size: height and width of a crop in pixels, or one number for both.
        ratios: relative sampling frequency of each class, by class number, with any sum; None for uniform positions.

    Raises:
        ValueError: A ratio is negative or all are 0; when called, the number of ratios and classes differ.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import RandCropByClassd
        >>> label = np.zeros((1, 99, 99), np.uint8)
        >>> label[0, 20, 60] = 1  # a single pixel of class 1
        >>> crop = RandCropByClassd("label", label_key="label", size=5, ratios=(0, 1))
        >>> cropped = crop({"label": label})["label"]
        >>> cropped.shape, cropped.max().item()  # every crop contains it
        ((1, 5, 5), 1)
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
            raise ValueError(f"ratios must be 0 or more and not all 0, not {tuple(ratios or ())}.")
        self.rows = self.columns = np.arange(0)

    def randomize(self, label: NdarrayOrTensor, blocks: ClassBlocks | None) -> None:
        """Sample the rows and columns of a crop.

        Args:
            label: (H, W).
            blocks: block counts of the label from `ClassBlocksd`; None counts them here, if there are ratios.
        """
        row, column = (None, None) if self.ratios is None else self._sample_pixel(label, self.ratios, blocks)
        self.rows = self._sample_side(label.shape[0], self.size[0], row)
        self.columns = self._sample_side(label.shape[1], self.size[1], column)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        self.randomize(item[self.label_key][0], item.pop(CLASS_BLOCKS, None))
        for key in self.key_iterator(item):
            item[key] = item[key][:, self.rows[:, None], self.columns]
        return item

    def _sample_pixel(
        self, label: NdarrayOrTensor, ratios: np.ndarray, blocks: ClassBlocks | None
    ) -> tuple[int, int] | tuple[None, None]:
        """Return row and column of a pixel of a class sampled by the ratios; None if the label has no such class."""
        blocks = blocks or class_blocks(label, len(ratios))
        if len(blocks.counts) != len(ratios):
            raise ValueError(f"there are {len(blocks.counts)} classes, but {len(ratios)} ratios.")
        weights = ratios * blocks.counts.any(axis=(1, 2))
        if not weights.any():
            return None, None
        chosen = self.R.choice(len(weights), p=weights / weights.sum())
        counts = blocks.counts[chosen]
        block = self.R.choice(counts.size, p=counts.ravel() / counts.sum())
        top, left = (int(index) * blocks.side for index in divmod(block, counts.shape[1]))
        pixels = np.argwhere(np.asarray(label[top : top + blocks.side, left : left + blocks.side]) == chosen)
        row, column = pixels[self.R.randint(len(pixels))]
        return top + int(row), left + int(column)

    def _sample_side(self, length: int, size: int, inside: int | None) -> np.ndarray:
        """Return ``size`` consecutive indices into a side of the image, including ``inside``."""
        surplus = length - size
        if surplus < 0:
            before = -surplus // 2
            return np.pad(np.arange(length), (before, -surplus - before), mode="reflect")
        first, last = (0, surplus) if inside is None else (max(0, inside - size + 1), min(inside, surplus))
        return np.arange(size) + self.R.randint(first, last + 1)
