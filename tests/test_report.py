"""Pages that stand alone, and the report of a tracked sequence."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError
from PIL import Image

from custom.metrics import TrackingError
from custom.report import picture_source, write_page
from custom.tracking import Link, Merge, SequenceReport, Thumbnail, write_report
from custom.writers import write_png

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


def _page(tmp_path: Path, template: str, **content: object) -> str:
    (tmp_path / "page.html.j2").write_text(template, encoding="utf-8")
    write_page(tmp_path / "page.html", tmp_path / "page.html.j2", **content)
    return (tmp_path / "page.html").read_text(encoding="utf-8")


class _Outline(HTMLParser):
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


# ------------------------------------------------------------------------------------------------------------ any page


def test_what_is_filled_in_is_escaped(tmp_path: Path) -> None:
    page = _page(tmp_path, "<p>{{ name }}</p>", name="<script>&")
    assert page == "<p>&lt;script&gt;&amp;</p>"


def test_a_template_finds_base_and_parts(tmp_path: Path) -> None:
    template = (
        '{% extends "base.html.j2" %}{% from "parts.html.j2" import numbers %}'
        "{% block title %}T{% endblock %}{% block content %}{{ numbers(scores) }}{% endblock %}"
    )
    page = _page(
        tmp_path,
        template,
        scores={"gold": {"SEG": 0.5, "SEG_std": 0.1, "cells": 3}, "silver": {"SEG": np.nan, "TRA": 1.0}},
    )
    assert _Outline(page).headings == ["T"]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>.*</tr>", page)]
    assert [re.findall(r"[^|]+", row) for row in rows] == [
        ["gold", "silver"],
        ["SEG", "0.5000", " ± 0.1000", "–"],
        ["cells", "3"],
        ["TRA", "1.0000"],
    ]


def test_what_a_template_names_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        _page(tmp_path, "{{ missing }}")
    assert not (tmp_path / "page.html").exists()


def test_pictures_are_embedded(tmp_path: Path) -> None:
    write_png(tmp_path / "x.png", PICTURE)
    for picture in (PICTURE, tmp_path / "x.png"):
        kind, content = picture_source(picture, tmp_path).split(",")
        assert kind == "data:image/png;base64"
        np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(base64.b64decode(content)))), PICTURE)


def test_a_large_picture_stays_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom.report._page.LARGEST_EMBEDDED", 10)
    write_png(tmp_path / "movie" / "x.png", PICTURE)
    assert picture_source(tmp_path / "movie" / "x.png", tmp_path) == "movie/x.png"
    assert picture_source(tmp_path / "movie" / "x.png", tmp_path / "reports") == "../movie/x.png"


# ---------------------------------------------------------------------------------------------------------- a sequence


def _full_report(tmp_path: Path) -> SequenceReport:
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


def test_a_full_report(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", _full_report(tmp_path))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    outline = _Outline(page)
    assert outline.headings == [
        "Sequence 01",
        "Movie",
        "Number of cells",
        "Lineage tree",
        "Scores",
        "Errors",
        "The most expensive errors",
        "Warping error",
        "Links of least confidence",
        "Merges",
        "What was run",
    ]
    assert len(outline.sources) == 5
    assert all(source.startswith("data:image/") for source in outline.sources)
    assert "http" not in page  # nothing is fetched
    assert "Frame 3, missed, penalty 10: no object covers &lt;7&gt;" in page
    weakest = re.findall(r">(\d+)</td><td[^>]+>1</td><td[^>]+>\d+</td><td[^>]+>1</td><td[^>]+>move</td>", page)
    assert weakest == [str(frame) for frame in range(29, 9, -1)]


def test_a_report_leaves_out_what_is_empty(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", SequenceReport("Nothing"))
    assert _Outline((tmp_path / "report.html").read_text(encoding="utf-8")).headings == ["Nothing"]
