"""The report of an evaluation: scores of splits and images, pictures of the worst and best images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Manifest
from ..evaluation import ScoreTable, View, draw_confusion
from ..ground.wording import plain_number
from ..html import REPORT_FILE, strips, svg, threshold_curve, write_page
from . import _facts
from ._split import split_of

_PER_CLASS = ("dice", "iou")


def report_evaluation(
    task: str,
    table: ScoreTable,
    data: Sequence[Manifest],
    folder: Path,
    weights: Path,
    threshold: float | None = None,
    device: Any = "cpu",
    classes: Sequence[str] = (),
) -> None:
    """Write ``report.html`` and print its path.

    Args:
        task: name of the bundle.
        table: scores of all images, with pictures.
        data: the data sets.
        folder: the output folder.
        weights: file of the weights.
        threshold: threshold of the mask, or None.
        device: torch device or its name.
        classes: names of the classes if ``table`` collected confusion matrices, else empty.

    Raises:
        InputError: the folder cannot be created.
        ValueError: the table has no pictures.
    """
    if table.pictures is None:
        raise ValueError("found a score table without pictures, which a report needs.")
    view, pictures = table.pictures.view, table.pictures.by_split()
    of_split = {split: [row for row in table.rows if row["split"] == split] for split in table.means}
    images = {split: len(rows) for split, rows in of_split.items()}
    write_page(
        folder / REPORT_FILE,
        Path(__file__).with_name("evaluation.html.j2"),
        task=task,
        view=view,
        summary=_summary(view, *list(table.means.items())[-1]),
        overall={split: _without_classes(numbers, classes) for split, numbers in table.means.items()},
        of_classes={split: _by_class(numbers, classes) for split, numbers in table.means.items() if classes},
        splits=[
            split_of(split, rows, view.measure, pictures.get(split, [])) for split, rows in reversed(of_split.items())
        ],
        strips=strips("scores", {k: [row[view.measure] for row in v] for k, v in of_split.items()}, view.label),
        columns=list(table.rows[0]),
        rows=[list(row.values()) for row in table.rows],
        confusions=_confusions(table, classes) if classes else {},
        thresholds={
            name: threshold_curve(name, scan, value, "score")
            for name, (value, scan) in _facts.threshold_scans(weights).items()
        },
        about=_facts.of_this_run(device) | _facts.of_weights(weights, threshold) | _facts.of_data(data, images),
    )
    print(f"Report: {folder / REPORT_FILE}", flush=True)


def _summary(view: View, split: str, means: Mapping[str, float]) -> str:
    """Return the mean and the standard deviation of the main score of a split, in words."""
    mean, spread = plain_number(means[view.measure]), plain_number(means[f"{view.measure}_std"])
    images = f"{means['images']} image{'' if means['images'] == 1 else 's'}"
    return f"{view.label} {mean} ± {spread}, mean over the {images} of split {split}"


def _confusions(table: ScoreTable, classes: Sequence[str]) -> dict[str, str]:
    """Return split → confusion matrix of all its images, as SVG."""
    return {
        split: svg(draw_confusion(np.sum(matrices, axis=0), classes), f"confusion of {split}")
        for split, matrices in table.collected.items()
    }


def _class_names(classes: Sequence[str]) -> set[str]:
    """Return the names of all scores of single classes."""
    measures = [f"{kind}{measure}" for kind in ("", "pooled_") for measure in _PER_CLASS]
    return {f"{measure}_{name}{end}" for measure in measures for name in classes for end in ("", "_std")}


def _without_classes(numbers: Mapping[str, float], classes: Sequence[str]) -> dict[str, float]:
    names = _class_names(classes)
    return {name: value for name, value in numbers.items() if name not in names}


def _by_class(numbers: Mapping[str, float], classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return measure → name of the class, or ``NAME_std`` → number."""
    return {
        measure: {
            f"{name}{end}": numbers[f"{measure}_{name}{end}"]
            for name in classes
            for end in ("", "_std")
            if f"{measure}_{name}{end}" in numbers
        }
        for measure in (f"{kind}{measure}" for measure in _PER_CLASS for kind in ("", "pooled_"))
    }
