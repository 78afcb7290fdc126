"""How the values of masks are read: binary masks, instance labels or class numbers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.measure import label

from ..errors import InputError
from ..ground.progress import shown
from ..images import read_image, read_labels

_MOST_GRAY = 0.002
"""Gray pixels per pixel of foreground in the JPEG of a binary mask."""

_MOST_CLASSES = 10
"""More values are hardly class numbers."""


class Reading(NamedTuple):
    """How the values of all masks of a folder are read."""

    kind: str  # binary, instances or classes
    threshold: float | None = None  # binary: smallest value of foreground; None: any value above 0

    def __str__(self) -> str:
        """Return the reading in words."""
        at = "" if self.threshold is None else f", foreground from {self.threshold:g}"
        return {"binary": "binary masks", "instances": "instance labels", "classes": "class numbers"}[self.kind] + at


def reading_of(
    source: Path, files: Sequence[Path], threshold: float | None = None, classes: bool | None = None
) -> Reading:
    """Return how the masks of a folder are read.

    Without options, masks with one value besides 0 are binary, as are those of two values with the noise of JPEG.
    Others are instance labels, if most of their values are in one piece.

    Args:
        source: the folder, for messages.
        files: the masks.
        threshold: smallest value of foreground in masks that are not binary; from 1 up also in those of whole numbers.
        classes: True if values are class numbers, False if they are instance labels.

    Raises:
        InputError: the values are fractions, gray, or in several pieces, and no option tells how to read them.
    """
    if classes:
        return Reading("classes")
    values = _Values(files)
    if values.most <= 1:
        return Reading("binary")
    if threshold is not None and (values.fractional or threshold >= 1):
        if threshold > values.largest:
            note = f"{source}: no value reaches --threshold {threshold:g}; the largest is {values.largest:g}."
            warnings.warn(note, stacklevel=2)
        return Reading("binary", threshold)
    half = values.largest / 2
    if values.fractional:
        expected = f"masks or labels; --threshold {half:.2g} reads probabilities as masks"
        raise InputError.about(source, f"fractional values up to {values.largest:g}", expected)
    if classes is False:
        return Reading("instances")
    if values.gray < _MOST_GRAY and (values.lossy or (values.most > 2 and values.in_pieces > 0.5)):
        return Reading("binary", np.ceil(half))
    if values.lossy or values.in_pieces > 0.5:
        why = "stored as JPEG, which changes them" if values.lossy else "most of them in several separate pieces"
        soft = f"--threshold {np.ceil(half):g} reads masks with soft edges, " if values.most > _MOST_CLASSES else ""
        expected = (
            f"binary masks, or labels of one piece each; {soft}--classes true reads class numbers, --classes false "
            "instance labels in pieces"
        )
        raise InputError.about(source, f"{values.most} values up to {values.largest:g}, {why}", expected)
    return Reading("instances")


def read_mask(file: Path, reading: Reading) -> np.ndarray:
    """Read a mask, (H, W) or (Z, H, W): uint8 of 0 and 1 if it is binary, otherwise its labels or class numbers."""
    if reading.kind != "binary":
        return read_labels(file)
    values = read_image(file)
    return (values > 0 if reading.threshold is None else values >= reading.threshold).astype(np.uint8)


class _Values:
    """What the values of all masks of a folder have in common; one mask is in memory at a time.

    Attributes:
        most: largest number of values above 0 in a page.
        largest: largest value.
        fractional: whether there are values that are not whole numbers.
        lossy: whether a file is a JPEG.
        gray: pixels far from 0 and from the largest value, per pixel of foreground.
        in_pieces: fraction of the values, counted page by page, that are in several pieces.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.most, self.largest, self.fractional = 0, 0.0, False
        self.lossy = any(file.suffix.lower() in (".jpg", ".jpeg") for file in files)
        histogram: dict[float, int] = {}
        pieces: list[np.ndarray] = []
        for file in shown(files, len(files), "reading values"):
            stored = read_image(file)
            for page in stored.reshape(-1, *stored.shape[-2:]):
                values, counts = np.unique(page[page > 0], return_counts=True)
                self.most = max(self.most, values.size)
                self.fractional |= page.dtype.kind == "f" and bool((page != np.rint(page)).any())
                for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                    histogram[value] = histogram.get(value, 0) + count
                if not self.fractional and values.size > 1:
                    pieces.append(_pieces(page))
        self.largest = max(histogram, default=0.0)
        far = sum(count for value, count in histogram.items() if 0.2 < value / self.largest < 0.8)
        self.gray = far / max(1, sum(histogram.values()))
        self.in_pieces = float(np.mean(np.concatenate(pieces) > 1)) if pieces else 0.0


def _pieces(page: np.ndarray) -> np.ndarray:
    """Return the number of connected pieces of each value above 0."""
    pieces = label(page.astype(np.int64), connectivity=2)
    _, first = np.unique(pieces, return_index=True)
    values = page.flat[first]
    return np.unique(values[values > 0], return_counts=True)[1]
