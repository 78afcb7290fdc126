"""CSV tables of an output folder that grow image by image and always appear complete.

The rows of each image are stored in a hidden file of their own, ``.done/TABLE.csv/IMAGE.csv``; the visible
``TABLE.csv`` is joined from these files.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from .files import atomic_path
from .names import as_cell

Table: TypeAlias = dict[str, np.ndarray]
"""Name of a column, including its unit → one value per object, (N,); NaN for a value that is not defined."""

DONE = ".done"
"""Hidden folder in the output folder with the done-markers of finished images and the rows of `GrowingTable`."""


class GrowingTable:
    """A CSV to which each image adds its rows; it is written when the ``with`` block ends, even after an error.

    The rows of an image are on disk as soon as they are added and replace those of an earlier run. The CSV contains the
    rows of all images in the order of their names (see `join_tables`), including those of earlier runs unless their
    columns differ.

    Args:
        file: the CSV; its folder is created.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with GrowingTable(Path(folder) / "cells.csv") as table:
        ...         for image in ("b", "a"):
        ...             table.add(image, {"area_px": np.array([5, 7])})
        ...     (Path(folder) / "cells.csv").read_text().split()
        ['image,area_px', 'a,5', 'a,7', 'b,5', 'b,7']
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._images: set[str] = set()

    def __enter__(self) -> GrowingTable:
        """Start a run: the first rows of an image replace those of an earlier run."""
        self._images = set()
        return self

    def add(self, image: str, *tables: Table) -> None:
        """Add the rows of an image, with its name in a first column ``image``.

        Args:
            image: name of the image.
            *tables: its rows; all tables have the same columns.

        Raises:
            OutputError: the folder cannot be created or written to, or the disk is full.
        """
        file = self.rows_of(image)
        if image not in self._images:
            write_table(file, ((image, table) for table in tables))
            self._images.add(image)
            return
        more = io.StringIO(newline="")
        for table in tables:
            csv.writer(more).writerows(_rows(image, table))
        with atomic_path(file) as path:
            path.write_bytes(file.read_bytes() + more.getvalue().encode())

    def rows_of(self, image: str) -> Path:
        """Return the hidden file with the rows of an image."""
        return self.file.parent / DONE / self.file.name / f"{image}.csv"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the CSV."""
        _join(self.file)


def write_table(file: Path, rows: Iterable[tuple[str, Table]]) -> None:
    """Write tables with the same columns as one CSV, with the name of the image in a first column ``image``.

    Args:
        file: the CSV; its folder is created.
        rows: pairs of an image's name and its rows; an image may occur several times. Without pairs, no file is
            written.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "cells.csv"
        ...     write_table(file, [("a", {"area_um2": np.array([1.5, np.nan])})])
        ...     file.read_text().split()
        ['image,area_um2', 'a,1.5', 'a,']
    """
    with ExitStack() as stack:
        writer = None
        for image, table in rows:
            if writer is None:
                path = stack.enter_context(atomic_path(file))
                writer = csv.writer(stack.enter_context(path.open("w", newline="", encoding="utf-8")))
                writer.writerow(["image", *table])
            writer.writerows(_rows(image, table))


def join_tables(folder: Path) -> None:
    """Write all tables of an output folder again from the stored rows of its images."""
    for rows in (folder / DONE).glob("*.csv/"):
        _join(folder / rows.name)


def _join(file: Path) -> None:
    """Write a table from the rows of all images that have the same columns as the most recent image."""
    parts = sorted((file.parent / DONE / file.name).glob("[!.]*.csv"))
    if not parts:
        return
    columns = _header(max(parts, key=lambda part: part.stat().st_mtime_ns))
    with atomic_path(file) as path, path.open("wb") as whole:
        whole.write(columns)
        for part in parts:
            with part.open("rb") as rows:
                if rows.readline() == columns:
                    shutil.copyfileobj(rows, whole)


def _header(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.readline()


def _rows(image: str, table: Table) -> Iterator[tuple[str, ...]]:
    columns = [map(_text, values.tolist()) for values in table.values()]
    return ((as_cell(image), *row) for row in zip(*columns, strict=True))


def _text(value: Any) -> str:
    """Return a value as text: floats with seven significant digits, NaN as an empty cell."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.7g}"
    return as_cell(str(value)) if isinstance(value, str) else str(value)
