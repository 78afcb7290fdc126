"""The report of an evaluation: scores of the splits and of every image, the worst and the best of them to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import Manifest
from ..evaluation import draw_confusion
from ..html import strips, svg, threshold_curve, write_page
from . import _facts
from ._split import split_of

if TYPE_CHECKING:
    from ..evaluation import ScoreTable
from ..html import REPORT_FILE

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
    """Write ``report.html`` and print where it is.

    Args:
        task: name of the bundle.
        table: with the scores of all images, and with pictures.
        data: the data sets.
        folder: where the report goes.
        weights: that were scored.
        threshold: that was used, or None.
        device: torch device or its name.
        classes: names of the classes whose confusion matrices ``table`` collected; empty: it did not.

    Raises:
        InputError: the folder cannot be created.
        ValueError: the table has no pictures.
    """
    if table.pictures is None:
        raise ValueError("the table of a report needs pictures.")
    view, pictures = table.pictures.view, table.pictures.chosen()
    of_split = {split: [row for row in table.rows if row["split"] == split] for split in table.means}
    images = {split: len(rows) for split, rows in of_split.items()}
    write_page(
        folder / REPORT_FILE,
        Path(__file__).with_name("evaluation.html.j2"),
        task=task,
        view=view,
        means=table.means,
        overall={split: _without_classes(numbers, classes) for split, numbers in table.means.items()},
        of_classes={split: _by_class(numbers, classes) for split, numbers in table.means.items() if classes},
        splits=[
            split_of(split, rows, view.measure, pictures.get(split, [])) for split, rows in reversed(of_split.items())
        ],
        strips=strips("scores", {k: [row[view.measure] for row in v] for k, v in of_split.items()}, view.label),
        columns=list(table.rows[0]),
        rows=[list(row.values()) for row in table.rows],
        confusions={
            split: svg(draw_confusion(np.sum(matrices, axis=0), classes), f"confusion of {split}")
            for split, matrices in table.collected.items()
            if classes
        },
        thresholds={
            name: threshold_curve(name, scan, value, "score")
            for name, (value, scan) in _facts.threshold_scans(weights).items()
        },
        about=_facts.of_this_run(device) | _facts.of_weights(weights, threshold) | _facts.of_data(data, images),
    )
    print(f"Report: {folder / REPORT_FILE}", flush=True)


def _class_names(classes: Sequence[str]) -> set[str]:
    """Return the names of scores that are those of a class."""
    measures = [f"{kind}{measure}" for kind in ("", "pooled_") for measure in _PER_CLASS]
    return {f"{measure}_{name}{end}" for measure in measures for name in classes for end in ("", "_std")}


def _without_classes(numbers: Mapping[str, float], classes: Sequence[str]) -> dict[str, float]:
    names = _class_names(classes)
    return {name: value for name, value in numbers.items() if name not in names}


def _by_class(numbers: Mapping[str, float], classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return measure → class, or ``class_std`` → number."""
    return {
        measure: {
            f"{name}{end}": numbers[f"{measure}_{name}{end}"]
            for name in classes
            for end in ("", "_std")
            if f"{measure}_{name}{end}" in numbers
        }
        for measure in (f"{kind}{measure}" for measure in _PER_CLASS for kind in ("", "pooled_"))
    }
