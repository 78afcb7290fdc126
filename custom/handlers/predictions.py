"""What inference leaves behind: for ``x.tif`` its probability, mask, instance labels and overlay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events

from ..readers import describe, read_image
from ..writers import Colors, contact_sheet, evenly_spaced, overlay, write_image, write_png

FOREGROUND = np.array([[0, 0, 0], [255, 60, 60]], dtype=np.uint8)

Table = Callable[[Path, list[np.ndarray], list[np.ndarray], tuple[float, float] | None], Any]


class PredictionWriter:
    """Handler that writes the files of every input, as soon as its last page has been predicted.

    ``x_probability.tif`` (float32, 0 to 1; with several classes a channel for each), ``x_mask.tif`` (uint8: 0 and 255,
    or class numbers with a palette), ``x_labels.tif`` (uint16 or uint32, where there are instances) and
    ``x_overlay.png``. For a stack the TIFFs are stacks, the picture shows up to nine of its pages and
    ``x_overlay.tif`` all of them.

    The pictures show the image as the network saw it, or, where only the prediction was brought back to the size of
    the file, as the file holds it.

    The pixel size of the results is the item's ``pixel_size``, (row, column) in µm, or else what the file declares.
    Results of another size than the file have none.

    Args:
        folder: where the files go.
        threshold: a pixel is foreground when its probability reaches it; for predictions of one channel.
        instances: function from a probability map, (H, W) or with several channels (C, H, W), to instance labels
            (H, W), or None. Where there is no threshold, the mask is where there are instances.
        colors: (C, 3) from 0 to 255, for predictions of C classes: the mask holds the most probable one.
        table: function that writes what is in the instances as ``x_objects.csv``; it is handed the file to write, the
            labels of the pages (H, W), their probability maps and the pixel size in µm, if that is known.
    """

    def __init__(
        self,
        folder: str | Path,
        threshold: float | None = None,
        instances: Callable[[np.ndarray], np.ndarray] | None = None,
        colors: Colors | None = None,
        table: Table | None = None,
    ) -> None:
        if threshold is None and instances is None and colors is None:
            raise ValueError("a mask needs a threshold, instances or the colors of classes.")
        self.folder = Path(folder)
        self.threshold = threshold
        self.instances = instances
        self.colors = colors
        self.table = table
        self.pages: list[tuple[np.ndarray, np.ndarray]] = []
        self.written: list[Path] = []

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            image = np.asarray(output["image"][0].cpu())
            probability = np.asarray(output["pred"].float().cpu())
            self._check_channels(len(probability))
            if image.shape != probability.shape[1:]:
                image = read_image(item["file"], page=int(item["page"]), channels=item["channels"])
            self.pages.append((image, probability[0] if len(probability) == 1 else probability))
            if int(item["page"]) == int(item["pages"]) - 1:
                self._write(Path(item["file"]), item["name"], item.get("pixel_size"))
                self.pages = []

    def _check_channels(self, found: int) -> None:
        if self.threshold is not None and found != 1:
            raise ValueError(f"expected one channel of probability, found {found}.")
        if self.colors is not None and found != len(self.colors):
            raise ValueError(f"expected a channel for each of {len(self.colors)} colors, found {found}.")

    def _write(self, file: Path, name: str, given_size: Sequence[float] | None) -> None:
        images = [image for image, _ in self.pages]
        probabilities = [probability for _, probability in self.pages]
        pixel_size = _pixel_size(file, probabilities[0].shape[-2:], given_size)
        labels = None if self.instances is None else _of_one_dtype([self.instances(page) for page in probabilities])
        masks = [self._mask(page, index, labels) for index, page in enumerate(probabilities)]
        self._write_tiff(f"{name}_probability.tif", probabilities, pixel_size)
        self._write_tiff(f"{name}_mask.tif", masks, pixel_size, colors=self.colors)
        if labels is not None:
            self._write_tiff(f"{name}_labels.tif", labels, pixel_size)
        if self.table is not None and labels is not None:
            path = self.folder / f"{name}_objects.csv"
            self.table(path, labels, probabilities, pixel_size)
            self.written.append(path)
        self._write_overlays(name, images, masks if labels is None else labels, pixel_size)

    def _mask(self, probability: np.ndarray, page: int, labels: list[np.ndarray] | None) -> np.ndarray:
        """Return class numbers, or 0 and 255, (H, W) uint8."""
        if self.colors is not None:
            return probability.argmax(axis=0).astype(np.uint8)
        if self.threshold is not None:
            return (probability >= self.threshold).astype(np.uint8) * 255
        assert labels is not None  # as the constructor checks
        return (labels[page] > 0).astype(np.uint8) * 255

    def _write_tiff(
        self,
        name: str,
        pages: list[np.ndarray],
        pixel_size: tuple[float, float] | None,
        colors: Colors | None = None,
    ) -> None:
        """Write pages (H, W), (C, H, W) or (H, W, 3); a single one as a plain image."""
        axes = "YX" if pages[0].ndim == 2 else ("YXS" if pages[0].dtype == np.uint8 else "CYX")
        array, axes = (pages[0], axes) if len(pages) == 1 else (np.stack(pages), f"Z{axes}")
        path = self.folder / name
        write_image(path, array, pixel_size=pixel_size, colors=colors, axes=axes)
        self.written.append(path)

    def _write_overlays(
        self,
        name: str,
        images: list[np.ndarray],
        labels: list[np.ndarray],
        pixel_size: tuple[float, float] | None,
    ) -> None:
        binary = self.instances is None and self.colors is None
        colors = FOREGROUND if binary else (self.colors if self.instances is None else None)
        pictures = [
            overlay(image, page > 0 if binary else page, colors=colors)
            for image, page in zip(images, labels, strict=True)
        ]
        if len(pictures) > 1:
            self._write_tiff(f"{name}_overlay.tif", pictures, pixel_size)
        shown = [pictures[index] for index in evenly_spaced(len(pictures))]
        path = self.folder / f"{name}_overlay.png"
        write_png(path, shown[0] if len(shown) == 1 else contact_sheet(shown))
        self.written.append(path)


def _pixel_size(file: Path, shape: tuple[int, ...], given: Sequence[float] | None) -> tuple[float, float] | None:
    """Return the (row, column) size in µm of the pixels of a result (H, W), None if it is not known."""
    info = describe(file)
    if info.shape[-2:] != shape:
        return None  # a resized image has other pixels
    return info.pixel_size if given is None else (float(given[0]), float(given[1]))


def _of_one_dtype(pages: list[np.ndarray]) -> list[np.ndarray]:
    """Return instance labels that can be stacked; every page keeps its own numbers, 1 to N."""
    dtype = np.result_type(*pages)
    return [page.astype(dtype, copy=False) for page in pages]
