"""An inference run with everything that surrounds it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ignite.engine import Engine

from .. import report
from ..data import Inputs, check_classes
from ..ground.engines import Progress
from ..ground.names import printable
from ..ground.wording import counted
from ..images import Colors
from ..inference import FAILED, FOREGROUND, ImageQueue
from ..measurements import OBJECTS
from ..review import review_conclusion
from ._begin import computing
from ._first_lines import PixelSize, announce_scale, device_name, weights_in_use
from ._mlflow import finish, track

_KINDS = {
    "Mask": "_mask.tif",
    "Labels": "_labels.tif",
    "ROIs": "_rois.zip",
    "OME-Zarr": ".ome.zarr",
    "Measurements": OBJECTS,
}
"""Kind of result → ending of its file names."""


class InferenceRun:
    """Segments a queue of images; adds first and last lines, progress, MLflow, the report and the exit code.

    Args:
        task: name of the bundle.
        queue: the images.
        evaluator: the evaluator with a `custom.inference.PageLoader`, and a `custom.inference.PredictionWriter` among
            its handlers.
        threshold: threshold of the mask, or None.
        classes: for class masks, names of the classes, background first; empty for binary masks.
        colors: colors of the classes, or of background and foreground, (C, 3) from 0 to 255.
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
        queue.take(evaluator.data_loader.dataset.data)
        Progress("segmenting").attach(evaluator)

    @computing()
    def run(self) -> None:
        """Segment all images that are not finished.

        Raises:
            InputError: an error in the options, the output folder or the only image that the user can correct.
            SystemExit: images failed (exit code 2), or Ctrl-C was pressed (130).
        """
        queue, device = self.queue, self.evaluator.state.device
        if self.classes:
            check_classes([], self.classes, self.colors)
        announce_inference(self.task, device, queue.inputs, queue.weights, self.threshold, queue.folder)
        announce_scale(queue.inputs.items, self.network_pixel_size)
        track(self.evaluator, queue.folder)
        queue.run(self.evaluator)
        finish(self.evaluator, queue.folder)
        report.report_inference(
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


def announce_inference(
    task: str, device: Any, inputs: Inputs, weights: Path, threshold: float | None, output_dir: Path
) -> None:
    """Print the first lines of inference; ``inputs`` are those of `custom.open_inputs`."""
    pages = {item["file"]: item["pages"] for item in inputs.items}
    failed = f"; {len(inputs.failed)} more cannot be read (listed at the end)" if inputs.failed else ""
    print(f"Segmenting {len(pages)} image(s), {len(inputs.items)} page(s), from {inputs.source}{failed}")
    stacks = [count for count in pages.values() if count > 1]
    if stacks:
        print(f"Stacks: {len(stacks)}; their {sum(stacks)} pages are processed independently.")
    print(f"{task} on {device_name(device)} with {weights_in_use(weights, threshold)}.")
    print(f"Results: {output_dir}", flush=True)


def conclude_inference(queue: ImageQueue) -> None:
    """Print the results of inference, the number of images that need review and, last, those that failed."""
    results = [file for files in queue.results.values() for file in files]
    results += [file for file in (queue.folder / OBJECTS,) if file.is_file()]
    if queue.written:
        print(f"Wrote {len(queue.written)} files.")
    for kind, ending in _KINDS.items():
        _print_first(kind, [file for file in results if file.name.endswith(ending)])
    _print_first("Look at", [file for file in results if file.name.endswith("_overlay.png")])
    review = review_conclusion(
        queue.folder, [item["name"] for item in queue.inputs.items if item["file"] in queue.results]
    )
    if review is not None:
        print(review)
    if queue.failed:
        _print_failed(queue)


def _print_first(kind: str, files: Sequence[Path]) -> None:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    if files:
        print(f"{kind}: {files[0]}{more}")


def _print_failed(queue: ImageQueue, most: int = 10) -> None:
    print(f"Failed: {counted(len(queue.failed), 'image')}, see {queue.folder / FAILED}")
    files_of: dict[str, list[str]] = {}
    for file, reason in sorted(queue.failed.items()):
        files_of.setdefault(printable(reason), []).append(printable(file.name))
    for reason, names in list(files_of.items())[:most]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print(f"  {names[0]}{more}: {reason}")
    if len(files_of) > most:
        print(f"  and {len(files_of) - most} other reasons")
