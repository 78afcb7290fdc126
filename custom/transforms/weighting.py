"""Weight maps in a pipeline: computed once, recomputed after deformation, packed for the loss."""

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
from .weight_maps._parameters import WeightMapParameters
from .weight_maps._separation import separate_touching
from .weight_maps._stored import stored_weight_map


class WeightMap(Transform):
    """Separate touching cells and compute the pixel weights; see `separate_touching` and `weight_map`.

    If the metadata of the label contains its file (``filename_or_obj``), and `precompute_weight_maps` has stored a map
    for it with the same parameters and labels, this map is loaded instead.

    Args:
        w0: height of the border term.
        sigma: width of the border term in pixels.
        ridge_width: width of the gap between touching cells in pixels.
        class_weights: weights of background and of cells; None balances the classes in each image.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import WeightMap
        >>> labels, weight = WeightMap(w0=10, sigma=5)(np.array([[[1, 1, 1, 2, 2, 2]]]))
        >>> labels
        array([[[1, 1, 0, 0, 2, 2]]])
        >>> weight.numpy().round(2)
        array([[[0.75, 0.75, 9.85, 9.85, 0.75, 0.75]]], dtype=float32)
    """

    def __init__(
        self,
        w0: float = 10.0,
        sigma: float = 5.0,
        ridge_width: int = 2,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        self.parameters = WeightMapParameters(w0, sigma, ridge_width, class_weights)

    def __call__(self, label: np.ndarray | torch.Tensor) -> tuple[np.ndarray | torch.Tensor, torch.Tensor]:
        """Return the labels with touching cells separated, and the weights.

        Args:
            label: instance labels, integer (1, H, W); 0 is background, negative is unannotated.

        Returns:
            The labels, of the same type and dtype as ``label``, and the weights, float32 (1, H, W).

        Raises:
            ValueError: The labels are not an integer array (1, H, W).
        """
        labels = _one_channel(label)
        file = label.meta.get("filename_or_obj") if isinstance(label, MetaTensor) else None
        weight = stored_weight_map(file, labels, self.parameters) if file else None
        if weight is None:
            separated, weight = self.parameters.apply(labels)
        else:
            separated = separate_touching(labels, self.parameters.ridge_width)
        return convert_to_dst_type(separated[None], label)[0], torch.from_numpy(weight)[None]


class WeightMapd(MapTransform):
    """Dictionary version of `WeightMap`, for items that do not have a weight map yet.

    The transform is deterministic, so that its result can be cached. Use it before and after `RandElasticInstancesd`:
    the second one only processes deformed items. In between, the weight map can be flipped, rotated and cropped like
    the image and the labels.

    Args:
        keys: the single key of the instance labels, integer (1, H, W).
        weight_key: key of the weight map, float32 (1, H, W).
        w0: see `WeightMap`.
        sigma: see `WeightMap`.
        ridge_width: see `WeightMap`.
        class_weights: see `WeightMap`.

    Raises:
        ValueError: There is more than one key.
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
    """MONAI's ``Rand2DElasticd`` for an image and its instance labels; it removes the weight map of deformed items.

    Labels keep their dtype, and items that are not deformed are not resampled.

    Args:
        keys: keys of the image and the labels, (C, H, W).
        spacing: spacing of the deformation grid in pixels, (row, column).
        magnitude_range: range of the standard deviation of the displacements, in pixels.
        prob: probability of deformation.
        rotate_range: maximum rotation in radians, in both directions.
        scale_range: maximum relative change of scale for rows and columns, in both directions.
        mode: interpolation for each key.
        weight_key: key of the weight map, which no longer matches deformed labels.

    Examples:
        >>> import torch
        >>> from custom.transforms import RandElasticInstancesd
        >>> deform = RandElasticInstancesd(("image", "label"), spacing=(8, 8), magnitude_range=(1, 2), prob=1.0)
        >>> labels = torch.ones(1, 32, 32, dtype=torch.int32)
        >>> item = deform({"image": torch.rand(1, 32, 32), "label": labels, "weight": torch.ones(1, 32, 32)})
        >>> sorted(item), item["label"].dtype
        (['image', 'label'], torch.int32)
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
            return dict(data)  # MONAI resamples items that are not deformed as well
        for key in self.key_iterator(deformed):
            deformed[key] = convert_to_dst_type(deformed[key], data[key])[0]  # MONAI returns labels as float32
        deformed.pop(self.weight_key, None)
        return deformed


class TargetClassesd(MapTransform):
    """Replace labels and weights by one tensor of classes and weights, because a loss has a single target.

    The labels become float32 (2, H, W): class numbers (see `target_classes`) and weights. The weight map is removed.

    Args:
        keys: the single key of the instance labels, integer (1, H, W).
        weight_key: key of the weight map, (1, H, W).
        borders: whether to add a third class, for borders between cells.
        border_width: largest distance in pixels from two cells at which a pixel is border.

    Raises:
        ValueError: There is more than one key.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import TargetClassesd
        >>> item = {"label": np.array([[[7, 7, 0]]]), "weight": np.array([[[1.0, 1.0, 2.5]]])}
        >>> TargetClassesd("label")(item)["label"].tolist()
        [[[1.0, 1.0, 0.0]], [[1.0, 1.0, 2.5]]]
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
    """Return the single channel of (1, H, W) as an array (H, W)."""
    if label.ndim != 3 or len(label) != 1:
        raise ValueError(f"instance labels must be (1, H, W), not {tuple(label.shape)}")
    return convert_to_numpy(label)[0]


def _only(keys: Sequence[Hashable]) -> Hashable:
    """Return the single key."""
    if len(keys) != 1:
        raise ValueError(f"expected one key, of the instance labels, found {len(keys)}: {keys}")
    return keys[0]
