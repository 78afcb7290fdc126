"""What a bundle is, in words for a terminal, from its own files."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..ground.wording import counted, score_label
from ._bundle import Bundle
from ._lines import RUNS, overlays_of

_WIDTH = 80
_HEADING = 14


def table_of(bundles: Iterable[Bundle]) -> str:
    """Return what each bundle is for, what its weights were trained on, their terms, and their scores."""
    return "\n\n".join(_summary(bundle) for bundle in bundles)


def _summary(bundle: Bundle) -> str:
    about = bundle.metadata()
    rows = {
        "": about.get("name"),
        "trained on": about.get("data_source"),
        "terms": _terms(about),
        "scores": _scores(about),
    }
    lines = [(f"{heading}: " if heading else "") + str(text) for heading, text in rows.items()]
    return _rows([(bundle.name, line) for line in lines])


def description_of(bundle: Bundle) -> str:
    """Return all about one bundle: its images, weights, scores and limits, its files, and what can be run."""
    about = bundle.metadata()
    rows = [
        (bundle.name, about.get("description", "")),
        ("", ""),
        ("images", about.get("image_classes", "")),
        ("classes", about.get("label_classes", "")),
        ("trained on", about.get("data_source", "")),
        *(("weights", text) for text in _weights(bundle.folder / "models")),
        ("terms", _terms(about)),
        ("scores", _scores(about)),
        ("use", about.get("intended_use", "")),
        ("", ""),
        ("folder", str(bundle.folder)),
        ("guide", str(bundle.folder / "docs" / "README.md")),
        ("license", str(bundle.folder / "docs" / "data_license.txt")),
        ("overlays", ", ".join(overlays_of(bundle))),
        ("", ""),
        *(("run", f"microscopy {command} {bundle.name} …") for command in _commands(bundle)),
    ]
    return _rows(rows)


def _commands(bundle: Bundle) -> list[str]:
    return [name for name, run in RUNS.items() if set(run.configs) <= bundle.configs().keys()]


def _weights(folder: Path) -> list[str]:
    """Return each file of weights with the number of images that it was trained on, and its SHA-256."""
    found = []
    for file in sorted(folder.rglob("provenance.json"), key=lambda file: len(file.parts)):
        record = json.loads(file.read_text(encoding="utf-8"))
        images = counted(record["images"]["training"], "image")
        place = (file.parent / "model.pt").relative_to(folder.parent)
        found.append(f"{place}: {images}, epoch {record['best']['epoch']}, SHA-256 {record['sha256']}")
    return found


def _terms(about: Mapping[str, Any]) -> str:
    return str(about.get("weights_terms", "see docs/data_license.txt"))


def _scores(about: Mapping[str, Any]) -> str:
    return ", ".join(f"{score_label(name)} {value:g}" for name, value in about.get("eval_metrics", {}).items())


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    """Return headings with texts beside them; a heading that is repeated appears once, and paths stay in one piece."""
    lines, last = [], ""
    for heading, text in rows:
        start = ("" if heading == last else heading).ljust(_HEADING)
        lines += textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=start,
            subsequent_indent=" " * _HEADING,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [start.rstrip()]
        last = heading
    return "\n".join(lines)
