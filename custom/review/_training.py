"""What a training notes of its images, so that inference can tell which ones are unlike them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events

from ._fitting import fit_reference, write_reference
from ._pages import training_statistics, whole_and_quarters
from ._reference import REFERENCE_FILE
from ._result import result_statistics

_MOST_IMAGES = 200  # that are read for it, evenly spaced


class TrainingStatistics:
    """What the images of a training are like, and the results for those that the network is validated on.

    Images are read as their files hold them, without augmentation, at most 200; evenly spaced where there are more.

    """

    def __init__(self) -> None:
        self.network_pixel_size: float | None = None
        self.results: list[dict[str, float]] = []
        self.trainer: Engine | None = None

    def attach(self, trainer: Engine, evaluator: Engine, network_pixel_size: float | None = None) -> None:
        """Register on the engine that validates.

        Args:
            trainer: its dataset has the training images.
            evaluator: validates.
            network_pixel_size: µm, to which images whose pixel size is known are rescaled; None if none is.
        """
        self.network_pixel_size = network_pixel_size
        self.trainer = trainer
        evaluator.add_event_handler(Events.STARTED, self.results.clear)
        evaluator.add_event_handler(Events.ITERATION_COMPLETED, self._note)

    def write(self, folder: Path) -> None:
        """Write ``reference.json``, with the results of the last validation; nothing if the images are all constant.

        Raises:
            InputError: an image cannot be read.
        """
        reference = fit_reference(self._statistics, self.results)
        if reference is not None:
            write_reference(folder / REFERENCE_FILE, reference)

    def _note(self, evaluator: Engine) -> None:
        for output in evaluator.state.output:
            probability = np.asarray(output["pred"].float().cpu())
            self.results += [result_statistics(part) for part in whole_and_quarters(probability)]

    @cached_property
    def _statistics(self) -> list[list[dict[str, float]]]:
        assert self.trainer is not None  # it is attached before anything is written
        items = self.trainer.data_loader.dataset.data
        step = max(1, -(-len(items) // _MOST_IMAGES))
        return [training_statistics(item, self.network_pixel_size) for item in items[::step]]
