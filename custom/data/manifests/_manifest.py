"""The manifest of a data set, and the rule that maps label values to classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

SPLITS = ("train", "validation", "test")


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
class Manifest:
    """A data set, checked by `load_manifest`.

    The attributes are the keys of the JSON file, which ``docs/data.md`` explains, with their defaults.

    Args:
        folder: data folder, which all paths are relative to.
        image: empty for the layout ``"cell_tracking"``, and if each split names its own folders.
        label: as ``image``.
        labels: class name → label value, background first; the order gives the class numbers. Empty for
            ``"cell_tracking"``.
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
    label: str = ""
    labels: dict[str, int] = field(default_factory=dict)
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
    def rule(self) -> LabelRule:
        """The rule that maps label values to class numbers."""
        names, values = tuple(self.labels), tuple(self.labels.values())
        return LabelRule(values, names, self.label_threshold, self.label_tolerance)
