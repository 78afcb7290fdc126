"""What inference leaves behind: for ``x.tif`` its probability, mask, instance labels and overlay; measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ignite.engine import Engine, Events

from ..images import Colors, contact_sheet, describe, evenly_spaced, overlay, read_image, write_image, write_png
from ..measurements import Measurements, Page, PixelSize
from ..review import ReviewTable
from ._file_result import FOREGROUND, FileResult

if TYPE_CHECKING:
    from ._queue import ImageQueue


class PredictionWriter:
    """Handler that writes the files of every input, as soon as its last page has been predicted.

    ``x_probability.tif`` (float32, 0 to 1; with several classes a channel for each), ``x_mask.tif`` (uint8: 0 and 255,
    or class numbers with a palette), ``x_labels.tif`` (uint16 or uint32, where there are instances) and
    ``x_overlay.png``. For a stack the TIFFs are stacks, the picture shows up to nine of its pages and
    ``x_overlay.tif`` all of them.

    The pictures show the image as the network saw it, or, where only the prediction was brought back to the size of
    the file, as the file holds it.

    The pixel size of the results is the item's ``pixel_size``, (row, column) in µm, or else what the file declares;
    for results of another size than the file, as much larger or smaller as they have fewer or more pixels.

    Args:
        folder: where the files go.
        threshold: a pixel is foreground when its probability reaches it; for predictions of one channel.
        instances: function from a probability map, (H, W) or with several channels (C, H, W), to instance labels
            (H, W), or None. Where there is no threshold, the mask is where there are instances.
        colors: (C, 3) from 0 to 255, for predictions of C classes: the mask holds the most probable one.
        measurements: tables of a run, to which the objects of every file are added.
        formats: functions that write the result of a file in other forms too, and return what they wrote.
        review: table of a run, to which a row for each page is added: whether it needs review, and why.
        queue: the images of the run, told of each that begins, ends or fails; without it the first that fails ends the
            run, and nothing is noted as done.
    """

    def __init__(
        self,
        folder: str | Path,
        threshold: float | None = None,
        instances: Callable[[np.ndarray], np.ndarray] | None = None,
        colors: Colors | None = None,
        measurements: Measurements | None = None,
        formats: Sequence[Callable[[FileResult], Sequence[Path]]] = (),
        review: ReviewTable | None = None,
        queue: ImageQueue | None = None,
    ) -> None:
        if threshold is None and instances is None and colors is None:
            raise ValueError("a mask needs a threshold, instances or the colors of classes.")
        self.folder = Path(folder)
        self.threshold = threshold
        self.instances = instances
        self.colors = colors
        self.measurements = measurements
        self.formats = formats
        self.review = review
        self.tables = [table for table in (measurements, review) if table is not None]
        self.queue = queue
        self.pages: list[tuple[np.ndarray, np.ndarray]] = []
        self.written: list[Path] = []

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        for table in self.tables:
            engine.add_event_handler(Events.STARTED, table.__enter__)
        if self.tables and self.queue is None:  # which puts the tables of all its runs into their places
            engine.add_event_handler(Events.COMPLETED, self._finish_tables)
            engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def __call__(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            if self.queue is None:
                self._take(item, output)
            elif Path(item["file"]) not in self.queue.failed:
                with self.queue.noting(item["file"]):
                    self._take(item, output)

    def _take(self, item: Mapping[str, Any], output: Mapping[str, Any]) -> None:
        """Keep a page, and write the results of its file if it is the last one."""
        if int(item["page"]) == 0:
            self.pages = []  # those of a file before it that failed
        image = np.asarray(output["image"][0].cpu())
        probability = np.asarray(output["pred"].float().cpu())
        self._check_channels(len(probability))
        if image.shape != probability.shape[1:]:
            image = read_image(item["file"], page=int(item["page"]), channels=item["channels"])
        self.pages.append((image, probability[0] if len(probability) == 1 else probability))
        if self.review is not None:
            self.review.take(item, output["image"], self.pages[-1][1], self._only_mask)
        if int(item["page"]) == int(item["pages"]) - 1:
            self._finish(item)
            self.pages = []

    def _finish(self, item: Mapping[str, Any]) -> None:
        result = self._result(item)
        if self.queue is None:
            self.written += self._write(result)
        else:
            self.queue.begin(item)
            self.queue.finish(item, self._write(result), self._rows_of(result.name))

    def _rows_of(self, name: str) -> list[Path]:
        """Return the files with the rows of an image in the tables."""
        return [rows for table in self.tables for rows in table.rows_of(name)]

    def _finish_tables(self) -> None:
        for table in self.tables:
            table.__exit__(None, None, None)
            self.written += [file for file in table.files if file.is_file()]

    def _fail(self, error: BaseException) -> None:
        """Keep what was measured before an error, which ignite hands over instead of raising it."""
        self._finish_tables()
        raise error

    def _check_channels(self, found: int) -> None:
        if self.threshold is not None and found != 1:
            raise ValueError(f"expected one channel of probability, found {found}.")
        if self.colors is not None and found != len(self.colors):
            raise ValueError(f"expected a channel for each of {len(self.colors)} colors, found {found}.")

    def _write(self, result: FileResult) -> list[Path]:
        """Write and measure all of a file, and return what was written."""
        measured = [] if self.measurements is None else _pages(result)  # read before anything is written
        files = [
            self._write_tiff(f"{result.name}_probability.tif", result.probabilities, result.pixel_size),
            self._write_tiff(f"{result.name}_mask.tif", result.masks, result.pixel_size, colors=self.colors),
        ]
        if result.labels is not None:
            files.append(self._write_tiff(f"{result.name}_labels.tif", result.labels, result.pixel_size))
        files += self._write_overlays(result)
        for write in self.formats:
            files += write(result)
        if self.measurements is not None:
            self.measurements.add(result.name, measured)
        if self.review is not None:
            self.review.finish(result.name)
        return files

    def _result(self, item: Mapping[str, Any]) -> FileResult:
        """Return what was predicted for the file of an item, whose pages are all there."""
        probabilities = [probability for _, probability in self.pages]
        labels = None if self.instances is None else _of_one_dtype([self.instances(page) for page in probabilities])
        return FileResult(
            name=item["name"],
            file=Path(item["file"]),
            channels=item["channels"],
            images=[image for image, _ in self.pages],
            probabilities=probabilities,
            masks=[self._mask(page, index, labels) for index, page in enumerate(probabilities)],
            labels=labels,
            pixel_size=_pixel_size(Path(item["file"]), probabilities[0].shape[-2:], item.get("pixel_size")),
        )

    def _only_mask(self, probability: np.ndarray) -> np.ndarray:
        """Return the mask of a page alone, (H, W) uint8."""
        return self._mask(probability, 0, None if self.instances is None else [self.instances(probability)])

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
        pixel_size: PixelSize | None,
        colors: Colors | None = None,
    ) -> Path:
        """Write pages (H, W), (C, H, W) or (H, W, 3), a single one as a plain image; return the file."""
        axes = "YX" if pages[0].ndim == 2 else ("YXS" if pages[0].dtype == np.uint8 else "CYX")
        array, axes = (pages[0], axes) if len(pages) == 1 else (np.stack(pages), f"Z{axes}")
        path = self.folder / name
        write_image(path, array, pixel_size=pixel_size, colors=colors, axes=axes)
        return path

    def _write_overlays(self, result: FileResult) -> list[Path]:
        binary = self.instances is None and self.colors is None
        colors = FOREGROUND if binary else (self.colors if self.instances is None else None)
        pictures = [
            overlay(image, page > 0 if binary else page, colors=colors)
            for image, page in zip(result.images, result.labels or result.masks, strict=True)
        ]
        stack = [self._write_tiff(f"{result.name}_overlay.tif", pictures, result.pixel_size)] if pictures[1:] else []
        shown = [pictures[index] for index in evenly_spaced(len(pictures))]
        path = self.folder / f"{result.name}_overlay.png"
        write_png(path, shown[0] if len(shown) == 1 else contact_sheet(shown))
        return [*stack, path]


def _pages(result: FileResult) -> list[Page]:
    """Return the pages of a result as they are measured."""
    instances: Sequence[np.ndarray | None] = [None] * len(result.masks) if result.labels is None else result.labels
    layers = zip(result.stored, result.masks, result.probabilities, instances, strict=True)
    return [Page(*layer, result.pixel_size) for layer in layers]


def _pixel_size(file: Path, shape: tuple[int, ...], given: Sequence[float] | None) -> PixelSize | None:
    """Return the (row, column) size in µm of the pixels of a result (H, W), None if it is not known."""
    info = describe(file)
    size = info.pixel_size if given is None else (float(given[0]), float(given[1]))
    height, width = info.shape[-2:]
    return None if size is None else (size[0] * height / shape[0], size[1] * width / shape[1])


def _of_one_dtype(pages: list[np.ndarray]) -> list[np.ndarray]:
    """Return instance labels that can be stacked; every page keeps its own numbers, 1 to N."""
    dtype = np.result_type(*pages)
    return [page.astype(dtype, copy=False) for page in pages]
