"""An evaluation run with everything that surrounds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from torch.utils.data import DataLoader

from .. import report
from ..data import Manifest
from ..evaluation import ScoreTable, evaluate, write_split_confusions
from ..ground.engines import Progress
from ._begin import computing
from ._first_lines import PixelSize, announce_scale, device_name, print_data, weights_in_use
from ._mlflow import finish, track
from ._next_commands import inference_command, print_next


class EvaluationRun:
    """Scores weights on the splits of a data set; adds first and last lines, progress, MLflow and the report.

    Args:
        folder: the output folder.
        task: name of the bundle.
        data: the data sets.
        evaluator: the evaluator; its handlers load the weights.
        loaders: split → data loader.
        score_table: the table that scores the images, with pictures for the report.
        weights: file of the weights.
        threshold: threshold of the mask, or None.
        seed_threshold: threshold of the seeds of cells, or None.
        classes: names of the classes if the table collects confusion matrices, else empty.
        network_pixel_size: µm, to which images are rescaled; None: the network has none; "never": the bundle has no
            such option.
    """

    def __init__(
        self,
        folder: Path,
        task: str,
        data: Sequence[Manifest],
        evaluator: Engine,
        loaders: Mapping[str, DataLoader],
        score_table: ScoreTable,
        weights: Path,
        threshold: float | None = None,
        seed_threshold: float | None = None,
        classes: Sequence[str] = (),
        network_pixel_size: PixelSize = "never",
    ) -> None:
        self.folder = folder
        self.task = task
        self.data = data
        self.evaluator = evaluator
        self.loaders = loaders
        self.score_table = score_table
        self.weights = weights
        self.thresholds = {"threshold": threshold, "seed_threshold": seed_threshold}
        self.classes = classes
        self.network_pixel_size = network_pixel_size
        Progress("scoring", loaders=loaders).attach(evaluator)
        score_table.attach(evaluator)

    @computing()
    def run(self) -> None:
        """Score all splits.

        Raises:
            InputError: an error in the data, the options or the output folder that the user can correct.
        """
        threshold, device = self.thresholds["threshold"], self.evaluator.state.device
        images = {split: len(loader.dataset) for split, loader in self.loaders.items()}  # type: ignore[arg-type]
        announce_evaluation(self.task, device, self.data, images, self.weights, threshold)
        items = [item for loader in self.loaders.values() for item in loader.dataset.data]  # type: ignore[attr-defined]
        announce_scale(items, self.network_pixel_size)
        track(self.evaluator, self.folder)
        about = {name: value for name, value in self.thresholds.items() if value is not None}
        evaluate(self.evaluator, self.score_table, self.loaders, self.folder, weights=self.weights, **about)
        finish(self.evaluator, self.folder, self.score_table.means)
        if self.classes:
            write_split_confusions(self.score_table.collected, self.classes, self.folder)
        report.report_evaluation(
            self.task, self.score_table, self.data, self.folder, self.weights, threshold, device, self.classes
        )
        print_next(segment_images=inference_command(self.weights))


def announce_evaluation(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], weights: Path, threshold: float | None
) -> None:
    """Print the first lines of an evaluation."""
    print(f"Scoring {task} on {device_name(device)} with {weights_in_use(weights, threshold)}.")
    print_data(data, images)
