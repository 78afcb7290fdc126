"""Pictures of validation images every few epochs, so that one can watch a network learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from torch.utils.tensorboard import SummaryWriter

from ..writers import contact_sheet, overlay, write_png
from .scores import arrays

_RED = np.array([[0, 0, 0], [230, 40, 40]], dtype=np.uint8)
_GREEN = np.array([[0, 0, 0], [40, 200, 40]], dtype=np.uint8)


class ValidationPictures:
    """Handler that draws image, prediction and contours over the image, side by side, one row per image.

    Writes ``pictures/epoch_0010.png`` and the same to TensorBoard. Predicted foreground is red, the label green.

    Args:
        folder: where ``pictures`` goes.
        writer: of TensorBoard.
        every: number of epochs from one picture to the next; the first epoch has one too.
        count: number of images.
        threshold: a pixel is foreground when its probability reaches it.
    """

    def __init__(
        self, folder: str | Path, writer: SummaryWriter, every: int, count: int = 3, threshold: float = 0.5
    ) -> None:
        self.folder = Path(folder) / "pictures"
        self.writer = writer
        self.every = every
        self.count = count
        self.threshold = threshold
        self.rows: list[np.ndarray] = []

    def attach(self, engine: Engine) -> None:
        """Register on the evaluator."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, engine: Engine) -> None:
        self.rows = []

    def _due(self, engine: Engine) -> bool:
        return engine.state.epoch == 1 or engine.state.epoch % self.every == 0

    def _collect(self, engine: Engine) -> None:
        for item in engine.state.output if self._due(engine) else ():
            if len(self.rows) < self.count:
                self.rows.append(self._row(item))

    def _row(self, item: dict) -> np.ndarray:
        probability, reference, _ = arrays(item["pred"], item["label"])
        image = np.asarray(item["image"][0].cpu())
        gray = np.repeat((probability * 255).astype(np.uint8)[..., None], 3, axis=2)
        predicted = overlay(image, probability >= self.threshold, colors=_RED, alpha=0.0)
        labelled = overlay(image, reference, colors=_GREEN, alpha=0.0)
        return contact_sheet([overlay(image, np.zeros_like(reference)), gray, predicted, labelled], columns=4)

    def _write(self, engine: Engine) -> None:
        if not self.rows:
            return
        sheet = contact_sheet(self.rows, columns=1)
        write_png(self.folder / f"epoch_{engine.state.epoch:04d}.png", sheet)
        self.writer.add_image("validation", sheet, engine.state.epoch, dataformats="HWC")
