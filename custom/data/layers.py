"""Labels in one binary file per class, which are drawn over each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..images import is_shape_file, read_labels
from .manifests._manifest import LayerRule
from .shape_labels import mask_of_shapes


def draw_layers(
    files: Mapping[str, Any], rule: LayerRule, page: int = 0, size: Sequence[int] = ()
) -> tuple[np.ndarray, Counter[tuple[str, str]]]:
    """Draw binary masks of several classes over each other, the later over the earlier.

    Args:
        files: class name → file, in the order of drawing; each with 0 for outside, and 1 or 255 for inside, or with
            outlines, see `custom.images.read_shapes`.
        rule: the classes; see `LayerRule`.
        page: number of the page to read, from 0.
        size: (H, W) of the image, or (Z, H, W) of the stack; only outlines need it.

    Returns:
        Class numbers, uint8 (H, W), and the number of pixels in which a class covers another one, by
        (class on top, class below).

    Raises:
        InputError: a file cannot be read as labels, has other values, or has another size than the first one.

    Examples:
        >>> from custom.images import write_image
        >>> write_image("axon.tif", np.array([[255, 255, 0]], np.uint8))
        >>> write_image("myelin.tif", np.array([[0, 255, 255]], np.uint8))
        >>> rule = LayerRule(("background", "axon", "myelin"))
        >>> draw_layers({"axon": "axon.tif", "myelin": "myelin.tif"}, rule)
        (array([[1, 2, 2]], dtype=uint8), Counter({('myelin', 'axon'): 1}))
    """
    labels = np.zeros((), np.uint8)
    covered: Counter[tuple[str, str]] = Counter()
    for name, file in files.items():
        mask = mask_of_shapes(file, size, page) if is_shape_file(file) else _read_mask(file, rule.threshold, page)
        if labels.shape not in ((), mask.shape):
            found, expected = (" × ".join(map(str, shape)) for shape in (mask.shape, labels.shape))
            raise InputError.about(file, f"{found} pixels", f"{expected} as in the other classes")
        labels = labels if labels.shape else np.zeros(mask.shape, np.uint8)
        below = np.bincount(labels[mask], minlength=len(rule.names))
        covered += Counter({(name, rule.names[number]): int(below[number]) for number in below[1:].nonzero()[0] + 1})
        labels[mask] = rule.names.index(name)
    return labels, covered


def _read_mask(file: Any, threshold: float | None, page: int) -> np.ndarray:
    stored = read_labels(file, page=page)
    values = np.unique(stored).tolist()
    if set(values) <= {0, 1} or set(values) <= {0, 255}:
        return stored > 0
    if threshold is not None:
        return stored > threshold
    first = ", ".join(map(str, values[:5])) + (", …" if len(values) > 5 else "")
    expected = "0 and 1, or 0 and 255; label_threshold in the manifest allows soft edges"
    raise InputError.about(file, f"the values {first} in the mask of a class", expected)
