"""All that a weight map is made by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._labels import Labels, Weights
from ._parting import part_touching
from ._weights import weight_map


@dataclass(frozen=True)
class Recipe:
    """How a weight map is made from instance labels: cells that touch are parted, then the pixels are weighted.

    Attributes:
        w0: see `weight_map`.
        sigma: see `weight_map`.
        ridge_width: see `part_touching`.
        class_weights: see `weight_map`.
    """

    w0: float = 10.0
    sigma: float = 5.0
    ridge_width: int = 2
    class_weights: Sequence[float] | None = None

    def apply(self, labels: Labels) -> tuple[Labels, Weights]:
        """Return the parted labels and their weight map, both (H, W)."""
        parted = part_touching(labels, self.ridge_width)
        return parted, weight_map(parted, self.w0, self.sigma, self.class_weights)

    def as_json(self) -> dict[str, Any]:
        """Return the parameters as they come back from a JSON file."""
        pair = None if self.class_weights is None else list(self.class_weights)
        return {"w0": self.w0, "sigma": self.sigma, "ridge_width": self.ridge_width, "class_weights": pair}
