"""An inference run and everything around it."""

from __future__ import annotations

from collections.abc import Sequence

from ignite.engine import Engine

from ..data import check_classes
from ..ground.engines import Progress
from ..images import Colors
from ..inference import FOREGROUND, ImageQueue
from ..report import report_inference
from ._first_and_last_lines import PixelSize, announce_inference, announce_scale, conclude_inference
from ._mlflow import finish, track


class InferenceRun:
    """Segments a queue of images, with what surrounds a run: lines, progress, MLflow, the report, the exit code.

    Args:
        task: name of the bundle.
        queue: the images, and what becomes of them.
        evaluator: over a loader of `inference.Pages`, with the writer of the results among its handlers.
        threshold: of the mask, or None.
        classes: names of the classes of the masks, background first; empty where a mask is foreground or not.
        colors: of the classes, or of background and foreground.
        network_pixel_size: µm, to which images are rescaled; None: the network has none; "never": the bundle has no
            such option.
    """

    def __init__(
        self,
        task: str,
        queue: ImageQueue,
        evaluator: Engine,
        threshold: float | None = None,
        classes: Sequence[str] = (),
        colors: Colors = FOREGROUND,
        network_pixel_size: PixelSize = "never",
    ) -> None:
        self.task = task
        self.queue = queue
        self.evaluator = evaluator
        self.threshold = threshold
        self.classes = classes
        self.colors = colors
        self.network_pixel_size = network_pixel_size
        Progress("segmenting").attach(evaluator)

    def run(self) -> None:
        """Segment what is not finished.

        Raises:
            InputError: something the user can correct, of options, the output folder, or the only image.
            SystemExit: with exit code 2 if images failed, with 130 after Ctrl-C.
        """
        queue, device = self.queue, self.evaluator.state.device
        if self.classes:
            check_classes([], self.classes, self.colors)
        announce_inference(self.task, device, queue.inputs, queue.weights, self.threshold, queue.folder)
        announce_scale(queue.inputs.items, self.network_pixel_size)
        track(self.evaluator, queue.folder)
        queue.run(self.evaluator)
        finish(self.evaluator, queue.folder)
        report_inference(
            self.task,
            queue.inputs.items,
            queue.folder,
            queue.weights,
            self.threshold,
            device,
            self.classes,
            self.colors,
        )
        conclude_inference(queue)
        queue.exit_if_failed()
