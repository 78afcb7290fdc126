"""Tables that grow image by image; a table that is not complete is never seen."""

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


def write_table(file: Path, rows: Iterable[tuple[str, Table]]) -> None:
    """Write a CSV of tables with the same columns, after a first column ``image``.

    Args:
        file: the CSV; its folder is created.
        rows: name of an image, and rows of it; one image may come several times. Without any there is no file.

    Raises:
        InputError: the folder cannot be created.
    """
    with ExitStack() as stack:
        writer = None
        for image, table in rows:
            if writer is None:
                path = stack.enter_context(atomic_path(file))
                writer = csv.writer(stack.enter_context(path.open("w", newline="", encoding="utf-8")))
                writer.writerow(["image", *table])
            writer.writerows(_rows(image, table))


class GrowingTable:
    """A CSV that rows are added to image by image, and that takes its place when the block is left, also by an error.

    The rows of an image are on the disk as soon as they are added, in a hidden file of its own, and replace those of an
    earlier run. All these files together, in the order of their images' names, are the CSV, see `join_tables`: rows of
    images that were not added stay, unless their columns are others.

    Args:
        file: the CSV; its folder is created.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._images: set[str] = set()

    def __enter__(self) -> GrowingTable:
        """Begin anew."""
        self._images = set()
        return self

    def add(self, image: str, *tables: Table) -> None:
        """Add rows, after a first column ``image``; all tables have the same columns.

        Raises:
            InputError: the folder cannot be created.
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
        """Return the file with the rows of an image."""
        return self.file.parent / DONE / self.file.name / f"{image}.csv"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file into its place."""
        _join(self.file)


def join_tables(folder: Path) -> None:
    """Make the tables in an output folder anew from the rows of all images."""
    for rows in (folder / DONE).glob("*.csv/"):
        _join(folder / rows.name)


def _join(file: Path) -> None:
    """Write a table of the rows of all images that have the same columns as the image that came last."""
    parts = sorted((file.parent / DONE / file.name).glob("[!.]*.csv"))
    if not parts:
        return
    columns = _columns(max(parts, key=lambda part: part.stat().st_mtime_ns))
    with atomic_path(file) as path, path.open("wb") as whole:
        whole.write(columns)
        for part in parts:
            with part.open("rb") as rows:
                if rows.readline() == columns:
                    shutil.copyfileobj(rows, whole)


def _columns(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.readline()


def _rows(image: str, table: Table) -> Iterator[tuple[str, ...]]:
    columns = [map(_text, values.tolist()) for values in table.values()]
    return ((image, *row) for row in zip(*columns, strict=True))


def _text(value: Any) -> str:
    """Return a value for a table: seven digits, empty for NaN."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.7g}"
    return str(value)


Table: TypeAlias = dict[str, np.ndarray]
"""Name of a column, with its unit, → a value for each object, (N,); NaN where there is none."""

DONE = ".done"
"""Folder in the output folder that holds the records, and the rows of the tables, see `measurements.GrowingTable`."""
