"""A tracking run with everything that surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from torch.utils.data import DataLoader

from ..ground.engines import Progress
from ..tracking import TrackingPlan, segment_movies, track_movies
from ._begin import computing
from ._first_lines import PixelSize, announce_scale, device_name, weights_in_use


class TrackingRun:
    """Segments movies, unless masks are given, and tracks their cells; adds first and last lines and progress.

    Args:
        task: name of the bundle.
        plan: the movies and the settings of tracking.
        evaluator: the evaluator that segments frames, with a `custom.tracking.LabelWriter` among its handlers.
        loaders: movie → data loader of its frames.
        weights: file of the weights.
        threshold: threshold of the mask; None if masks are given.
        network_pixel_size: µm, to which frames are rescaled; None: the network has none; "never": the bundle has no
            such option.
    """

    def __init__(
        self,
        task: str,
        plan: TrackingPlan,
        evaluator: Engine,
        loaders: Mapping[str, DataLoader],
        weights: Path,
        threshold: float | None = None,
        network_pixel_size: PixelSize = "never",
    ) -> None:
        self.task = task
        self.plan = plan
        self.evaluator = evaluator
        self.loaders = loaders
        self.weights = weights
        self.threshold = threshold
        self.network_pixel_size = network_pixel_size
        Progress("segmenting", loaders=loaders).attach(evaluator)

    @computing()
    def run(self) -> None:
        """Segment and track.

        Raises:
            InputError: an error in the movies, the options or the output folder that the user can correct.
        """
        announce_tracking(self.task, self.evaluator.state.device, self.plan, self.weights, self.threshold)
        if self.plan.masks is None:
            items = [item for movie in self.plan.movies for item in movie.items]
            announce_scale(items, self.network_pixel_size)
            segment_movies(self.evaluator, self.loaders, self.plan.folder)
        track_movies(self.plan, self.weights, self.threshold)


def announce_tracking(task: str, device: Any, plan: TrackingPlan, weights: Path, threshold: float | None) -> None:
    """Print the first lines of tracking; weights and threshold are not used if masks are given."""
    for movie in plan.movies:
        print(f"Tracking {movie.name}: frames {movie.frames[0]} to {movie.frames[-1]} of {movie.source}")
    if plan.masks is None:
        print(f"{task} on {device_name(device)} with {weights_in_use(weights, threshold)}.")
    else:
        print(f"Masks: {plan.masks}")
    if plan.margin:
        print(f"Cells entirely within {plan.margin} pixels of the border are removed (--margin 0 keeps them).")
    if plan.truth is not None:
        print(f"Truth: {plan.truth}")
        if plan.margin_hides_truth():
            print("The truth has cells near the border, which count as missed; --margin 0 scores all cells.")
    print(f"Results: {plan.folder}", flush=True)
