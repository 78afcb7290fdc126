"""Tables of links with their confidence, merges and divisions."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence

from ...ground.files import atomic_path
from ..ctc._lineage import Division
from ..linking._result import Link, Merge


def write_links(file: str | os.PathLike[str], links: Iterable[Link]) -> None:
    """Write links as CSV, least confident first; the columns are the attributes of `Link`.

    Args:
        file: usually ``links.csv``; its folder is created.
        links: in any order.

    Raises:
        InputError: the folder cannot be created.

    Examples:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_links(f"{folder}/links.csv", [Link(0, 1, 1, 1, 0.98764, "move"), Link(0, 2, 1, 2, 0.5, "move")])
        ...     print(Path(folder, "links.csv").read_text(), end="")
        frame,label,next_frame,next_label,confidence,kind
        0,2,1,2,0.5,move
        0,1,1,1,0.9876,move
    """
    ordered = sorted(links, key=lambda link: (link.confidence, link))
    _write(file, Link._fields, [link._replace(confidence=round(link.confidence, 4)) for link in ordered])


def write_merges(file: str | os.PathLike[str], merges: Iterable[Merge]) -> None:
    """Write merges as CSV with the columns frame, label, other_label, into and until, sorted by frame.

    Args:
        file: usually ``merges.csv``; its folder is created.
        merges: in any order.

    Raises:
        InputError: the folder cannot be created.
    """
    rows = [(merge.frame, *merge.labels, merge.into, merge.until) for merge in sorted(merges)]
    _write(file, ("frame", "label", "other_label", "into", "until"), rows)


def write_divisions(file: str | os.PathLike[str], divisions: Iterable[Division]) -> None:
    """Write divisions as CSV; the columns are the attributes of `Division`, with daughters separated by spaces.

    Args:
        file: usually ``divisions.csv``; its folder is created.
        divisions: the divisions, in the order of the rows.

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
