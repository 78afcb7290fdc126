"""Measurement tables of a run: they grow image by image and are complete at any time."""

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
    """Writes ``measurements.csv``, one row per object, and ``measurements_summary.csv``, one row per page (and class).

    Use it as a context manager; see `GrowingTable` for the handling of existing files and of errors.

    Args:
        folder: output folder; it is created.
        measure: function that returns the table of objects of a page.
        classes: class names in the column ``class``, if there is one; the summary has one row per class.
    """

    def __init__(self, folder: str | Path, measure: Measure, classes: Sequence[str] = ()) -> None:
        self._measure = measure
        self._classes = tuple(classes)
        self._objects, self._summary = (GrowingTable(Path(folder) / name) for name in (OBJECTS, SUMMARY))
        self.files = (self._objects.file, self._summary.file)

    def __enter__(self) -> Measurements:
        """Start both tables."""
        self._objects.__enter__()
        self._summary.__enter__()
        return self

    def add(self, image: str, pages: Sequence[Page], edited: bool = False) -> None:
        """Measure all pages of an image.

        Args:
            image: unique name of the image.
            pages: its pages, in order.
            edited: whether its mask or labels were edited by hand, for the last column.

        Raises:
            InputError: The folder cannot be created.
        """
        objects = [self._measure(page) for page in pages]
        summaries = [summarize(table, self._classes) for table in objects]
        self._objects.add(image, *(_with_page(number, table, edited) for number, table in enumerate(objects)))
        self._summary.add(image, *(_with_page(number, table, edited) for number, table in enumerate(summaries)))

    def rows_of(self, image: str) -> list[Path]:
        """Return the files with the rows of an image, see `GrowingTable`."""
        return [self._objects.rows_of(image), self._summary.rows_of(image)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish both tables."""
        self._objects.__exit__(kind, error, trace)
        self._summary.__exit__(kind, error, trace)


def _with_page(number: int, table: Table, edited: bool) -> Table:
    """Return the table with an additional first column ``page`` and last column ``edited``."""
    count = len(next(iter(table.values())))
    return {"page": np.full(count, number)} | table | {"edited": np.full(count, int(edited))}
