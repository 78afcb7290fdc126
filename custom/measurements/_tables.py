"""The tables of a run: they grow image by image, and none is ever seen half."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from ..ground.growing_table import GrowingTable, Table
from ._page import Measure, Page
from ._summary import summarize

OBJECTS = "measurements.csv"
SUMMARY = "measurements_summary.csv"


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
        objects = [self._measure(page) for page in pages]
        summaries = [summarize(table, self._classes) for table in objects]
        self._objects.add(image, *(_of_page(number, table) for number, table in enumerate(objects)))
        self._summary.add(image, *(_of_page(number, table) for number, table in enumerate(summaries)))

    def rows_of(self, image: str) -> list[Path]:
        """Return the files with the rows of an image, see `GrowingTable`."""
        return [self._objects.rows_of(image), self._summary.rows_of(image)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put both files into their places."""
        self._objects.__exit__(kind, error, trace)
        self._summary.__exit__(kind, error, trace)


def _of_page(number: int, table: Table) -> Table:
    """Return a table with a first column ``page``."""
    count = len(next(iter(table.values())))
    return {"page": np.full(count, number)} | table
