"""Label values become class numbers; pixels that nobody annotated have a number of their own."""

from __future__ import annotations

import numpy as np
from monai.transforms import Transform

from ..data import LabelRule
from ..errors import InputError

UNANNOTATED = 255
"""The class number of pixels that nobody annotated; loss and scores leave them out."""

_UNDECLARED = 255  # no rule has so many classes
_PIECE = 2**20  # pixels


class MapLabels(Transform):
    """Map label values to class numbers.

    Args:
        rule: the declared values; see `manifests.LabelRule`.

    Raises:
        InputError: when the label has values that are not declared; it lists the first few and how many pixels.
    """

    def __init__(self, rule: LabelRule) -> None:
        self.rule = rule

    def __call__(self, label: np.ndarray, file: str = "label") -> np.ndarray:
        """Return the class numbers, uint8, for ``label`` of any shape; ``file`` is named in errors."""
        if label.dtype in (np.uint8, np.uint16):  # all values that there can be: no sorting of pixels, no 64-bit places
            values, places = np.arange(np.iinfo(label.dtype).max + 1), label
        else:
            values, places = np.unique(label, return_inverse=True)
        mapped = _look_up(self._classes_of(values), places)
        undeclared = mapped == _UNDECLARED
        if undeclared.any():
            self._refuse(label[undeclared], file)
        return mapped

    def _classes_of(self, values: np.ndarray) -> np.ndarray:
        """Return the class number of each label value (N,), uint8; 255 for an undeclared one."""
        declared = np.asarray(self.rule.values)
        if self.rule.threshold is not None:
            return np.where(values > self.rule.threshold, declared.argmax(), declared.argmin()).astype(np.uint8)
        distance = np.abs(values.astype(np.int64)[:, None] - declared)
        classes = distance.argmin(axis=1).astype(np.uint8)
        classes[distance.min(axis=1) > self.rule.tolerance] = _UNDECLARED
        return classes

    def _refuse(self, pixels: np.ndarray, file: str) -> None:
        unknown = np.unique(pixels)
        first = ", ".join(map(str, unknown[:5])) + (", …" if unknown.size > 5 else "")
        declared = ", ".join(f"{v} ({n})" for v, n in zip(self.rule.values, self.rule.names, strict=True))
        found = f"the undeclared label value(s) {first} ({unknown.size} value(s), {pixels.size} pixel(s))"
        hint = "; label_threshold or label_tolerance in the manifest allow soft edges"
        raise InputError.about(file, found, declared + hint)


def _look_up(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return ``table[places]``, a piece at a time: NumPy makes 64-bit numbers of places, eight times a montage."""
    flat = places.ravel()
    result = np.empty(flat.shape, table.dtype)
    for start in range(0, flat.size, _PIECE):
        piece = slice(start, start + _PIECE)
        result[piece] = table[flat[piece]]
    return result.reshape(places.shape)
