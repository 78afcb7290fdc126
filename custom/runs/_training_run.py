"""A training run with everything that surrounds it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.handlers import TensorBoardStatsHandler
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from .. import report
from ..data import Manifest
from ..evaluation import View, mask_view
from ..ground.engines import Progress, attached
from ..ground.locks import release
from ..ground.processes import is_main
from ..ground.wording import plain_number
from ..training import (
    Checkpoints,
    History,
    Panels,
    TrainingEvents,
    ValidationPictures,
    leave_processes,
    unwrapped,
    wait_for_processes,
)
from ..weights import RUN_FILE, THRESHOLD_FILE, WEIGHTS_FILE, read_threshold, record_part, record_training
from ._begin import computing
from ._first_lines import PixelSize, announce_scale, device_name, print_data
from ._mlflow_training import track_training
from ._next_commands import evaluating_command, inference_command, print_next
from ._workflow import plain_options


class TrainingRun:
    """Runs a trainer and adds everything around it; ``trainer.run()`` alone trains the same network.

    It prints first lines and progress, keeps ``history.csv`` and its curves, draws pictures of validation images, and
    writes events for TensorBoard and, with ``--tracking``, an MLflow run. At the end, it writes ``run.json`` and
    ``report.html`` and prints the result with the next commands.

    Args:
        folder: the output folder, claimed by `custom.claim` for this process.
        task: name of the bundle.
        data: the data sets.
        trainer: the trainer, with a `custom.data.EpochDataset`, and `custom.training.Checkpoints` among its handlers.
        evaluator: the engine that validates.
        postprocessing: postprocessing of the evaluator, for the report.
        view: function that turns a threshold, None if there is none, into a view for the report.
        picture_interval: epochs between pictures of validation images.
        panels: draws these pictures, see `custom.training.ValidationPictures`.
        more_evaluators: engines that validate in other epochs, for the history.
        prepare: function called once before training, by one process only.
        network_pixel_size: µm, to which images are rescaled; None: the network has none; "never": the bundle has no
            such option.
    """

    def __init__(
        self,
        folder: str | Path,
        task: str,
        data: Sequence[Manifest],
        trainer: Engine,
        evaluator: Engine,
        postprocessing: Callable[[Any], Any],
        view: Callable[[Any], View] = mask_view,
        picture_interval: int = 10,
        panels: Panels | None = None,
        more_evaluators: Sequence[Engine] = (),
        prepare: Callable[[], object] | None = None,
        network_pixel_size: PixelSize = "never",
    ) -> None:
        self.folder = Path(folder)
        self.task = task
        items = [*trainer.data_loader.dataset.data, *evaluator.data_loader.dataset.data]
        self.data = _in_use(data, items)
        self.trainer = trainer
        self.evaluator = evaluator
        self.postprocessing = postprocessing
        self.view = view
        self.prepare = prepare
        self.network_pixel_size = network_pixel_size
        (self.checkpoints,) = attached(trainer, Checkpoints).values()
        self.images = {
            "training": len(trainer.data_loader.dataset.data),
            "validation": len(evaluator.data_loader.dataset.data),
        }
        self.history = History(self.folder, evaluator, more_evaluators)
        self.history.attach(trainer)
        if is_main():
            trainer.add_event_handler(Events.STARTED, self._record_part)  # after the handler that resumes
            self._attach_events(picture_interval, panels)
        Progress(task, evaluator).attach(trainer)

    def _attach_events(self, picture_interval: int, panels: Panels | None) -> None:
        writer = SummaryWriter(str(self.folder))
        TrainingEvents(writer).attach(self.trainer)
        ValidationPictures(self.folder, writer, picture_interval, panels=panels).attach(self.evaluator)
        TensorBoardStatsHandler(summary_writer=writer, iteration_log=False).attach(self.evaluator)

    def _record_part(self, engine: Engine) -> None:
        resumed, images, state = self.checkpoints.resume, self.checkpoints.images, engine.state
        record_part(self.folder, state.epoch + 1, resumed, state.device, images, engine.data_loader.batch_size)

    @computing()
    def run(self) -> None:
        """Train.

        Raises:
            InputError: an error in the data, the options or the output folder that the user can correct.
            SystemExit: a signal stopped the run after a checkpoint was written, see `custom.training.Checkpoints`.
        """
        try:
            self._begin()
            self.trainer.run()
            if is_main():
                self._finish()
        finally:
            release(self.folder)
        leave_processes()

    def _begin(self) -> None:
        network = unwrapped(self.trainer.network)
        announce_training(self.task, self.trainer.state.device, self.data, self.images, network, self.folder)
        announce_scale(self.trainer.data_loader.dataset.data, self.network_pixel_size)
        _warn_of_common_images(self.trainer.data_loader.dataset.data, self.evaluator.data_loader.dataset.data)
        if self.prepare is not None:
            if is_main():
                self.prepare()
            wait_for_processes()
        track_training(self.trainer, self.evaluator, self.history, self.folder, self.checkpoints.resume)

    def _finish(self) -> None:
        seed, device = self.trainer.data_loader.dataset.seed, self.trainer.state.device
        record_training(self.folder, seed, device, self.data, self.images, _options())
        weights = self.folder / WEIGHTS_FILE
        threshold = read_threshold(weights) if (self.folder / THRESHOLD_FILE).is_file() else None
        evaluating, inference = evaluating_command(weights), inference_command(weights)
        commands = {"Score the images that were not used in training": evaluating, "Segment images": inference}
        report.report_training(
            self.task, self.folder, self.evaluator, self.postprocessing, self.view(threshold), commands
        )
        conclude_training(self.folder)
        print_next(score_the_weights=evaluating, segment_images=inference)


def _in_use(data: Sequence[Manifest], items: Sequence[Any]) -> list[Manifest]:
    """Return the data sets that contain any of the images; none if a program has given images of its own."""
    images = [Path(item["image"]) for item in items if isinstance(item.get("image"), str)]
    return [
        one
        for one in data
        if not images or one.layout == "results" or any(image.is_relative_to(one.folder) for image in images)
    ]


def _warn_of_common_images(training: Sequence[Any], validation: Sequence[Any]) -> None:
    """Warn if the weights are chosen by images that they are trained on, as with ``--train_splits``."""
    common = len(_pages(training) & _pages(validation))
    if common:
        found = f"{common} of {len(_pages(validation))} validation images are also training images"
        warnings.warn(f"{found}; validation scores do not tell how good new images will be.", stacklevel=2)


def _pages(items: Sequence[Any]) -> set[tuple[str, int]]:
    return {(item["image"], item.get("page", 0)) for item in items if isinstance(item.get("image"), str)}


def _options() -> dict[str, Any]:
    with suppress(RuntimeError):  # raised if a program evaluates the config without a workflow
        return plain_options()
    return {}


def announce_training(
    task: str, device: Any, data: Sequence[Manifest], images: Mapping[str, int], network: nn.Module, output_dir: Path
) -> None:
    """Print the first lines of training.

    Args:
        task: name of the bundle.
        device: torch device or its name.
        data: the data sets.
        images: split → number of images.
        network: the network.
        output_dir: the output folder.
    """
    size = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"Training {task} on {device_name(device)}: {type(network).__name__} with {size:.2f} million parameters.")
    print_data(data, images)
    print(f"Results: {output_dir}", flush=True)


def conclude_training(output_dir: Path) -> None:
    """Print the result of a training run, from its ``run.json``."""
    best = json.loads((output_dir / RUN_FILE).read_text(encoding="utf-8"))["best"]
    criterion = {"last": "last epoch", "loss": "lowest validation loss"}.get(best["by"], "best validation score")
    score = "" if best["by"] == "last" else f", {plain_number(abs(best['score']))}"
    print(f"Saved weights: epoch {best['epoch']} ({criterion}{score}): {output_dir / WEIGHTS_FILE}")
    print(f"Curves: {output_dir / 'history.png'}   Pictures: {output_dir / 'pictures'}")
