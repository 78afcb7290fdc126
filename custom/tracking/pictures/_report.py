"""The report of a tracked sequence: one page with pictures, scores, errors, uncertain links and provenance."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...html import write_page
from ..linking._result import Link, Merge
from ..measures._errors import TrackingError
from ._comparison import KIND_COLORS
from ._thumbnails import Thumbnail

MOST_LINKS = 20
"""Maximum number of links of least confidence in the report."""


@dataclass
class SequenceReport:
    """The content of a report; empty attributes have no section.

    Attributes:
        title: for example the name of the sequence.
        about: provenance: name → value, for example command, data and versions.
        scores: name of a column, for example the kind of truth → measure → number.
        warping_errors: frame → warping error, for frames with segmentation truth.
        movie: overlay as a GIF; embedded if it is small enough.
        cells: plot of the number of cells over time.
        lineage: plot of the lineage tree.
        links: all links; those of least confidence are listed.
        merges: cells that share a label for some frames.
        comparisons: pictures of frame, truth and result side by side.
        errors: all errors, counted by kind.
        thumbnails: pictures of the errors with the largest penalties.
    """

    title: str
    about: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    warping_errors: Mapping[int, float] = field(default_factory=dict)
    movie: Path | None = None
    cells: Path | None = None
    lineage: Path | None = None
    links: Sequence[Link] = ()
    merges: Sequence[Merge] = ()
    comparisons: Sequence[Path] = ()
    errors: Sequence[TrackingError] = ()
    thumbnails: Sequence[Thumbnail] = ()


def write_report(file: str | os.PathLike[str], report: SequenceReport) -> None:
    """Write the report as one HTML file that needs no network access.

    Args:
        file: usually ``report.html``; its folder is created.
        report: the content.

    Raises:
        InputError: the folder cannot be created.
    """
    weakest = sorted(report.links, key=lambda link: link.confidence)[:MOST_LINKS]
    write_page(
        file,
        Path(__file__).with_name("report.html.j2"),
        report=report,
        links=[
            (link.frame, link.label, link.next_frame, link.next_label, link.kind, link.confidence) for link in weakest
        ],
        merges=[
            (merge.frame, merge.until, " and ".join(map(str, merge.labels)), merge.into) for merge in report.merges
        ],
        errors=_by_kind(report.errors),
    )


def _by_kind(errors: Sequence[TrackingError]) -> list[tuple[str, int, int | float]]:
    """Return kind, number and total penalty of each kind of error that occurs."""
    counts = Counter(error.kind for error in errors)
    return [
        (kind, counts[kind], _int_if_whole(sum(error.penalty for error in errors if error.kind == kind)))
        for kind in KIND_COLORS
        if counts[kind]
    ]


def _int_if_whole(number: float) -> int | float:
    """Return a whole number as an int, which the page shows without decimals."""
    return int(number) if number == int(number) else number
