"""What the segmentation of a movie leaves for the linking: the instance labels of each frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events

from ...images import write_image


def instances_folder(folder: Path, movie: str) -> Path:
    """Return where a `LabelWriter` puts the masks of a movie."""
    return folder / f"{movie}_instances"


class LabelWriter:
    """Handler that writes the instance labels of frames: ``MOVIE_instances/maskNNNN.tif``, numbered in each frame anew.

    Args:
        folder: where the folders of the movies go.
        instances: function from probabilities (C, H, W) to instance labels (H, W).
    """

    def __init__(self, folder: str | Path, instances: Callable[[np.ndarray], np.ndarray]) -> None:
        self.folder = Path(folder)
        self.instances = instances

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            labels = self.instances(np.asarray(output["pred"].float().cpu()))
            write_image(instances_folder(self.folder, item["movie"]) / f"mask{int(item['frame']):04d}.tif", labels)
