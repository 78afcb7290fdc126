"""The table ``review.csv``: which pages are unlike the training set, and why."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..ground.growing_table import GrowingTable
from ._disagreement import Disagreement, Masks
from ._pages import page_statistics
from ._reference import REFERENCE_FILE, read_reference
from ._result import result_statistics

REVIEW_FILE = "review.csv"

FEWEST_GRAY_LEVELS = 20
"""An image with fewer from dark to bright has low contrast, …"""

MOST_NOISE = 0.15
"""… and so has one whose noise, in parts of its contrast, exceeds this; pure noise has 0.19."""

MOST_SATURATED = 0.01
"""An image in which a larger part of the pixels has its largest value is saturated."""


class ReviewTable:
    """Writes ``review.csv``, a row per page: whether it needs review, why in plain words, and the numbers behind it.

    Columns: ``image``, ``page``, ``needs_review`` (0 or 1; empty without a reference), ``reasons``,
    ``low_contrast``, ``saturated``, `result_statistics`, ``disagreement`` where it is asked for, `image_statistics`.
    Nothing is left out of the results because of it.

    Used as a context, like `measurements.Measurements`.

    Args:
        folder: where it goes; it is created.
        weights: the file beside which the training left ``reference.json``.
        network_pixel_size: in µm, of images as the network takes them; None if it takes them as they are.
        disagreement: of an image's eight flips and rotations, or None.

    Raises:
        InputError: ``reference.json`` is damaged.
    """

    def __init__(
        self,
        folder: str | Path,
        weights: str | Path,
        network_pixel_size: float | None = None,
        disagreement: Disagreement | None = None,
    ) -> None:
        self._table = GrowingTable(Path(folder) / REVIEW_FILE)
        self._reference = read_reference(Path(weights))
        self._network_pixel_size = network_pixel_size
        self._disagreement = disagreement
        self._pages: list[dict[str, Any]] = []
        self.files = (self._table.file,)
        if self._reference is None:
            print(
                f"No {REFERENCE_FILE} beside the weights: no image is compared with those of their training.",
                flush=True,
            )

    def __enter__(self) -> ReviewTable:
        """Begin anew."""
        self._table.__enter__()
        return self

    def take(self, item: Mapping[str, Any], image: Any, probability: np.ndarray, masks: Masks) -> None:
        """Look at a page, the first of a file or the next one.

        Args:
            item: the page, as `datalists` list them, with its ``file``.
            image: (1, H, W), the page as the network takes it.
            probability: what was predicted, (H, W) or (C, H, W).
            masks: from a probability to its mask.

        Raises:
            InputError: the file cannot be read.
        """
        if int(item["page"]) == 0:
            self._pages = []
        numbers = result_statistics(probability)
        if self._disagreement is not None:
            numbers["disagreement"] = self._disagreement(image, probability, masks)
        numbers |= page_statistics({**item, "image": item["file"]}, self._network_pixel_size)
        self._pages.append({"page": int(item["page"])} | self._flags(numbers) | numbers)

    def finish(self, name: str) -> None:
        """Add the rows of the pages taken, under the name of their file."""
        columns = {column: [page[column] for page in self._pages] for column in self._pages[0]}
        self._table.add(name, {column: np.array(values, dtype=object) for column, values in columns.items()})
        self._pages = []

    def rows_of(self, image: str) -> list[Path]:
        """Return the file with the rows of an image, see `measurements.GrowingTable`."""
        return [self._table.rows_of(image)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the table into its place."""
        self._table.__exit__(kind, error, trace)

    def _flags(self, numbers: Mapping[str, float]) -> dict[str, Any]:
        reasons = [] if self._reference is None else self._reference.differences(numbers)
        return {
            "needs_review": math.nan if self._reference is None else int(bool(reasons)),
            "reasons": "; ".join(reasons),
            "low_contrast": int(has_low_contrast(numbers)),
            "saturated": int(is_saturated(numbers)),
        }


def has_low_contrast(numbers: Mapping[str, float]) -> bool:
    """Return whether an image with these `image_statistics` has few gray levels, or noise as high as its contrast."""
    return numbers["gray_levels"] < FEWEST_GRAY_LEVELS or not numbers["noise"] <= MOST_NOISE


def is_saturated(numbers: Mapping[str, float]) -> bool:
    """Return whether much of an image with these `image_statistics` has its largest value."""
    return numbers["gray_levels"] > 1 and numbers["clipped_bright"] > MOST_SATURATED


def review_conclusion(folder: Path, names: Sequence[str]) -> str | None:
    """Return how many of the images of an inference are unlike the training set, None if nobody knows.

    Args:
        folder: its output folder.
        names: of its images, without their suffixes.
    """
    file = folder / REVIEW_FILE
    if not file.is_file():
        return None
    with file.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["image"] in set(names)]
    known = {row["image"] for row in rows if row["needs_review"]}
    unlike = {row["image"] for row in rows if row["needs_review"] == "1"}
    if not known:
        return None
    return f"Unlike the images of the training: {len(unlike)} of {len(known)}" + (f", see {file}" if unlike else "")
