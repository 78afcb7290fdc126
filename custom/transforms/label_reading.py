"""Checked reading of labels as class numbers, one page of a stack at a time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from os import PathLike
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..data import INSTANCES, ColorRule, LayerRule, draw_classes, draw_layers
from ..errors import InputError
from ..images import describe_item, is_shape_file, read_colors, read_labels
from .labels import UNANNOTATED, MapColors, MapLabels


def check_size(label: np.ndarray, file: str, item: Mapping[Hashable, Any]) -> None:
    """Raise InputError if the image of an item, read before, has another height or width than its label."""
    size = getattr(item.get("image"), "meta", {}).get("spatial_shape", label.shape)
    if tuple(size) != label.shape:
        found, expected = (" × ".join(map(str, shape)) for shape in (label.shape, size))
        raise InputError.about(file, f"{found} pixels", f"{expected} as in its image")


def size_of_image(item: Mapping[Hashable, Any]) -> tuple[int, ...]:
    """Return (H, W) or (Z, H, W) of the image file of an item, which may have been read before."""
    image = item.get("image")
    file = getattr(image, "meta", {}).get("filename_or_obj", image)
    if not isinstance(file, (str, PathLike)):
        raise InputError.about(first_file(item["label"]), "outlines of objects", "an item with the file of their image")
    return describe_item(file, item).shape


def first_file(label: Any) -> str:
    """Return the file of a label, or the first one of several."""
    return str(next(iter(label.values())) if isinstance(label, Mapping) else label)


class ReadLabeld(MapTransform):
    """Read labels as class numbers, uint8 (1, H, W), by the item's ``rule``; 255 outside the annotated ``region``.

    The label of an item is a file or, with a `custom.data.LayerRule`, class name → file. It may be a file with outlines
    of objects (see `custom.images.read_shapes`), which are drawn with the size of the item's image. Without a rule,
    labels are class numbers, or a mask of 0 and 255.

    Args:
        keys: keys of the label files.
        region_key: key of a file that is non-zero where the label is annotated; items without it are fully annotated.
        classes: number of classes, background included, of labels without a rule.

    Raises:
        InputError: A file cannot be read as labels (see `custom.images.read_labels`), has undeclared values (see
            `MapLabels` and `MapColors`), has another size than its image, or has instance labels.

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
            file = first_file(item[key])
            if rule == INSTANCES:
                raise InputError.about(file, "instance labels", "class labels, by `labels` in the manifest")
            label = self._read(item[key], rule, item)
            check_size(label, file, item)
            if region is not None:
                label[read_labels(region, page=page) == 0] = UNANNOTATED
            item[key] = MetaTensor(torch.from_numpy(label)[None], meta={"filename_or_obj": file, "page": page})
        return item

    def _read(self, label: Any, rule: Any, item: Mapping[Hashable, Any]) -> np.ndarray:
        """Return the class numbers of a label, uint8 (H, W)."""
        page = item.get("page", 0)
        if isinstance(rule, LayerRule):
            return draw_layers(label, rule, page, size_of_image(item) if _any_outlines(label) else ())[0]
        if is_shape_file(label):
            names = [str(number) for number in range(self.classes)] if rule is None else rule.names
            return draw_classes(label, names, size_of_image(item), page)[0]
        if isinstance(rule, ColorRule):
            return MapColors(rule)(read_colors(label, page=page), label)
        stored = read_labels(label, page=page)
        return _numbers(stored, label, self.classes) if rule is None else MapLabels(rule)(stored, label)


def _any_outlines(label: Mapping[str, Any]) -> bool:
    return any(map(is_shape_file, label.values()))


def _numbers(label: np.ndarray, file: str, classes: int) -> np.ndarray:
    """Return labels without a rule as class numbers, uint8: as stored, or 1 for 255 in a mask of 0 and 255."""
    values = np.unique(label).tolist()
    if values in ([0, 255], [255]):
        return (label > 0).astype(np.uint8)
    if values[-1] >= classes:
        found = f"the values {', '.join(map(str, values[:5]))}{', …' if len(values) > 5 else ''} and no rule for them"
        raise InputError.about(file, found, f"class numbers 0 to {classes - 1}, or 0 and 255")
    return label.astype(np.uint8)
