"""Statistics of the training images, collected in training so that inference can flag images that differ."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events

from ._fitting import fit_reference, write_reference
from ._pages import training_statistics, whole_and_quarters
from ._reference import REFERENCE_FILE
from ._result import result_statistics

_MOST_IMAGES = 200


class TrainingStatistics:
    """Collects statistics of the training images and of the predictions for the validation images.

    Images are read from their files, without augmentation: all, or 200 evenly spaced ones.
    """

    def __init__(self) -> None:
        self.network_pixel_size: float | None = None
        self.results: list[dict[str, float]] = []
        self.trainer: Engine | None = None

    def attach(self, trainer: Engine, evaluator: Engine, network_pixel_size: float | None = None) -> None:
        """Register on the evaluator.

        Args:
            trainer: the trainer, whose dataset contains the training images.
            evaluator: the engine that validates.
            network_pixel_size: µm, to which images of known pixel size are rescaled; None if images are not rescaled.
        """
        self.network_pixel_size = network_pixel_size
        self.trainer = trainer
        evaluator.add_event_handler(Events.STARTED, self.results.clear)
        evaluator.add_event_handler(Events.ITERATION_COMPLETED, self._collect)

    def write(self, folder: Path, bundle: str | None = None) -> None:
        """Write ``reference.json``, with the results of the last validation; no file if all images are constant.

        Args:
            folder: the output folder.
            bundle: name of the bundle.

        Raises:
            InputError: an image cannot be read.
        """
        reference = fit_reference(self._statistics, self.results)
        if reference is not None:
            write_reference(folder / REFERENCE_FILE, reference, bundle)

    def _collect(self, evaluator: Engine) -> None:
        for output in evaluator.state.output:
            probability = np.asarray(output["pred"].float().cpu())
            self.results += [result_statistics(region) for region in whole_and_quarters(probability)]

    @cached_property
    def _statistics(self) -> list[list[dict[str, float]]]:
        assert self.trainer is not None  # set by `attach`
        items = self.trainer.data_loader.dataset.data
        step = max(1, -(-len(items) // _MOST_IMAGES))
        return [training_statistics(item, self.network_pixel_size) for item in items[::step]]
