"""Reading of instance labels, including partly annotated ones."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from skimage import measure

from ..data import INSTANCES, draw_instances
from ..errors import InputError
from ..images import is_shape_file, read_labels
from .label_reading import check_size, first_file, size_of_image

UNANNOTATED_INSTANCE = -1
"""Instance label of unannotated pixels, which scores ignore."""

_WHITE = 255  # the foreground of most binary masks


class ReadInstancesd(MapTransform):
    """Read instance labels as int32 (1, H, W): 1, 2, … for objects, 0 for background, −1 for unannotated pixels.

    Objects in a file with outlines (see `custom.images.read_shapes`) are drawn with the size of the item's image.

    The markers of an item, one per object, show whether all objects were segmented. If a marker has no labeled pixel,
    the label is only partly annotated: its background may contain objects, and is read as −1.

    Args:
        keys: keys of the label files.
        markers_key: key of the file of markers; items without it are fully annotated.
        region_key: key of a file that is non-zero where the label is annotated; items without it are fully annotated.

    Raises:
        InputError: A file cannot be read as labels (see `custom.images.read_labels`), a label exceeds int32, its size
            is not that of its image, or the labels are classes.

    Examples:
        >>> import numpy as np
        >>> from custom.images import write_image
        >>> from custom.transforms import ReadInstancesd
        >>> write_image("cells.tif", np.array([[7, 7, 0, 0]], np.uint16))
        >>> write_image("markers.tif", np.array([[1, 0, 0, 2]], np.uint16))  # the second cell was not segmented
        >>> ReadInstancesd("label")({"label": "cells.tif", "markers": "markers.tif"})["label"].tolist()
        [[[7, 7, -1, -1]]]
    """

    def __init__(
        self, keys: KeysCollection = "label", markers_key: str = "markers", region_key: str = "region"
    ) -> None:
        super().__init__(keys)
        self.markers_key = markers_key
        self.region_key = region_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        page = item.get("page", 0)
        markers, region = item.pop(self.markers_key, None), item.pop(self.region_key, None)
        rule = item.pop("rule", INSTANCES)
        for key in self.key_iterator(item):
            file = first_file(item[key])
            if rule != INSTANCES:
                found = f"labels of the classes {', '.join(rule.names)}"
                raise InputError.about(file, found, 'a number for each object, `"labels": "instances"` in the manifest')
            if is_shape_file(file):
                label = draw_instances(file, size_of_image(item), page)[0]
            else:
                label = _signed(file, read_labels(file, page=page))
            check_size(label, file, item)
            _check_separate(label, file)
            if region is not None:
                label[read_labels(region, page=page) == 0] = UNANNOTATED_INSTANCE
            if markers is not None and _is_partial(label, read_labels(markers, page=page)):
                label[label == 0] = UNANNOTATED_INSTANCE
            item[key] = MetaTensor(torch.from_numpy(label)[None], meta={"filename_or_obj": file, "page": page})
        return item


def _signed(file: str, label: np.ndarray) -> np.ndarray:
    if label.max() > np.iinfo(np.int32).max:
        raise InputError.about(file, f"the label {label.max()}", f"labels up to {np.iinfo(np.int32).max}")
    return label.astype(np.int32)


def _check_separate(label: np.ndarray, file: str) -> None:
    """Refuse a mask of 0 and 255 with several objects, in which those that touch are one."""
    if label.max() == _WHITE and np.isin(label, (0, _WHITE)).all():
        count = measure.label(label, connectivity=2, return_num=True)[1]
        if count > 1:
            raise InputError.about(file, f"0 and 255 in {count} objects", "a number for each object")


def _is_partial(label: np.ndarray, markers: np.ndarray) -> bool:
    """Return whether a marker has no labeled pixel."""
    return not set(np.unique(markers[markers > 0])) <= set(np.unique(markers[label > 0]))
