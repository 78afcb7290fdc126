"""Mapping of label values and colors to class numbers, with a separate number for unannotated pixels."""

from __future__ import annotations

import numpy as np
from monai.transforms import Transform

from ..data import ColorRule, LabelRule
from ..errors import InputError

UNANNOTATED = 255
"""Class number of unannotated pixels, which losses and scores ignore."""

_UNDECLARED = 255  # more than any class number
_CHUNK = 2**20  # pixels


class MapLabels(Transform):
    """Map label values to class numbers.

    Args:
        rule: the declared label values; see `custom.data.LabelRule`.

    Raises:
        InputError: The label has undeclared values; the message lists the first ones and the number of pixels.

    Examples:
        >>> import numpy as np
        >>> from custom.data import LabelRule
        >>> from custom.transforms import MapLabels
        >>> MapLabels(LabelRule(values=(0, 255), names=("background", "cell")))(np.array([[0, 255]], np.uint8))
        array([[0, 1]], dtype=uint8)
    """

    def __init__(self, rule: LabelRule) -> None:
        self.rule = rule

    def __call__(self, label: np.ndarray, file: str = "label") -> np.ndarray:
        """Return the class numbers, uint8, of ``label``, any shape; errors name ``file``."""
        if label.dtype in (np.uint8, np.uint16):  # a table of all possible values avoids sorting and 64-bit indices
            values, indices = np.arange(np.iinfo(label.dtype).max + 1), label
        else:
            values, indices = np.unique(label, return_inverse=True)
        mapped = _look_up(self._classes_of(values), indices)
        undeclared = mapped == _UNDECLARED
        if undeclared.any():
            self._raise_undeclared(label[undeclared], file)
        return mapped

    def _classes_of(self, values: np.ndarray) -> np.ndarray:
        """Return the class number of each label value, uint8 (N,); 255 for undeclared values."""
        declared = np.asarray(self.rule.values)
        if self.rule.threshold is not None:
            return np.where(values > self.rule.threshold, declared.argmax(), declared.argmin()).astype(np.uint8)
        distance = np.abs(values.astype(np.int64)[:, None] - declared)
        classes = distance.argmin(axis=1).astype(np.uint8)
        classes[distance.min(axis=1) > self.rule.tolerance] = _UNDECLARED
        return classes

    def _raise_undeclared(self, pixels: np.ndarray, file: str) -> None:
        unknown = np.unique(pixels)
        first = ", ".join(map(str, unknown[:5])) + (", …" if unknown.size > 5 else "")
        declared = ", ".join(f"{v} ({n})" for v, n in zip(self.rule.values, self.rule.names, strict=True))
        found = f"the undeclared label value(s) {first} ({unknown.size} value(s), {pixels.size} pixel(s))"
        hint = "; label_threshold or label_tolerance in the manifest allow soft edges"
        raise InputError.about(file, found, declared + hint)


class MapColors(Transform):
    """Map colors to class numbers.

    Args:
        rule: the declared colors; see `custom.data.ColorRule`.

    Raises:
        InputError: The label has undeclared colors; the message lists the first ones and the number of pixels.

    Examples:
        >>> import numpy as np
        >>> from custom.data import ColorRule
        >>> rule = ColorRule(colors=((0, 0, 0), (255, 0, 0)), names=("background", "cell"))
        >>> MapColors(rule)(np.array([[[0, 0, 0], [255, 0, 0]]], np.uint8))
        array([[0, 1]], dtype=uint8)
    """

    def __init__(self, rule: ColorRule) -> None:
        self.rule = rule

    def __call__(self, colors: np.ndarray, file: str = "label") -> np.ndarray:
        """Return the class numbers, uint8 (H, W), of ``colors``, uint8 (H, W, 3); errors name ``file``."""
        codes = _codes(colors)
        mapped = np.full(codes.shape, _UNDECLARED, np.uint8)
        for number, code in enumerate(_codes(np.array(self.rule.colors, np.uint8))):
            mapped[codes == code] = number
        undeclared = mapped == _UNDECLARED
        if undeclared.any():
            unknown = np.unique(colors[undeclared], axis=0)
            first = ", ".join(str(one) for one in unknown[:5].tolist()) + (", …" if len(unknown) > 5 else "")
            found = f"the undeclared color(s) {first} ({len(unknown)} color(s), {undeclared.sum()} pixel(s))"
            declared = zip(self.rule.colors, self.rule.names, strict=True)
            raise InputError.about(file, found, ", ".join(f"{list(color)} ({name})" for color, name in declared))
        return mapped


def _codes(colors: np.ndarray) -> np.ndarray:
    """Return a number for each color (…, 3)."""
    red, green, blue = np.moveaxis(colors.astype(np.uint32), -1, 0)
    return red << 16 | green << 8 | blue


def _look_up(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return ``table[indices]``, in chunks, because NumPy converts indices to 64 bits: eight times a uint8 montage."""
    flat = indices.ravel()
    result = np.empty(flat.shape, table.dtype)
    for start in range(0, flat.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        result[chunk] = table[flat[chunk]]
    return result.reshape(indices.shape)
