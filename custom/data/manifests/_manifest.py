"""The manifest itself: the keys of the JSON file as fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LAYOUTS = ("paired_folders", "stacks", "cell_tracking", "bids")
PAIRINGS = ("number", "stem")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelRule:
    """How the values of a label file become class numbers 0, 1, ….

    Args:
        values: the value of each class, by class number.
        names: the name of each class, by class number.
        threshold: for two classes with soft edges: a value above it is the higher of the two.
        tolerance: a value that differs by no more than this from a declared one counts as it.
    """

    values: tuple[int, ...]
    names: tuple[str, ...]
    threshold: float | None = None
    tolerance: float = 0


@dataclass(frozen=True)
class Manifest:
    """A data set, checked. The fields are the keys of the JSON file, plus the folder that they are relative to.

    Args:
        folder: the data folder.
        name: short name.
        layout: ``"paired_folders"``, ``"stacks"``, ``"bids"`` (microscopy in the Brain Imaging Data Structure, labels
            among its derivatives) or ``"cell_tracking"`` (folders of the Cell Tracking Challenge, instance labels).
        image: folder (or a glob) of images, or a stack file, relative to ``folder``; for BIDS a glob. Empty for
            cell tracking, and where every split names its own folders.
        label: the same for the labels; for BIDS the path of an image's label, in which ``{folder}`` and ``{stem}``
            stand for the image's folder and its name without suffix.
        labels: class name → label value, background first; the order gives the class numbers. Empty for cell tracking.
        region: folder of annotated regions; loss and scores count only where these are not 0.
        pair_by: ``"number"`` or ``"stem"``, for paired folders.
        number_pattern: regular expression that finds the number of a file; default: the last number in the stem.
        channels: ``"equal"`` or ``"luminance"``: how RGB becomes gray, see `readers.read_image`.
        label_threshold, label_tolerance: see `LabelRule`.
        pixel_size_um: (row, column) size of a pixel in µm.
        splits: split name → for paired folders ``{"numbers": [...]}``, ``{"stems": [...]}``, ``{"fraction": 0.7}`` or
            ``{"folders": [images, masks]}``; for stacks ``{"pages": [start, stop]}``; for cell tracking
            ``{"sequences": ["01"]}`` or ``{"frames": {"01": [start, stop]}}``; for BIDS ``{"subjects": ["sub-1"]}``
            or ``{"stems": [...]}``.
        optional_splits: names of splits that a copy of the data set may lack; those of which no folder is there are
            left out when it is opened.
        split_seed: shuffles the pairs before fractions are cut.
        download: where it comes from, see `Download`: an object, or a list of them. Nothing is downloaded unless
            `custom.downloads` is told to.
        description, source, license, citation: for the reader; not used.
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
    citation: list[str] = field(default_factory=list)

    @property
    def rule(self) -> LabelRule:
        """How label values become class numbers."""
        names, values = tuple(self.labels), tuple(self.labels.values())
        return LabelRule(values, names, self.label_threshold, self.label_tolerance)
