"""The tables of a tracking that a user reads: links with their doubt, merges, and divisions."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence

from ...ground.files import atomic_path
from ..linking._result import Link, Merge
from ..pictures._division_times import Division


def write_links(file: str | os.PathLike[str], links: Iterable[Link]) -> None:
    """Write all links as CSV, the least sure first; the columns are the attributes of `Link`.

    Args:
        file: usually ``links.csv``; its folder is created.
        links: in any order.

    Raises:
        InputError: the folder cannot be created.
    """
    ordered = sorted(links, key=lambda link: (link.confidence, link))
    _write(file, Link._fields, [link._replace(confidence=round(link.confidence, 4)) for link in ordered])


def write_merges(file: str | os.PathLike[str], merges: Iterable[Merge]) -> None:
    """Write the merges as CSV with the columns frame, label, other_label, into and until, by frame.

    Args:
        file: usually ``merges.csv``; its folder is created.
        merges: in any order.

    Raises:
        InputError: the folder cannot be created.
    """
    rows = [(merge.frame, *merge.labels, merge.into, merge.until) for merge in sorted(merges)]
    _write(file, ("frame", "label", "other_label", "into", "until"), rows)


def write_divisions(file: str | os.PathLike[str], divisions: Iterable[Division]) -> None:
    """Write the divisions as CSV, in their order; the columns are the attributes of `Division`, daughters by spaces.

    Args:
        file: usually ``divisions.csv``; its folder is created.
        divisions: as `divisions` gives them.

    Raises:
        InputError: the folder cannot be created.
    """
    rows = [(one.frame, one.label, " ".join(map(str, one.daughters)), one.cycle_frames) for one in divisions]
    _write(file, Division._fields, rows)


def _write(file: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with atomic_path(file) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
