"""The tables of a run: they grow image by image, and none is ever seen half."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..writers import atomic_path
from ._page import Measure, Page, Table
from ._summary import summarize

OBJECTS = "measurements.csv"
SUMMARY = "measurements_summary.csv"


class GrowingTable:
    """A CSV that rows are added to image by image, and that takes its place when the block is left, also by an error.

    An earlier file is replaced, but for its rows of images that were not added, which stay if its columns are the same.
    If nothing was added, there is no new file.

    Args:
        file: the CSV; its folder is created.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._columns: list[str] = []
        self._images: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> GrowingTable:
        """Begin anew."""
        self._columns, self._images = [], set()
        return self

    def add(self, image: str, table: Table) -> None:
        """Add rows, after a first column ``image``; all tables have the same columns.

        Raises:
            InputError: the folder cannot be created.
        """
        if not self._columns:
            self._open(["image", *table])
        self._images.add(image)
        columns = [map(_text, values.tolist()) for values in table.values()]
        self._writer.writerows((image, *row) for row in zip(*columns, strict=True))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file into its place."""
        if self._columns:
            self._keep_others()
        self._stack.close()

    def _open(self, columns: list[str]) -> None:
        path = self._stack.enter_context(atomic_path(self.file))
        stream = self._stack.enter_context(path.open("w", newline="", encoding="utf-8"))
        self._columns, self._writer = columns, csv.writer(stream)
        self._writer.writerow(columns)

    def _keep_others(self) -> None:
        """Add the rows that an earlier file has of images that were not added."""
        if not self.file.is_file():
            return
        with self.file.open(newline="", encoding="utf-8") as stream:
            earlier = csv.reader(stream)
            if next(earlier, None) == self._columns:
                self._writer.writerows(row for row in earlier if row and row[0] not in self._images)


class Measurements:
    """Writes ``measurements.csv``, a row per object, and ``measurements_summary.csv``, a row per page (and class).

    Used as a context; see `GrowingTable` for what becomes of earlier files and after an error.

    Args:
        folder: where the two go; it is created.
        measure: function from a page to the table of its objects.
        classes: names in the column ``class``, if there is one; the summary has a row for each.
    """

    def __init__(self, folder: str | Path, measure: Measure, classes: Sequence[str] = ()) -> None:
        self._measure = measure
        self._classes = tuple(classes)
        self._objects, self._summary = (GrowingTable(Path(folder) / name) for name in (OBJECTS, SUMMARY))
        self.files = (self._objects.file, self._summary.file)

    def __enter__(self) -> Measurements:
        """Open new files."""
        self._objects.__enter__()
        self._summary.__enter__()
        return self

    def add(self, image: str, pages: Sequence[Page]) -> None:
        """Measure all pages of an image.

        Args:
            image: its name, different for every image.
            pages: what to measure, in order.

        Raises:
            InputError: the folder cannot be created.
        """
        for number, page in enumerate(pages):
            table = self._measure(page)
            for file, rows in ((self._objects, table), (self._summary, summarize(table, self._classes))):
                count = len(next(iter(rows.values())))
                file.add(image, {"page": np.full(count, number)} | rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put both files into their places."""
        self._objects.__exit__(kind, error, trace)
        self._summary.__exit__(kind, error, trace)


def _text(value: Any) -> str:
    """Return a value for a table: seven digits, empty for NaN."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.7g}"
    return str(value)
