"""A report with all sections, and the outline of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

from custom.tracking import Link, Merge, SequenceReport, Thumbnail, TrackingError

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


class Outline(HTMLParser):
    """Collects the headings and the sources of pictures, and checks that tags are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.sources: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.sources.append(dict(attrs)["src"] or "")
        if tag not in ("img", "input", "link", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


# ---------------------------------------------------------------------------------------------------------- a sequence


def full_report(tmp_path: Path) -> SequenceReport:
    for name in ("overlay.gif", "cells.png", "lineage.png"):
        Image.fromarray(PICTURE).save(tmp_path / name)
    errors = [
        TrackingError(3, 7, 0, "missed", 10.0, (1.0, 2.0), "no object covers <7>"),
        TrackingError(4, 7, 8, "missed link", 1.5, (1.0, 2.0), "nothing leads to 7"),
    ]
    return SequenceReport(
        title="Sequence 01",
        about={"command": "python -m monai.bundle run"},
        scores={"gold": {"SEG": 0.9, "TRA": float("nan")}},
        warping_errors={2: 0.001},
        movie=tmp_path / "overlay.gif",
        cells=tmp_path / "cells.png",
        lineage=tmp_path / "lineage.png",
        links=[Link(frame, 1, frame + 1, 1, 1 - frame / 100, "move") for frame in range(30)],
        merges=[Merge(3, (1, 2), 1, 5)],
        errors=errors,
        thumbnails=[Thumbnail(PICTURE, error) for error in errors],
    )
