"""The manifest of a data set, and the rule that maps label values to classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

SPLITS = ("train", "validation", "test")

INSTANCES = "instances"
"""The rule of labels that are numbers of objects."""

Color: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class LabelRule:
    """How the values of a label file become class numbers 0, 1, ….

    Args:
        values: the value of each class, by class number.
        names: the name of each class, by class number.
        threshold: for two classes with soft edges: values above it belong to the class with the higher value.
        tolerance: values that differ from a declared value by at most this much count as that value.
    """

    values: tuple[int, ...]
    names: tuple[str, ...]
    threshold: float | None = None
    tolerance: float = 0


@dataclass(frozen=True)
class ColorRule:
    """How the colors of a label file become class numbers 0, 1, ….

    Args:
        colors: the color of each class, (red, green, blue) from 0 to 255, by class number.
        names: the name of each class, by class number.
    """

    colors: tuple[Color, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class LayerRule:
    """How one binary file per class becomes class numbers 0, 1, …: drawn in the order of the files.

    Args:
        names: the name of each class, by class number; the first is the background, which has no file.
        threshold: for files that are not binary: values above it belong to the class.
    """

    names: tuple[str, ...]
    threshold: float | None = None


Rule: TypeAlias = LabelRule | ColorRule | LayerRule | str
"""What label files mean: one of the rules for classes, or ``INSTANCES``."""


@dataclass(frozen=True)
class Manifest:
    """A data set, checked by `load_manifest`.

    The attributes are the keys of the JSON file, which ``docs/data.md`` explains, with their defaults.

    Args:
        folder: data folder, which all paths are relative to.
        image: empty for the layout ``"cell_tracking"``, and if each split names its own folders.
        label: as ``image``; for one file per class: class name → path, in the order of drawing.
        labels: class name → label value or color, background first; the order gives the class numbers. Empty for
            instance labels.
        colors: class name → (red, green, blue) from 0 to 255, to draw the classes; empty if the manifest gives none.
        pixel_size_um: [row, column] in µm.
        splits: split name → an object with one key, such as ``{"fraction": 0.7}``.
        download: the JSON value; `read_downloads` returns it as `Download` objects.

    Examples:
        >>> labels = {"background": 0, "cell": 255}
        >>> Manifest(Path("data"), "cells", "paired_folders", "image", "mask", labels, label_threshold=127).rule
        LabelRule(values=(0, 255), names=('background', 'cell'), threshold=127, tolerance=0)
    """

    folder: Path
    name: str
    layout: str
    image: str = ""
    label: str | Mapping[str, str] = ""
    labels: Mapping[str, int | Color] = field(default_factory=dict)
    colors: Mapping[str, Color] = field(default_factory=dict)
    region: str | None = None
    pair_by: str = "number"
    number_pattern: str | None = None
    channels: str = "equal"
    channel: int | None = None
    axes: str | None = None
    label_threshold: float | None = None
    label_tolerance: float = 0
    pixel_size_um: list[float] | None = None
    splits: dict[str, dict] = field(default_factory=dict)
    optional_splits: list[str] = field(default_factory=list)
    split_seed: int = 0
    download: dict[str, str] | list[dict[str, str]] = field(default_factory=list)
    description: str = ""
    source: str = ""
    license: str = ""
    citation: str | list[str] = field(default_factory=list)

    @property
    def rule(self) -> Rule:
        """How labels are read; instance labels if the data set has no classes."""
        names = tuple(self.labels)
        if not names:
            return INSTANCES
        if not isinstance(self.label, str):
            return LayerRule(names, self.label_threshold)
        colors = tuple(value for value in self.labels.values() if isinstance(value, tuple))
        if colors:
            return ColorRule(colors, names)
        values = tuple(value for value in self.labels.values() if isinstance(value, int))
        return LabelRule(values, names, self.label_threshold, self.label_tolerance)
