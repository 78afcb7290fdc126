"""Settings of the linking: a distance, the weights of the cues, thresholds; from arguments or from a YAML file."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from ...errors import InputError


@dataclass(frozen=True)
class LinkingSettings:
    """Settings of the linking. Costs of links are from 0 (certainly the same cell) to 1.

    Attributes:
        max_distance: maximum distance of a cell between two frames, and of a daughter from its mother, in the unit of
            ``spacing``; cells that overlap may be farther apart. None: the median cell diameter of the first frame
            that has cells.
        distance_weight: weight of the centroid distance in the cost of a link, above 0; the other weights are 0 or
            more.
        overlap_weight: weight of one minus the IoU of the two masks.
        area_weight: weight of the difference in area.
        appearance_weight: weight of the difference in mean brightness; has no effect without images.
        max_cost: links with this cost or more are not made, and the tracks end and begin instead; above 0, up to 1.
        division_threshold: two cells are daughters of a mother if their division score, 0 to 1, is above it.
        max_gap: number of frames for which a cell may be missing; 0 closes no gaps.
        min_length: minimum length of a track in frames; 1 keeps all. Shorter tracks without parent and child are
            removed, except at the first and last frame of the movie; a division with a shorter daughter is undone.
        spacing: pixel size along (row, column) or (slice, row, column); None: 1 along each axis.
        solver: ``assignment`` makes one-to-one links first and then looks for divisions; ``ilp`` chooses both
            together, which needs the extra ``[ilp]`` and takes much longer.

    Raises:
        InputError: a value is out of range; the message names the setting.

    Examples:
        >>> LinkingSettings(max_distance=20, max_gap=2).max_cost
        0.8
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
        """Check the ranges, and convert a list from a config to a tuple."""
        if isinstance(self.spacing, list):
            object.__setattr__(self, "spacing", tuple(self.spacing))
        above_0 = "a number above 0"
        self._check("max_distance", self.max_distance is None or _is_number(self.max_distance, above=0), above_0)
        self._check("distance_weight", _is_number(self.distance_weight, above=0), above_0)
        for name in ("overlap_weight", "area_weight", "appearance_weight"):
            self._check(name, _is_number(getattr(self, name), least=0), "a number from 0 up")
        self._check("max_cost", _is_number(self.max_cost, above=0, most=1), "a number above 0 and up to 1")
        self._check("division_threshold", _is_number(self.division_threshold, least=0, most=1), "a number from 0 to 1")
        self._check("max_gap", type(self.max_gap) is int and self.max_gap >= 0, "a whole number from 0 up")
        self._check("min_length", type(self.min_length) is int and self.min_length >= 1, "a whole number from 1 up")
        spacing = self.spacing or (1, 1)
        positive = len(spacing) in (2, 3) and all(_is_number(size, above=0) for size in spacing)
        self._check("spacing", positive, "two or three numbers above 0")
        self._check("solver", self.solver in ("assignment", "ilp"), "assignment or ilp")

    def _check(self, name: str, satisfied: bool, expected: str) -> None:
        if not satisfied:
            raise InputError.about(name, str(getattr(self, name)), expected)


def _is_number(
    value: object, least: float = -math.inf, above: float = -math.inf, most: float = sys.float_info.max
) -> bool:
    return isinstance(value, (int, float)) and least <= value <= most and value > above


def read_settings(file: str | os.PathLike[str]) -> LinkingSettings:
    """Read settings from a YAML file with lines ``name: value``; missing names keep their defaults.

    Raises:
        InputError: the file cannot be read, or a name or a value in it is not a setting of the linking.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "tracking.yaml")
        ...     _ = file.write_text("max_gap: 2")
        ...     read_settings(file).max_gap
        2
    """
    known = [field.name for field in fields(LinkingSettings)]
    expected = f"settings of the linking ({', '.join(known)})"
    try:
        values = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.about(file, "nothing that can be read", f"a YAML file with {expected}") from error
    if not isinstance(values, dict):
        raise InputError.about(file, "no lines `name: value`", expected)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise InputError.about(file, f"the name {unknown[0]}", expected)
    try:
        return LinkingSettings(**values)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
