"""The table ``review.csv``: which pages need review, and why."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..ground.growing_table import GrowingTable
from ..ground.names import from_cell
from ._disagreement import Disagreement, Masks
from ._pages import page_statistics
from ._reference import REFERENCE_FILE, read_reference
from ._result import result_statistics

REVIEW_FILE = "review.csv"

FEWEST_GRAY_LEVELS = 20
"""An image with fewer gray levels between dark and bright has low contrast."""

MOST_NOISE = 0.15
"""An image with more noise, as a fraction of its contrast, has low contrast too; pure noise has 0.19."""

MOST_SATURATED = 0.01
"""An image in which a larger fraction of the pixels has the largest value is saturated."""


class ReviewTable:
    """Writes ``review.csv``, a row per page: whether it needs review, the reasons, and all statistics.

    Columns: ``image``, ``page``, ``needs_review`` (0 or 1; empty without a reference), ``reasons``,
    ``low_contrast``, ``saturated``, `result_statistics`, ``disagreement`` if requested, `image_statistics`. A flag
    never changes or removes a result.

    It is used as a context manager, like `custom.measurements.Measurements`.

    Args:
        folder: the output folder; it is created.
        weights: file of the weights; training wrote ``reference.json`` next to it.
        network_pixel_size: in µm, to which images are rescaled for the network; None if they are not.
        disagreement: measures the disagreement between flips and rotations of an image; None: no such column.

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
            print(f"No {REFERENCE_FILE} next to the weights: images are not compared with training images.", flush=True)

    def __enter__(self) -> ReviewTable:
        """Start an empty table."""
        self._table.__enter__()
        return self

    def take(self, item: Mapping[str, Any], image: Any, probability: np.ndarray, masks: Masks) -> None:
        """Add a page: the first page of a file or the next one.

        Args:
            item: the page, as listed by `custom.open_inputs`.
            image: the network's input, (1, H, W).
            probability: the prediction, (H, W) or (C, H, W).
            masks: the function that turns probabilities into a mask.

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
        """Write the rows of all pages of a file under its name."""
        columns = {column: [page[column] for page in self._pages] for column in self._pages[0]}
        self._table.add(name, {column: np.array(values, dtype=object) for column, values in columns.items()})
        self._pages = []

    def rows_of(self, image: str) -> list[Path]:
        """Return the file that holds the rows of an image until the table is complete."""
        return [self._table.rows_of(image)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the complete table."""
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
    """Return whether `image_statistics` show few gray levels or much noise.

    Examples:
        >>> has_low_contrast({"gray_levels": 12, "noise": 0.02}), has_low_contrast({"gray_levels": 80, "noise": 0.02})
        (True, False)
    """
    return numbers["gray_levels"] < FEWEST_GRAY_LEVELS or not numbers["noise"] <= MOST_NOISE


def is_saturated(numbers: Mapping[str, float]) -> bool:
    """Return whether, by its `image_statistics`, many pixels of an image have the largest value.

    Examples:
        >>> is_saturated({"gray_levels": 200, "clipped_bright": 0.05})
        True
    """
    return numbers["gray_levels"] > 1 and numbers["clipped_bright"] > MOST_SATURATED


def review_conclusion(folder: Path, names: Sequence[str]) -> str | None:
    """Return how many images of an inference run need review, in a sentence; None if no image was compared.

    Args:
        folder: the output folder.
        names: names of the images, without suffix.
    """
    file = folder / REVIEW_FILE
    if not file.is_file():
        return None
    with file.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if from_cell(row["image"]) in set(names)]
    compared = {row["image"] for row in rows if row["needs_review"]}
    flagged = {row["image"] for row in rows if row["needs_review"] == "1"}
    if not compared:
        return None
    images = "image" if len(compared) == 1 else "images"
    return f"Needs review: {len(flagged)} of {len(compared)} {images}" + (f", see {file}" if flagged else "")
