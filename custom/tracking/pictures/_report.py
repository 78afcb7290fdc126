"""The report of a tracked sequence: one page with pictures, scores, errors, doubts and what was run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...html import write_page
from ..linking._result import Link, Merge
from ._comparison import KIND_COLORS
from ._thumbnails import Thumbnail

if TYPE_CHECKING:
    from ..measures._tracking_errors import TrackingError

MOST_LINKS = 20
"""As many links of the least confidence are listed."""


@dataclass
class SequenceReport:
    """What a report tells; what is left empty has no section.

    Attributes:
        title: for example the sequence's name.
        about: what was run: name → value, for example the command, the data, the versions.
        scores: name of a column, for example the truth that was compared with → measure → number.
        warping_errors: frame → warping error, for the frames whose cells are outlined in the truth.
        movie: overlay as a GIF; embedded, if it is not large.
        cells: picture of the number of cells over time.
        lineage: picture of the lineage tree.
        links: all links; the weakest are listed.
        merges: cells that share a label for some frames.
        comparisons: pictures of frame, truth and result side by side.
        errors: all errors, which are counted by kind.
        thumbnails: the most expensive of them.
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
    """Write the report as one HTML file that needs no network.

    Args:
        file: usually ``report.html``; its folder is created.
        report: what it tells.

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
    """Return kind, number and penalty of each kind of error that there is."""
    counts = Counter(error.kind for error in errors)
    return [
        (kind, counts[kind], _whole(sum(error.penalty for error in errors if error.kind == kind)))
        for kind in KIND_COLORS
        if counts[kind]
    ]


def _whole(number: float) -> int | float:
    """Return a whole number as an int, which pages show without digits behind the point."""
    return int(number) if number == int(number) else number
