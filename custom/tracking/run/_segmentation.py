"""Segmentation of movies before the linking: instance labels of each frame, written by a handler."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from monai.data import DataLoader

from ...ground.engines import run_over
from ...ground.locks import release, wait_for
from ...images import write_image


def instances_folder(folder: Path, movie: str) -> Path:
    """Return the folder in which a `LabelWriter` writes the masks of a movie."""
    return folder / f"{movie}_instances"


class LabelWriter:
    """Handler that writes the instance labels of frames as ``MOVIE_instances/maskNNNN.tif``.

    Cells are numbered independently in each frame.

    Args:
        folder: output folder with a subfolder for each movie.
        instances: function from probabilities (C, H, W) float32 to instance labels (H, W).
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


def segment_movies(evaluator: Engine, loaders: Mapping[str, DataLoader], folder: Path) -> None:
    """Write the instance labels of all frames as ``NN_instances/maskNNNN.tif``; masks of an earlier run are deleted.

    Waits until no other run uses the folder and locks it; `track_movies` releases it.

    Args:
        evaluator: engine with a `LabelWriter` on ``folder`` among its handlers.
        loaders: name of the movie → loader of its frames.
        folder: output folder.
    """
    wait_for(folder)
    with ExitStack() as failed:
        failed.callback(release, folder)
        for name, loader in loaders.items():
            shutil.rmtree(instances_folder(folder, name), ignore_errors=True)
            run_over(evaluator, loader)
        failed.pop_all()
