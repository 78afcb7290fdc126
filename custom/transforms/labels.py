"""Label values become class numbers; pixels that nobody annotated have a number of their own."""

from __future__ import annotations

import numpy as np
from monai.transforms import Transform

from ..errors import InputError
from ..manifests import LabelRule

UNANNOTATED = 255
"""The class number of pixels that nobody annotated; loss and scores leave them out."""


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
        values = np.asarray(self.rule.values)
        if self.rule.threshold is not None:
            return np.where(label > self.rule.threshold, values.argmax(), values.argmin()).astype(np.uint8)
        found = np.unique(label)
        distance = np.abs(found.astype(np.int64)[:, None] - values)
        unknown = found[distance.min(axis=1) > self.rule.tolerance]
        if unknown.size:
            self._refuse(label, unknown, file)
        return distance.argmin(axis=1).astype(np.uint8)[np.searchsorted(found, label)]

    def _refuse(self, label: np.ndarray, unknown: np.ndarray, file: str) -> None:
        pixels = int(np.isin(label, unknown).sum())
        first = ", ".join(map(str, unknown[:5])) + (", …" if unknown.size > 5 else "")
        declared = ", ".join(f"{v} ({n})" for v, n in zip(self.rule.values, self.rule.names, strict=True))
        found = f"the undeclared label value(s) {first} ({unknown.size} value(s), {pixels} pixel(s))"
        hint = "; label_threshold or label_tolerance in the manifest allow soft edges"
        raise InputError.about(file, found, declared + hint)
