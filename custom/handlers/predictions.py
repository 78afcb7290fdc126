"""What inference leaves behind: for ``x.tif`` its probability, mask, instance labels and overlay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events

from ..readers import describe, read_image
from ..writers import contact_sheet, evenly_spaced, overlay, write_image, write_png

FOREGROUND = np.array([[0, 0, 0], [255, 60, 60]], dtype=np.uint8)


class PredictionWriter:
    """Handler that writes the files of every input, as soon as its last page has been predicted.

    ``x_probability.tif`` (float32, 0 to 1), ``x_mask.tif`` (uint8, 0 and 255), ``x_labels.tif`` (uint16 or uint32,
    where there are instances) and ``x_overlay.png``. For a stack the TIFFs are stacks, the picture shows up to nine
    of its pages and ``x_overlay.tif`` all of them.

    The pictures show the image as the network saw it, or, where only the prediction was brought back to the size of
    the file, as the file holds it.

    Args:
        folder: where the files go.
        threshold: a pixel is foreground when its probability reaches it.
        instances: function from a probability map (H, W) to instance labels (H, W), or None.
    """

    def __init__(
        self, folder: str | Path, threshold: float, instances: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> None:
        self.folder = Path(folder)
        self.threshold = threshold
        self.instances = instances
        self.pages: list[tuple[np.ndarray, np.ndarray]] = []
        self.written: list[Path] = []

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            if len(output["pred"]) != 1:
                raise ValueError(f"expected one channel of probability, found {len(output['pred'])}.")
            image = np.asarray(output["image"][0].cpu())
            probability = np.asarray(output["pred"][0].float().cpu())
            if image.shape != probability.shape:
                image = read_image(item["file"], page=int(item["page"]), channels=item["channels"])
            self.pages.append((image, probability))
            if int(item["page"]) == int(item["pages"]) - 1:
                self._write(Path(item["file"]), item["name"])
                self.pages = []

    def _write(self, file: Path, name: str) -> None:
        images = np.stack([image for image, _ in self.pages])
        probability = np.stack([probability for _, probability in self.pages]).astype(np.float32)
        mask = probability >= self.threshold
        self._write_tiff(f"{name}_probability.tif", probability, file)
        self._write_tiff(f"{name}_mask.tif", mask.astype(np.uint8) * 255, file)
        labels = mask.astype(np.uint8)
        if self.instances is not None:
            labels = _stack_labels([self.instances(page) for page in probability])
            self._write_tiff(f"{name}_labels.tif", labels, file)
        self._write_overlays(name, images, labels, file)

    def _write_tiff(self, name: str, pages: np.ndarray, file: Path) -> None:
        """Write (Z, H, W) or (Z, H, W, 3) pages; a single one as a plain image."""
        info = describe(file)
        size = info.pixel_size if info.shape[-2:] == pages.shape[1:3] else None  # a resized image has other pixels
        axes = "ZYXS" if pages.ndim == 4 else "ZYX"
        single = len(pages) == 1
        path = self.folder / name
        write_image(path, pages[0] if single else pages, pixel_size=size, axes=axes[1:] if single else axes)
        self.written.append(path)

    def _write_overlays(self, name: str, images: np.ndarray, labels: np.ndarray, file: Path) -> None:
        colors = FOREGROUND if self.instances is None else None
        pictures = [overlay(image, page, colors=colors) for image, page in zip(images, labels, strict=True)]
        if len(pictures) > 1:
            self._write_tiff(f"{name}_overlay.tif", np.stack(pictures), file)
        shown = [pictures[index] for index in evenly_spaced(len(pictures))]
        path = self.folder / f"{name}_overlay.png"
        write_png(path, shown[0] if len(shown) == 1 else contact_sheet(shown))
        self.written.append(path)


def _stack_labels(pages: list[np.ndarray]) -> np.ndarray:
    """Stack instance labels; every page keeps its own numbers, 1 to N."""
    return np.stack(pages).astype(np.result_type(*pages))
