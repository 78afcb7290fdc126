"""Parameters of a weight map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._labels import Labels, Weights
from ._separation import separate_touching
from ._weights import weight_map


@dataclass(frozen=True)
class WeightMapParameters:
    """Parameters for computing a weight map from instance labels: separation of touching cells, then pixel weights.

    Attributes:
        w0: see `weight_map`.
        sigma: see `weight_map`.
        ridge_width: width of the gap between touching cells in pixels, see `separate_touching`.
        class_weights: see `weight_map`.
    """

    w0: float = 10.0
    sigma: float = 5.0
    ridge_width: int = 2
    class_weights: Sequence[float] | None = None

    def apply(self, labels: Labels) -> tuple[Labels, Weights]:
        """Return the labels with touching cells separated, and their weight map, both (H, W)."""
        separated = separate_touching(labels, self.ridge_width)
        return separated, weight_map(separated, self.w0, self.sigma, self.class_weights)

    def as_json(self) -> dict[str, Any]:
        """Return the parameters as they are read back from a JSON file."""
        pair = None if self.class_weights is None else list(self.class_weights)
        return {"w0": self.w0, "sigma": self.sigma, "ridge_width": self.ridge_width, "class_weights": pair}
