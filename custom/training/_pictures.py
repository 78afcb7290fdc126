"""Pictures of validation images every few epochs, which show how a network learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch.utils.tensorboard import SummaryWriter

from ..evaluation import class_arrays, instance_arrays, mask_arrays
from ..ground.processes import is_main
from ..images import Colors, contact_sheet, overlay, write_png

_RED = np.array([[0, 0, 0], [230, 40, 40]], dtype=np.uint8)
_GREEN = np.array([[0, 0, 0], [40, 200, 40]], dtype=np.uint8)

Panels: TypeAlias = Callable[[np.ndarray, torch.Tensor, torch.Tensor], list[np.ndarray]]
"""From an image (H, W), a prediction (C, H, W) and a label (1, H, W) to the pictures of a row, each (H, W, 3) uint8."""


class ValidationPictures:
    """Handler that draws image, prediction and label side by side, one row per image.

    It writes ``pictures/epoch_0010.png`` and adds the same picture to TensorBoard.

    Args:
        folder: the output folder, in which ``pictures`` is created.
        writer: TensorBoard's writer.
        every: epochs between pictures; the first epoch has one, too.
        count: number of images.
        panels: draws the rest of a row, after the image; by default `foreground_panels`.
    """

    def __init__(
        self, folder: str | Path, writer: SummaryWriter, every: int, count: int = 3, panels: Panels | None = None
    ) -> None:
        self.folder = Path(folder) / "pictures"
        self.writer = writer
        self.every = every
        self.count = count
        self.panels = panels or foreground_panels
        self.rows: list[np.ndarray] = []

    def attach(self, engine: Engine) -> None:
        """Register on the evaluator."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, engine: Engine) -> None:
        self.rows = []

    def _due(self, engine: Engine) -> bool:
        return is_main() and (engine.state.epoch == 1 or engine.state.epoch % self.every == 0)

    def _collect(self, engine: Engine) -> None:
        for item in engine.state.output if self._due(engine) else ():
            if len(self.rows) < self.count:
                self.rows.append(self._row(item))

    def _row(self, item: dict) -> np.ndarray:
        image = np.asarray(item["image"][0].cpu())
        size = tuple(item["label"].shape[-2:])
        if image.shape != size:  # the input of the network was rescaled
            image = np.asarray(torch.nn.functional.interpolate(torch.tensor(image)[None, None], size)[0, 0])
        panels = self.panels(image, item["pred"], item["label"])
        return contact_sheet([overlay(image, np.zeros(image.shape, dtype=bool)), *panels], columns=len(panels) + 1)

    def _write(self, engine: Engine) -> None:
        if not self.rows:
            return
        sheet = contact_sheet(self.rows, columns=1)
        write_png(self.folder / f"epoch_{engine.state.epoch:04d}.png", sheet)
        self.writer.add_image("validation", sheet, engine.state.epoch, dataformats="HWC")


def foreground_panels(image: np.ndarray, pred: torch.Tensor, label: torch.Tensor) -> list[np.ndarray]:
    """Return panels of the probability, the predicted contours at 0.5 in red, and the contours of the label in green.

    Args:
        image: (H, W).
        pred: probability, (1, H, W).
        label: (1, H, W).
    """
    probability, reference, _ = mask_arrays(pred, label)
    predicted = overlay(image, probability >= 0.5, colors=_RED, alpha=0.0)
    return [_gray(probability), predicted, overlay(image, reference, colors=_GREEN, alpha=0.0)]


def class_panels(colors: Colors) -> Panels:
    """Return a function that draws panels of the most probable class and of the label over the image.

    Args:
        colors: colors of the classes, (C, 3) from 0 to 255.
    """

    def panels(image: np.ndarray, pred: torch.Tensor, label: torch.Tensor) -> list[np.ndarray]:
        predicted, reference, valid = class_arrays(pred, label)
        return [overlay(image, predicted, colors=colors), overlay(image, np.where(valid, reference, 0), colors=colors)]

    return panels


def instance_panels(instances: Callable[[np.ndarray], np.ndarray]) -> Panels:
    """Return a function that draws panels of foreground probability, predicted instances and true instances.

    Args:
        instances: function from probabilities (C, H, W), background first, to instance labels (H, W).
    """

    def panels(image: np.ndarray, pred: torch.Tensor, label: torch.Tensor) -> list[np.ndarray]:
        probability, reference, valid = instance_arrays(pred, label)
        found = overlay(image, instances(probability))
        return [_gray(1 - probability[0]), found, overlay(image, np.where(valid, reference, 0))]

    return panels


def _gray(probability: np.ndarray) -> np.ndarray:
    return np.repeat((probability * 255).astype(np.uint8)[..., None], 3, axis=2)
