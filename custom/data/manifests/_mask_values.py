"""What the values in masks without a manifest mean: foreground, or numbers of objects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from skimage import measure

from ...images import read_labels

_ENOUGH = 20  # masks; those with other values are refused when they are read


def foreground_value(masks: Iterable[Path]) -> int | None:
    """Return the value of the foreground in binary masks, 1 or 255; None if there are others, or none.

    Examples:
        >>> from custom.images import write_image
        >>> write_image("a_mask.tif", np.array([[0, 255]], np.uint8))
        >>> foreground_value([Path("a_mask.tif")])
        255
    """
    found: set[int] = set()
    for number, mask in enumerate(masks, start=1):
        found |= set(np.unique(read_labels(mask)).tolist()) - {0}
        if found and number >= _ENOUGH:
            break
    return found.pop() if found in ({1}, {255}) else None


def are_instances(masks: Iterable[Path]) -> bool:
    """Return whether masks have numbers of objects: most numbers are one connected object, and some mask has several.

    Masks with one object each count, too.

    Examples:
        >>> from custom.images import write_image
        >>> write_image("numbers.tif", np.array([[1, 2, 0, 3]], np.uint8))
        >>> write_image("binary.tif", np.array([[1, 1, 0, 1]], np.uint8))
        >>> are_instances([Path("numbers.tif")]), are_instances([Path("binary.tif")])
        (True, False)
    """
    numbers = objects = 0
    for _, mask in zip(range(_ENOUGH), masks, strict=False):
        labels = read_labels(mask)
        numbers += int(np.count_nonzero(np.unique(labels)))
        objects += int(measure.label(labels.astype(np.int64), background=0, connectivity=2).max())
    return 0 < objects < 2 * numbers
