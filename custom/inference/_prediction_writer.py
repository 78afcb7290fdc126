"""Writes the results of inference: probability, mask, instance labels and overlay of each image, and tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from ignite.engine import Engine, Events
from skimage.measure import label

from ..errors import InputError
from ..images import (
    Colors,
    contact_sheet,
    describe,
    describe_item,
    evenly_spaced,
    overlay,
    read_labels,
    smallest_label_dtype,
    write_image,
    write_png,
)
from ..measurements import Measurements, Page, PixelSize
from ..review import ReviewTable
from ..transforms import PROBABILITY, resized
from ._file_result import FOREGROUND, FileResult
from ._queue import ImageQueue


class PredictionWriter:
    """Handler that writes the results of an image file after its last page has been predicted.

    For ``x.tif`` these are ``x_probability.tif`` (float32, 0 to 1; a channel per class), ``x_mask.tif`` (uint8: 0 and
    255, or class numbers with a palette), ``x_labels.tif`` (uint16 or uint32, if there are instances) and
    ``x_overlay.png``. For a stack, the TIFF files are stacks, the PNG file shows up to nine pages, and
    ``x_overlay.tif`` shows all of them.

    Overlays show the image as the file holds it. If the network predicts at another size, ``x_probability.tif`` and
    ``x_mask.tif`` have that size, with a note; labels, overlays, measurements and formats have the size of the file.

    The pixel size of the results is that of the item, ``pixel_size``, (row, column) in µm, or else that of the file. If
    results and file differ in size, it is scaled accordingly.

    Args:
        folder: the output folder.
        threshold: for predictions of one channel: pixels with this probability or more are foreground.
        instances: function from a probability map, (H, W) or with several channels (C, H, W), to instance labels
            (H, W), or None. Without a threshold, the mask is the union of the instances.
        colors: (C, 3) from 0 to 255, for predictions of C classes: the mask contains the most probable class.
        parts: function from a mask (H, W) and the pixel size to the objects in it, integer (H, W), 1 to N, for
            predictions without instances; written as ``x_labels.tif`` and measured.
        measurements: tables to which the objects of every image are added, or None.
        formats: functions that write further files of a result, and return their paths; see `result_formats`.
        review: table to which a row per page is added: whether it needs review, and why; or None.
        queue: the images of the run, which records finished and failed images. Without it, the first failure ends the
            run, and no image is marked as finished.

    Raises:
        ValueError: there is neither a threshold, nor instances, nor colors.
    """

    def __init__(
        self,
        folder: str | Path,
        threshold: float | None = None,
        instances: Callable[[np.ndarray], np.ndarray] | None = None,
        colors: Colors | None = None,
        parts: Callable[[np.ndarray, PixelSize | None], np.ndarray] | None = None,
        measurements: Measurements | None = None,
        formats: Sequence[Callable[[FileResult], Sequence[Path]]] = (),
        review: ReviewTable | None = None,
        queue: ImageQueue | None = None,
    ) -> None:
        if threshold is None and instances is None and colors is None:
            raise ValueError("found no way to make a mask, expected a threshold, instances or the colors of classes.")
        self.folder = Path(folder)
        self.threshold = threshold
        self.instances = instances
        self.colors = colors
        self.parts = parts
        self.measurements = measurements
        self.formats = formats
        self.review = review
        self.tables = [table for table in (measurements, review) if table is not None]
        self.queue = queue
        self.pages: list[np.ndarray] = []
        self.written: list[Path] = []
        if queue is not None:
            queue.remeasure = self.remeasure

    def attach(self, engine: Engine) -> None:
        """Register on the engine that predicts."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        for table in self.tables:
            engine.add_event_handler(Events.STARTED, table.__enter__)
        if self.tables and self.queue is None:  # a queue completes the tables itself
            engine.add_event_handler(Events.COMPLETED, self._finish_tables)
            engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def __call__(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            if self.queue is None:
                self._take(item, output)
            elif Path(item["file"]) not in self.queue.failed:
                with self.queue.recording_failures(item["file"], writing=True):
                    self._take(item, output)

    def _take(self, item: Mapping[str, Any], output: Mapping[str, Any]) -> None:
        """Keep a page; after the last page of a file, write the results."""
        if int(item["page"]) == 0:
            self.pages = []  # drops pages of a previous file that failed
        probability = np.asarray(output.get(PROBABILITY, output["pred"]).float().cpu())
        self._check_channels(len(probability))
        self.pages.append(probability[0] if len(probability) == 1 else probability)
        if self.review is not None:
            self.review.take(item, output["image"], self.pages[-1], self._only_mask)
        if int(item["page"]) == int(item["pages"]) - 1:
            self._finish(item)
            self.pages = []

    def _finish(self, item: Mapping[str, Any]) -> None:
        if self.queue is None:
            self.written += self._write(item)
        else:
            self.queue.begin(item)
            self.queue.finish(item, self._write(item), self._rows_of(item["name"]))

    def _rows_of(self, name: str) -> list[Path]:
        """Return the files that hold the rows of an image in the tables."""
        return [rows for table in self.tables for rows in table.rows_of(name)]

    def _finish_tables(self) -> None:
        for table in self.tables:
            table.__exit__(None, None, None)
            self.written += [file for file in table.files if file.is_file()]

    def _fail(self, error: BaseException) -> None:
        """Write the rows measured before an error, then raise the error, which ignite leaves to this handler."""
        self._finish_tables()
        raise error

    def _check_channels(self, found: int) -> None:
        if self.threshold is not None and found != 1:
            raise ValueError(f"found {found} channels of probability, expected one.")
        if self.colors is not None and found != len(self.colors):
            raise ValueError(f"found {found} channels of probability, expected one per color ({len(self.colors)}).")

    def _write(self, item: Mapping[str, Any]) -> list[Path]:
        """Write and measure the result of a file, all of whose pages are predicted, and return the paths written."""
        file, shape = Path(item["file"]), self.pages[0].shape[-2:]
        result = self._result(item)
        pages = [] if self.measurements is None else _pages(result)  # reads the image before any file is written
        masks = result.masks
        if masks[0].shape != shape:
            masks = [self._only_mask(probability) for probability in self.pages]
            _note_size(shape)
        pixel_size = _pixel_size(file, shape, item)
        files = [
            self._write_tiff(f"{result.name}_probability.tif", self.pages, pixel_size),
            self._write_tiff(f"{result.name}_mask.tif", masks, pixel_size, colors=self.colors),
        ]
        if result.labels is not None:
            files.append(self._write_tiff(f"{result.name}_labels.tif", result.labels, result.pixel_size))
        files += self._write_overlays(result)
        for write in self.formats:
            files += write(result)
        if self.measurements is not None:
            self.measurements.add(result.name, pages)
        if self.review is not None:
            self.review.finish(result.name)
        return files

    def remeasure(
        self, item: Mapping[str, Any], edited: Sequence[Path], previous: Sequence[Path]
    ) -> tuple[list[Path], list[Path]]:
        """Measure an image from results that were edited by hand, which are kept; draw its overlay and formats anew.

        Edited labels come before an edited mask.

        Args:
            item: any page of the image.
            edited: the edited files.
            previous: all files of its results.

        Returns:
            All files of its results, and the files with its rows of the tables.

        Raises:
            InputError: an edited file has another size than the image, or is not a mask or labels.
        """
        edited = [self._taken_in(file) for file in edited]
        result = self._edited_result(item, [file.name.removeprefix(f"{item['name']}_") for file in edited])
        files = [*previous, *self._write_overlays(result), *(file for write in self.formats for file in write(result))]
        if result.labels is not None and "labels.tif" not in [
            file.name.removeprefix(f"{item['name']}_") for file in edited
        ]:
            files.append(self._write_tiff(f"{result.name}_labels.tif", result.labels, result.pixel_size))
        if self.measurements is not None:
            self.measurements.add(result.name, _pages(result), edited=True)
        return list(dict.fromkeys(files)), self._rows_of(result.name)

    def _taken_in(self, file: Path) -> Path:
        """Return the TIFF of an edited result; a corrected copy with another suffix replaces it."""
        target = file.with_suffix(".tif")
        if file != target:
            mask = file.stem.endswith("_mask")
            pages = _read_pages(file, describe(target).shape[-2:])
            self._write_tiff(target.name, pages, describe(target).pixel_size, colors=self.colors if mask else None)
        return target

    def _edited_result(self, item: Mapping[str, Any], edited: Sequence[str]) -> FileResult:
        self.pages = self._stored_pages(item)
        result = self._result(item)
        self.pages = []
        shape = result.masks[0].shape
        if "labels.tif" in edited:
            labels = _read_pages(self.folder / f"{result.name}_labels.tif", shape)
            masks = result.masks
            if self.colors is None:
                masks = [(page > 0).astype(np.uint8) * 255 for page in labels]
            return replace(result, labels=labels, masks=masks)
        file = self.folder / f"{result.name}_mask.tif"
        masks = [_nearest(page, shape).astype(np.uint8) for page in _read_pages(file, describe(file).shape[-2:])]
        if self.colors is None:
            masks = [(page > 0).astype(np.uint8) * 255 for page in masks]
        if self.parts is not None:
            return replace(result, masks=masks, labels=[self.parts(mask, result.pixel_size) for mask in masks])
        labels = [_within(page, mask > 0) for page, mask in zip(result.labels or [], masks, strict=True)]
        return replace(result, masks=masks, labels=labels or None)

    def _stored_pages(self, item: Mapping[str, Any]) -> list[np.ndarray]:
        """Return the probabilities that an earlier run has written, (H, W) or (C, H, W) for each page."""
        stored = tifffile.imread(self.folder / f"{item['name']}_probability.tif").astype(np.float32)
        pages = stored.reshape(int(item["pages"]), -1, *stored.shape[-2:])
        return list(pages[:, 0] if pages.shape[1] == 1 else pages)

    def _result(self, item: Mapping[str, Any]) -> FileResult:
        """Return the result of a file from its pages, at the size of the file."""
        file = Path(item["file"])
        shape = describe_item(file, item).shape[-2:]
        pixel_size = _pixel_size(file, shape, item)
        probabilities = [resized(probability, shape) for probability in self.pages]
        instances = None if self.instances is None else _of_one_dtype([self.instances(page) for page in probabilities])
        masks = [self._mask(page, index, instances) for index, page in enumerate(probabilities)]
        parts = [] if self.parts is None else [self.parts(mask, pixel_size) for mask in masks]
        if parts:
            largest = max(int(page.max(initial=0)) for page in parts)
            parts = [page.astype(smallest_label_dtype(largest)) for page in parts]
        return FileResult(
            name=item["name"],
            file=file,
            item=item,
            probabilities=probabilities,
            masks=masks,
            labels=parts or instances,
            pixel_size=pixel_size,
        )

    def _only_mask(self, probability: np.ndarray) -> np.ndarray:
        """Return the mask of a single page, (H, W) uint8."""
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
        """Write pages (H, W), (C, H, W) or (H, W, 3) as a stack, or one page as an image; return the path."""
        axes = "YX" if pages[0].ndim == 2 else ("YXS" if pages[0].dtype == np.uint8 else "CYX")
        array, axes = (pages[0], axes) if len(pages) == 1 else (np.stack(pages), f"Z{axes}")
        path = self.folder / name
        write_image(path, array, pixel_size=pixel_size, colors=colors, axes=axes)
        return path

    def _write_overlays(self, result: FileResult) -> list[Path]:
        binary = self.instances is None and self.colors is None
        colors = FOREGROUND if binary else (self.colors if self.instances is None else None)
        shown = result.masks if self.instances is None or result.labels is None else result.labels
        pictures = [
            overlay(image, page > 0 if binary else page, colors=colors)
            for image, page in zip(result.stored, shown, strict=True)
        ]
        stack = [self._write_tiff(f"{result.name}_overlay.tif", pictures, result.pixel_size)] if pictures[1:] else []
        selected = [pictures[index] for index in evenly_spaced(len(pictures))]
        path = self.folder / f"{result.name}_overlay.png"
        write_png(path, selected[0] if len(selected) == 1 else contact_sheet(selected))
        return [*stack, path]


def _read_pages(file: Path, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return the pages of an edited file; raise InputError unless they have the shape."""
    labels = read_labels(file)
    if labels.shape[-2:] != tuple(shape):
        found, expected = (" × ".join(map(str, one)) for one in (labels.shape[-2:], shape))
        raise InputError.about(file, f"{found} pixels", f"{expected}, as before it was edited")
    return [labels] if labels.ndim == 2 else list(labels)


def _nearest(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask (H, W) at another size."""
    if mask.shape == tuple(shape):
        return mask
    rows, columns = ((2 * np.arange(new) + 1) * old // (2 * new) for old, new in zip(mask.shape, shape, strict=True))
    return mask[rows][:, columns]


def _within(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return instances (H, W) cut to an edited mask; what is new in the mask has new numbers."""
    kept = np.where(mask, labels, 0)
    new = label(mask & (labels == 0), connectivity=1)
    return np.where(new > 0, new + int(labels.max(initial=0)), kept)


def _note_size(shape: tuple[int, ...]) -> None:
    warnings.warn(
        f"Masks and probabilities have the network's size, {shape[0]} × {shape[1]} pixels; labels, measurements and "
        "overlays have that of the image. --restore_size true, or --spatial_mode tiles, gives masks of that size.",
        stacklevel=2,
    )


def _pages(result: FileResult) -> list[Page]:
    """Return the pages of a result for the measurements."""
    instances: Sequence[np.ndarray | None] = [None] * len(result.masks) if result.labels is None else result.labels
    layers = zip(result.stored, result.masks, result.probabilities, instances, strict=True)
    return [Page(*layer, result.pixel_size) for layer in layers]


def _pixel_size(file: Path, shape: tuple[int, ...], item: Mapping[str, Any]) -> PixelSize | None:
    """Return the pixel size of a result of shape (H, W), (row, column) in µm, None if unknown."""
    info, given = describe_item(file, item), item.get("pixel_size")
    size = info.pixel_size if given is None else (float(given[0]), float(given[1]))
    height, width = info.shape[-2:]
    return None if size is None else (size[0] * height / shape[0], size[1] * width / shape[1])


def _of_one_dtype(pages: list[np.ndarray]) -> list[np.ndarray]:
    """Return the instance labels of all pages with one dtype, so that they can be stacked; numbers are unchanged."""
    dtype = np.result_type(*pages)
    return [page.astype(dtype, copy=False) for page in pages]
