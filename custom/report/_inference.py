"""The report of inference: images with their results, those that failed or need review first, and measurements."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import tifffile

from ..ground.names import from_cell
from ..ground.progress import shown
from ..ground.wording import counted, plain_number
from ..html import MOST_PICTURES, REPORT_FILE, Comparison, class_legend, filled, photograph, picture_size, write_page
from ..images import Colors, evenly_spaced, read_item
from ..inference import FAILED, FOREGROUND
from ..measurements import SUMMARY
from ..review import REVIEW_FILE
from . import _facts

_PAGES = 3  # maximum number of pictures of a stack, among flagged pages and among the others
_UNITS = {"px": "px", "px2": "px²", "um": "µm", "um2": "µm²", "deg": "°"}


class _SelectedPage(NamedTuple):
    """A page that gets a picture, its flags in words, and whether its result was corrected by hand."""

    item: Mapping[str, Any]
    reasons: Sequence[str]
    edited: bool


def report_inference(
    task: str,
    items: Sequence[Mapping[str, Any]],
    folder: Path,
    weights: Path,
    threshold: float | None = None,
    device: Any = "cpu",
    classes: Sequence[str] = (),
    colors: Colors = FOREGROUND,
) -> None:
    """Write ``report.html`` of all results in an output folder, including those of earlier runs.

    Pages flagged in ``review.csv`` come first, and among them, as among the others, those of which the network is least
    certain: they are to be corrected first. Results that were corrected come last. ``failed.csv`` and
    ``measurements_summary.csv`` are shown, too. Missing tables have no section.

    Args:
        task: name of the bundle.
        items: pages, as listed by `custom.input_list`.
        folder: the output folder.
        weights: file of the weights.
        threshold: threshold of the mask, or None.
        device: torch device or its name.
        classes: for class masks, names of the classes, background first; empty for binary masks.
        colors: colors of the classes, or of background and foreground, (C, 3) from 0 to 255.

    Raises:
        InputError: an image can no longer be read, or the folder cannot be created.
    """
    failed, review = _rows(folder / FAILED), _rows(folder / REVIEW_FILE)
    reasons = {(row["image"], row["page"]): _reasons(row) for row in review}
    certain = _least_certain(review)
    failed_files = {row["file"] for row in failed}
    done = [
        item for item in items if item["file"] not in failed_files and (folder / f"{item['name']}_mask.tif").is_file()
    ]
    names = {item["name"] for item in done}
    numbers = [row for row in _rows(folder / SUMMARY) if row["image"] in names]
    edited = {(row["image"], row["page"]) for row in numbers if row.get("edited") == "1"}
    selected = _select(sorted(done, key=lambda item: certain.get(item["name"], 1)), reasons, edited)
    pictures = [_picture(page, folder, numbers, colors) for page in shown(selected, len(selected), "report")]
    write_page(
        folder / REPORT_FILE,
        Path(__file__).with_name("inference.html.j2"),
        task=task,
        images=len(names),
        pages=len(done),
        failed=[(row["file"], row["reason"]) for row in failed],
        flagged=[one for one, page in zip(pictures, selected, strict=True) if page.reasons and not page.edited],
        others=[one for one, page in zip(pictures, selected, strict=True) if not page.reasons and not page.edited],
        corrected=[one for one, page in zip(pictures, selected, strict=True) if page.edited],
        to_review=sum(bool(reasons.get(_key(item))) and _key(item) not in edited for item in done),
        compared=any(row["needs_review"] for row in review),
        legend=class_legend(classes, colors) if classes else {},
        objects=_counted(numbers),
        columns=[_heading(name) for name in numbers[0]] if numbers else [],
        rows=[[_value(*cell) for cell in row.items()] for row in numbers],
        about=_facts.of_this_run(device) | _facts.of_weights(weights, threshold),
    )
    print(f"Report: {folder / REPORT_FILE}", flush=True)


def _rows(file: Path) -> list[dict[str, str]]:
    """Return the rows of a table; empty if there is no table."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return [{name: from_cell(cell) for name, cell in row.items()} for row in csv.DictReader(stream)]


def _reasons(row: Mapping[str, str]) -> list[str]:
    """Return the flags of a page in ``review.csv``, in words."""
    reasons = [reason for reason in row.get("reasons", "").split("; ") if reason]
    if row.get("needs_review") == "1" and not reasons:
        reasons = ["needs review"]
    words = {"low_contrast": "low contrast", "saturated": "saturated"}
    return [*reasons, *(text for column, text in words.items() if row.get(column) == "1")]


def _least_certain(review: Iterable[Mapping[str, str]]) -> dict[str, float]:
    """Return the certainty of the least certain page of each image; 0 where nothing was found."""
    certain: dict[str, float] = {}
    for row in review:
        certain[row["image"]] = min(certain.get(row["image"], 1), float(row.get("certainty") or 0))
    return certain


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["name"], str(item["page"])


def _select(
    items: Sequence[Mapping[str, Any]],
    reasons: Mapping[tuple[str, str], list[str]],
    edited: Collection[tuple[str, str]] = (),
) -> list[_SelectedPage]:
    """Return the pages that get a picture: some of each file that are flagged, then others, then corrected ones."""
    kinds: tuple[dict[str, list[_SelectedPage]], ...] = ({}, {}, {})
    for item in items:
        page = _SelectedPage(item, reasons.get(_key(item), []), _key(item) in edited)
        kind = 2 if page.edited else int(not page.reasons)
        kinds[kind].setdefault(item["name"], []).append(page)
    by_file = [pages for kind in kinds for pages in kind.values()]
    return [pages[index] for pages in by_file for index in evenly_spaced(len(pages), _PAGES)][:MOST_PICTURES]


def _labels_file(item: Mapping[str, Any], folder: Path, colors: Colors) -> Path:
    """Return the file of the labels of a page or, without labels and for masks of several classes, of its mask."""
    labels = folder / f"{item['name']}_labels.tif"
    return labels if labels.is_file() and len(colors) == 2 else folder / f"{item['name']}_mask.tif"


def _picture(page: _SelectedPage, folder: Path, numbers: Iterable[Mapping[str, str]], colors: Colors) -> Comparison:
    item, file = page.item, _labels_file(page.item, folder, colors)
    image = read_item(item["file"], item)
    labels = tifffile.imread(file, key=int(item["page"]))
    if file.name.endswith("_mask.tif") and len(colors) == 2:
        labels = labels > 0
    size = picture_size(image.shape)
    over = filled(labels, size, None if file.name.endswith("_labels.tif") else colors)
    rows = [row for row in numbers if (row["image"], row["page"]) == _key(item)]
    where = f", page {item['page']} (0 to {int(item['pages']) - 1})" if int(item["pages"]) > 1 else ""
    return Comparison(
        f"{item['name']}{where}",
        size[1],
        size[0],
        photograph(np.asarray(image), size),
        over,
        caption=", ".join([*map(_caption, rows), *["edited"] * page.edited]),
        warnings=[] if page.edited else page.reasons,
        full=quote(f"{item['name']}_overlay.png"),
    )


def _caption(row: Mapping[str, str]) -> str:
    """Return the number of objects in a row of the summary and, without classes, up to two totals."""
    if "class" in row:
        return f"{row['objects']} {row['class'].replace('_', ' ')}"
    totals = {name: value for name, value in row.items() if name.startswith("total_") and value}
    in_um = {name: value for name, value in totals.items() if "_um" in name} or totals
    parts = [counted(int(row["objects"]), "object")]
    for name, value in islice(in_um.items(), 2 if row["objects"] != "0" else 0):
        what, _, unit = name.removeprefix("total_").rpartition("_")
        parts.append(f"{what.replace('_', ' ')} {plain_number(float(value))} {_UNITS.get(unit, unit)}")
    return ", ".join(parts)


def _counted(rows: Iterable[Mapping[str, str]]) -> str:
    """Return the number of all objects, or of the objects of each class."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.get("class", "").replace("_", " ")] += int(row["objects"])
    return ", ".join(f"{count} {what}" if what else counted(count, "object") for what, count in counts.items())


def _heading(column: str) -> str:
    """Return the name of a column with its unit, such as ``area, µm²``."""
    name, _, unit = column.rpartition("_")
    return f"{name}, {_UNITS[unit]}" if unit in _UNITS else column


def _value(column: str, text: str) -> str | int | float:
    """Return a cell of a table as a number, NaN if empty; names stay text."""
    if column in ("image", "class"):
        return text
    try:
        return int(text) if text.isdigit() else float(text or "nan")
    except ValueError:
        return text
