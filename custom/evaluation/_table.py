"""Tables of scores: a row per image as CSV, means of the splits as JSON and on the console."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from torch.utils.data import DataLoader

from ..ground.engines import run_over
from ..ground.files import atomic_path
from ..ground.names import as_cell
from ..ground.score_tables import format_table, mean
from ._engine_metrics import Score
from ._pictures import Pictures
from ._scores import SplitScores


class ScoreTable:
    """Handler that scores every image that an evaluator predicts, and keeps the scores with the name of the image.

    Args:
        image_scores: name → function of prediction (C, H, W) and label (1, H, W); not needed if ``split_scores`` gives
            scores of images.
        split_scores: scores of a whole split, or None.
        pictures: keeps pictures of the best and worst images for the report, or None.
    """

    def __init__(
        self,
        image_scores: Mapping[str, Score] | None = None,
        split_scores: SplitScores | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        self.image_scores = dict(image_scores or {})
        self.split_scores = split_scores
        self.pictures = pictures
        self.rows: list[dict[str, Any]] = []
        self.means: dict[str, dict[str, float]] = {}
        self.collected: dict[str, list[Any]] = {}
        self.split = ""

    def attach(self, engine: Engine) -> None:
        """Register on the evaluator."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._score)
        engine.add_event_handler(Events.COMPLETED, self._summarize)

    def _score(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            pred, label = output["pred"], output["label"]
            row = {name: float(score(pred, label)) for name, score in self.image_scores.items()}
            if self.split_scores is not None:
                kept = self.split_scores.collect(pred, label)
                self.collected.setdefault(self.split, []).append(kept)
                row |= self.split_scores.of_image(kept) if self.split_scores.of_image else {}
            self.rows.append({"split": self.split, "image": item["name"]} | row)
            if self.pictures is not None:
                self.pictures.offer(self.split, item["name"], row[self.pictures.view.measure], output)

    def _summarize(self, engine: Engine) -> None:
        rows = [row for row in self.rows if row["split"] == self.split]
        names = [name for name in rows[0] if name not in ("split", "image")]
        means: dict[str, float] = {"images": len(rows)}
        means |= {name: mean([row[name] for row in rows]) for name in names}
        means |= {f"{name}_std": mean([row[name] for row in rows], of=np.std) for name in names}
        if self.split_scores is not None:
            means |= self.split_scores.summarize(self.collected[self.split])
        self.means[self.split] = means


def evaluate(
    evaluator: Engine, table: ScoreTable, loaders: Mapping[str, DataLoader], folder: str | Path, **about: Any
) -> dict[str, dict[str, float]]:
    """Run an evaluator over several splits, print the scores and write ``scores.csv`` and ``scores.json``.

    Args:
        evaluator: the evaluator, with ``table`` among its handlers; a handler loads the weights.
        table: the table that scores the images.
        loaders: split → data loader.
        folder: the output folder.
        about: further content of the JSON file, for example ``weights`` and ``threshold``.

    Returns:
        Split → name of the score → mean over its images.

    Raises:
        OutputError: a file cannot be written.
    """
    for split, loader in loaders.items():
        table.split = split
        run_over(evaluator, loader)
    folder = Path(folder)
    _write_csv(table.rows, folder / "scores.csv")
    content = {name: str(value) if isinstance(value, Path) else value for name, value in about.items()}
    with atomic_path(folder / "scores.json") as path:
        path.write_text(json.dumps(content | {"splits": _finite(table.means)}, indent=2) + "\n", encoding="utf-8")
    print(format_table(table.means))
    print(f"Scores of each image: {folder / 'scores.csv'}\nMeans: {folder / 'scores.json'}")
    return table.means


def _write_csv(rows: list[dict[str, Any]], file: Path) -> None:
    with atomic_path(file) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6f}"
    return as_cell(value) if isinstance(value, str) else value


def _finite(means: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    """Return the means with None for NaN, which JSON does not have."""
    return {split: {k: v if np.isfinite(v) else None for k, v in numbers.items()} for split, numbers in means.items()}
