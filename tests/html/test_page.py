"""Self-contained pages, and the report of a tracked sequence."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError
from PIL import Image
from report_pages import PICTURE, Outline, full_report

from custom.html import picture_source, write_page
from custom.images import write_png
from custom.tracking import SequenceReport, write_report


def _page(tmp_path: Path, template: str, **content: object) -> str:
    (tmp_path / "page.html.j2").write_text(template, encoding="utf-8")
    write_page(tmp_path / "page.html", tmp_path / "page.html.j2", **content)
    return (tmp_path / "page.html").read_text(encoding="utf-8")


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
    assert Outline(page).headings == ["T"]
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
    monkeypatch.setattr("custom.html._page.LARGEST_EMBEDDED", 10)
    write_png(tmp_path / "movie" / "x.png", PICTURE)
    assert picture_source(tmp_path / "movie" / "x.png", tmp_path) == "movie/x.png"
    assert picture_source(tmp_path / "movie" / "x.png", tmp_path / "reports") == "../movie/x.png"


def test_a_full_report(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", full_report(tmp_path))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.headings == [
        "Sequence 01",
        "Movie",
        "Number of cells",
        "Lineage tree",
        "Scores",
        "Errors",
        "Errors with the largest penalties",
        "Warping error",
        "Links of least confidence",
        "Merges",
        "About this run",
    ]
    assert len(outline.sources) == 5
    assert all(source.startswith("data:image/") for source in outline.sources)
    assert "http" not in page  # nothing is fetched
    assert "Frame 3, missed, penalty 10: no object covers &lt;7&gt;" in page
    weakest = re.findall(r">(\d+)</td><td[^>]+>1</td><td[^>]+>\d+</td><td[^>]+>1</td><td[^>]+>move</td>", page)
    assert weakest == [str(frame) for frame in range(29, 9, -1)]


def test_a_report_leaves_out_what_is_empty(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", SequenceReport("Nothing"))
    assert Outline((tmp_path / "report.html").read_text(encoding="utf-8")).headings == ["Nothing"]
