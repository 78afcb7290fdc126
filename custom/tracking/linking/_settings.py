"""What a user sets of the linking: a distance, the weights of the cues, thresholds."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from ...errors import InputError


@dataclass(frozen=True)
class Settings:
    """Settings of the linking. A cost lies between 0, surely the same cell, and 1.

    Attributes:
        max_distance: how far a cell, or a daughter from its mother, may move between two frames, in the unit of
            ``spacing``; cells that overlap may be farther apart. None: the median cell diameter of the first frame
            that has cells.
        distance_weight: weight of the distance of the centroids in a link's cost, above 0; the others are 0 or more.
        overlap_weight: weight of what two masks do not share.
        area_weight: weight of the difference in area.
        appearance_weight: weight of the difference in mean brightness; without images it counts nothing.
        max_cost: a link that costs as much is not made, the cells end and begin instead; above 0, up to 1.
        division_threshold: two cells are daughters of one where their score, 0 to 1, exceeds it.
        max_gap: frames for which a cell may be missing and still be the same; 0 closes no gaps.
        min_length: shorter tracks that have neither parent nor child, and are not cut off by the first or the last
            frame, are left out, and a daughter that lives shorter makes no division; in frames, 1 keeps all.
        spacing: size of a pixel along (row, column) or (slice, row, column); None: 1 along each.
        solver: ``assignment`` links first and then looks for divisions; ``ilp`` weighs both at once, which takes the
            extra ``[ilp]`` and much more time.

    Raises:
        InputError: a value is out of its range; the message names the setting.
    """

    max_distance: float | None = None
    distance_weight: float = 1.0
    overlap_weight: float = 1.0
    area_weight: float = 0.5
    appearance_weight: float = 0.0
    max_cost: float = 0.8
    division_threshold: float = 0.5
    max_gap: int = 1
    min_length: int = 1
    spacing: tuple[float, ...] | None = None
    solver: str = "assignment"

    def __post_init__(self) -> None:
        """Check the ranges; a list of the config becomes a tuple."""
        if isinstance(self.spacing, list):
            object.__setattr__(self, "spacing", tuple(self.spacing))
        above_0 = "a number above 0"
        self._demand("max_distance", self.max_distance is None or _is_number(self.max_distance, above=0), above_0)
        self._demand("distance_weight", _is_number(self.distance_weight, above=0), above_0)
        for name in ("overlap_weight", "area_weight", "appearance_weight"):
            self._demand(name, _is_number(getattr(self, name), least=0), "a number from 0 up")
        self._demand("max_cost", _is_number(self.max_cost, above=0, most=1), "a number above 0 and up to 1")
        self._demand("division_threshold", _is_number(self.division_threshold, least=0, most=1), "a number from 0 to 1")
        self._demand("max_gap", type(self.max_gap) is int and self.max_gap >= 0, "a whole number from 0 up")
        self._demand("min_length", type(self.min_length) is int and self.min_length >= 1, "a whole number from 1 up")
        spacing = self.spacing or (1, 1)
        positive = len(spacing) in (2, 3) and all(_is_number(size, above=0) for size in spacing)
        self._demand("spacing", positive, "two or three numbers above 0")
        self._demand("solver", self.solver in ("assignment", "ilp"), "assignment or ilp")

    def _demand(self, name: str, satisfied: bool, expected: str) -> None:
        if not satisfied:
            raise InputError.about(name, str(getattr(self, name)), expected)


def _is_number(
    value: object, least: float = -math.inf, above: float = -math.inf, most: float = sys.float_info.max
) -> bool:
    return isinstance(value, (int, float)) and least <= value <= most and value > above
