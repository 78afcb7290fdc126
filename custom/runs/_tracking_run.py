"""A tracking run and everything around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ignite.engine import Engine
from torch.utils.data import DataLoader

from ..ground.engines import Progress
from ..tracking import Plan, follow, segment
from ._first_and_last_lines import PixelSize, announce_scale, announce_tracking


class TrackingRun:
    """Segments movies, unless masks are given, and tracks their cells, with the first and last lines and progress.

    Args:
        task: name of the bundle.
        plan: which movies, and what becomes of them.
        evaluator: segments frames, with a `tracking.LabelWriter` among its handlers.
        loaders: movie → its frames.
        weights: file of the weights.
        threshold: of the mask; None where masks are given.
        network_pixel_size: µm, to which frames are rescaled; None: the network has none; "never": the bundle has no
            such option.
    """

    def __init__(
        self,
        task: str,
        plan: Plan,
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

    def run(self) -> None:
        """Segment and track.

        Raises:
            InputError: something the user can correct, of movies, options or the output folder.
        """
        announce_tracking(self.task, self.evaluator.state.device, self.plan, self.weights, self.threshold)
        if self.plan.masks is None:
            items = [item for movie in self.plan.movies for item in movie.items]
            announce_scale(items, self.network_pixel_size)
            segment(self.evaluator, self.loaders, self.plan.folder)
        follow(self.plan, self.weights, self.threshold)
