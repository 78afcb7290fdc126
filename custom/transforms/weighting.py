"""Weight maps in a pipeline: made once, made anew after a deformation, packed for the loss."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Rand2DElasticd, Transform
from monai.utils import convert_to_dst_type, convert_to_numpy

from .weight_maps._classes import target_classes
from .weight_maps._parting import part_touching
from .weight_maps._recipe import Recipe
from .weight_maps._stored import stored_weight_map


class WeightMap(Transform):
    """Part the cells that touch, and weigh the pixels; see `weight_maps.part_touching` and `weight_maps.weight_map`.

    The map is taken from where `weight_maps.precompute` put it, if the label's metadata name its file
    (``filename_or_obj``) and the map there was made from these labels in this way. Else it is computed.

    Args:
        w0: height of the border term.
        sigma: its width, in pixels.
        ridge_width: of the ridge between cells that touch, in pixels.
        class_weights: of background and of cells; by default they are balanced in each image.
    """

    def __init__(
        self,
        w0: float = 10.0,
        sigma: float = 5.0,
        ridge_width: int = 2,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        self.recipe = Recipe(w0, sigma, ridge_width, class_weights)

    def __call__(self, label: np.ndarray | torch.Tensor) -> tuple[np.ndarray | torch.Tensor, torch.Tensor]:
        """Return the parted labels, of the type that came, and the weights.

        Args:
            label: instance labels, integers (1, H, W); 0 is background, negative is not annotated.

        Returns:
            The labels with the ridges, and float32 (1, H, W).

        Raises:
            ValueError: the labels are not integers (1, H, W).
        """
        labels = _one_channel(label)
        file = label.meta.get("filename_or_obj") if isinstance(label, MetaTensor) else None
        weight = stored_weight_map(file, labels, self.recipe) if file else None
        if weight is None:
            parted, weight = self.recipe.apply(labels)
        else:
            parted = part_touching(labels, self.recipe.ridge_width)
        return convert_to_dst_type(parted[None], label)[0], torch.from_numpy(weight)[None]


class WeightMapd(MapTransform):
    """`WeightMap` of the labels under ``keys``, unless the item has one already.

    It is not random, so that a cache keeps what it made. Put one before `RandElasticInstancesd` and one after it: the
    second has something to do only where the labels were deformed. In between the map may be flipped, turned and
    cropped like image and labels.

    Args:
        keys: the key of the instance labels, integers (1, H, W); one alone.
        weight_key: where the map goes, float32 (1, H, W).
        w0: see `WeightMap`.
        sigma: see `WeightMap`.
        ridge_width: see `WeightMap`.
        class_weights: see `WeightMap`.

    Raises:
        ValueError: when there are several keys.
    """

    def __init__(
        self,
        keys: KeysCollection = "label",
        weight_key: str = "weight",
        w0: float = 10.0,
        sigma: float = 5.0,
        ridge_width: int = 2,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__(keys)
        self.label_key = _only(self.keys)
        self.weight_key = weight_key
        self.weight_map = WeightMap(w0, sigma, ridge_width, class_weights)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        if self.weight_key not in item:
            item[self.label_key], item[self.weight_key] = self.weight_map(item[self.label_key])
        return item


class RandElasticInstancesd(Rand2DElasticd):
    """MONAI's ``Rand2DElasticd`` for an image and its instance labels; where it deforms, it removes the weight map.

    Labels keep their type; an item that is not deformed stays as it is.

    Args:
        keys: keys of the image and of the labels, (C, H, W).
        spacing: of the grid whose points are moved, in pixels.
        magnitude_range: where the standard deviation of the moves is drawn from, in pixels.
        prob: how often an item is deformed.
        rotate_range: the angle is drawn from ± this, in radians.
        scale_range: the change of scale is drawn from ± this, for rows and columns.
        mode: interpolation for each key.
        weight_key: key of the map that does not fit any more when the labels are deformed.
    """

    def __init__(
        self,
        keys: KeysCollection,
        spacing: tuple[float, float],
        magnitude_range: tuple[float, float],
        prob: float = 0.1,
        rotate_range: float | None = None,
        scale_range: tuple[float, float] | None = None,
        mode: Sequence[str] = ("bilinear", "nearest"),
        weight_key: str = "weight",
    ) -> None:
        super().__init__(
            keys,
            spacing,
            magnitude_range,
            prob=prob,
            rotate_range=rotate_range,
            scale_range=scale_range,
            mode=mode,
        )
        self.weight_key = weight_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        deformed = super().__call__(data)
        if not self._do_transform:
            return dict(data)  # MONAI's would be resampled nevertheless
        for key in self.key_iterator(deformed):
            deformed[key] = convert_to_dst_type(deformed[key], data[key])[0]  # labels come back as float32
        deformed.pop(self.weight_key, None)
        return deformed


class TargetClassesd(MapTransform):
    """Pack the classes of `weight_maps.target_classes` and the weights into one tensor, because a loss gets only one.

    The item's ``weight_key`` goes; under ``keys`` is then (2, H, W) float32: class numbers, and weights.

    Args:
        keys: the key of the instance labels, integers (1, H, W); one alone.
        weight_key: key of the weights, (1, H, W).
        borders: whether there is a third class, for the borders between cells.
        border_width: how near two cells must be for a border, in pixels.

    Raises:
        ValueError: when there are several keys.
    """

    def __init__(
        self, keys: KeysCollection = "label", weight_key: str = "weight", borders: bool = False, border_width: int = 3
    ) -> None:
        super().__init__(keys)
        self.label_key = _only(self.keys)
        self.weight_key = weight_key
        self.borders = borders
        self.border_width = border_width

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        label, weight = item[self.label_key], item.pop(self.weight_key)
        classes = target_classes(_one_channel(label), self.borders, self.border_width)
        packed = np.stack([classes, convert_to_numpy(weight)[0]])
        item[self.label_key] = convert_to_dst_type(packed, label, dtype=torch.float32)[0]
        return item


def _one_channel(label: np.ndarray | torch.Tensor) -> np.ndarray:
    """Return (H, W) of (1, H, W)."""
    if label.ndim != 3 or len(label) != 1:
        raise ValueError(f"instance labels are (1, H, W), not {tuple(label.shape)}")
    return convert_to_numpy(label)[0]


def _only(keys: Sequence[Hashable]) -> Hashable:
    """Return the one key that there is."""
    if len(keys) != 1:
        raise ValueError(f"one key of instance labels has one weight map, not {len(keys)}: {keys}")
    return keys[0]
