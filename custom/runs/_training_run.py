"""A training run and everything around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.handlers import TensorBoardStatsHandler
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from .. import report
from ..data import Manifest
from ..evaluation import View, masks
from ..ground.engines import Progress, attached
from ..ground.locks import release
from ..ground.processes import is_main
from ..training import Checkpoints, History, Panels, TrainingEvents, ValidationPictures, leave, unwrapped, wait
from ..weights import RUN_FILE, THRESHOLD_FILE, WEIGHTS_FILE, read_threshold, record_training
from ._first_lines import announce_scale, device_name, print_data
from ._mlflow_training import track_training
from ._next_commands import evaluating_command, inference_command, print_next


class TrainingRun:
    """Runs a trainer, and adds what surrounds a run: nothing of it changes what the network learns.

    Before: the first lines. Meanwhile: progress, ``history.csv`` and its curves, pictures of validation images, events
    for TensorBoard, a run in MLflow where ``--tracking`` asks for one. Afterwards: ``run.json``, ``report.html``, the
    last lines with the next commands. Without it, ``trainer.run()`` trains the same network.

    Args:
        folder: the output folder, already claimed for this process, see `locks.claim`.
        task: name of the bundle.
        data: the data sets.
        trainer: with its `data.EpochDataset`, and `training.Checkpoints` among its handlers.
        evaluator: validates.
        postprocessing: of the evaluator, for the report.
        view: from a threshold, or None where there is none, to how results are shown.
        picture_interval: epochs from one picture of validation images to the next.
        panels: of these pictures, see `training.ValidationPictures`.
        more_evaluators: engines that validate in other epochs, for the history.
        prepare: called once before training, by one process only.
    """

    def __init__(
        self,
        folder: str | Path,
        task: str,
        data: Sequence[Manifest],
        trainer: Engine,
        evaluator: Engine,
        postprocessing: Callable[[Any], Any],
        view: Callable[[Any], View] = masks,
        picture_interval: int = 10,
        panels: Panels | None = None,
        more_evaluators: Sequence[Engine] = (),
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.task = task
        self.data = data
        self.trainer = trainer
        self.evaluator = evaluator
        self.postprocessing = postprocessing
        self.view = view
        self.prepare = prepare
        (self.checkpoints,) = attached(trainer, Checkpoints).values()
        self.images = {
            "training": len(trainer.data_loader.dataset.data),
            "validation": len(evaluator.data_loader.dataset.data),
        }
        self.history = History(self.folder, evaluator, more_evaluators)
        self.history.attach(trainer)
        if is_main():
            self._attach_events(picture_interval, panels)
        Progress(task, evaluator).attach(trainer)

    def _attach_events(self, picture_interval: int, panels: Panels | None) -> None:
        writer = SummaryWriter(str(self.folder))
        TrainingEvents(writer).attach(self.trainer)
        ValidationPictures(self.folder, writer, picture_interval, panels=panels).attach(self.evaluator)
        TensorBoardStatsHandler(summary_writer=writer, iteration_log=False).attach(self.evaluator)

    def run(self) -> None:
        """Train.

        Raises:
            InputError: something the user can correct, of data, options or the output folder.
            SystemExit: a signal stopped the training run after it was saved, see `training.Checkpoints`.
        """
        try:
            self._begin()
            self.trainer.run()
            if is_main():
                self._finish()
        finally:
            release(self.folder)
        leave()

    def _begin(self) -> None:
        network = unwrapped(self.trainer.network)
        announce_training(self.task, self.trainer.state.device, self.data, self.images, network, self.folder)
        announce_scale(
            self.trainer.data_loader.dataset.data, self.checkpoints.settings.get("network_pixel_size", "never")
        )
        if self.prepare is not None:
            if is_main():
                self.prepare()
            wait()
        track_training(self.trainer, self.evaluator, self.history, self.folder, self.checkpoints.resume)

    def _finish(self) -> None:
        record_training(
            self.folder, self.trainer.data_loader.dataset.seed, self.trainer.state.device, self.data, self.images
        )
        weights = self.folder / WEIGHTS_FILE
        threshold = read_threshold(weights) if (self.folder / THRESHOLD_FILE).is_file() else None
        commands = {
            "Score the images that were not used in training": evaluating_command(weights),
            "Segment images": inference_command(weights),
        }
        report.report_training(
            self.task, self.folder, self.evaluator, self.postprocessing, self.view(threshold), commands
        )
        conclude_training(self.folder)


def announce_training(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], network: nn.Module, output_dir: Path
) -> None:
    """Print what a training will do.

    Args:
        task: name of the bundle.
        device: torch device or its name.
        data: the data sets.
        images: split → number of images.
        network: the network, for its size.
        output_dir: where results go.
    """
    counts = ", ".join(f"{count} {split}" for split, count in images.items())
    size = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"Training {task} on {device_name(device)}: {type(network).__name__} with {size:.2f} million parameters.")
    print_data(data, counts)
    print(f"Results: {output_dir}", flush=True)


def conclude_training(output_dir: Path) -> None:
    """Print the result of a training run, from its ``run.json``, and the next commands."""
    best = json.loads((output_dir / RUN_FILE).read_text(encoding="utf-8"))["best"]
    best_by = best["by"]
    what = {"last": "last epoch", "loss": "lowest validation loss"}.get(best_by, "best validation score")
    score = "" if best_by == "last" else f" {abs(best['score']):.4f}"
    weights = output_dir / "model.pt"
    print(f"Weights of the {what}{score}, from epoch {best['epoch']}: {weights}")
    print(f"Curves: {output_dir / 'history.png'}   Pictures: {output_dir / 'pictures'}")
    print_next(score_the_weights=evaluating_command(weights), segment_images=inference_command(weights))
