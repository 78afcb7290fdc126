"""Inference over many images: finished images are skipped, failed ones are recorded, and the run continues."""

from __future__ import annotations

import csv
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.data import DataLoader, Dataset, list_data_collate
from monai.engines import SupervisedEvaluator

from ..data import FAULT, Inputs, PlainDataset, pages_of, reading_options, reason_of
from ..errors import InputError, OutputError, chain, find_input_error, is_out_of_memory, no_room
from ..ground.engines import run_over
from ..ground.files import atomic_path, remove_leftovers, sha256
from ..ground.growing_table import DONE, join_tables
from ..ground.locks import alone_in
from ..ground.names import printable
from ..ground.option_values import flag
from ..review import REFERENCE_FILE
from ..weights import THRESHOLD_FILE
from ._done_markers import DoneMarkers
from ._file_result import FAILED

FAULTS = "faults"
"""Key of the unreadable pages in a batch; `FAULT` is the key of the reason in each."""

Item = Mapping[str, Any]


class Pages(PlainDataset):
    """A data set of pages that passes on unreadable pages instead of raising.

    Its items are the pages that `custom.open_inputs` lists, after ``transform``, the preprocessing. An unreadable page
    keeps its entries, and the reason is added as ``fault``. `PageLoader` and `ImageQueue.predict` handle it.

    A program may give its own ``data``, with at least the key ``image``: every page of these files is an item, too.
    """

    def __init__(self, data: Sequence[Mapping[str, Any]], transform: Callable[[Any], Any]) -> None:
        super().__init__(pages_of(data, reading_options(transform)), transform)

    def _transform(self, index: int) -> Any:
        if FAULT in self.data[index]:
            return dict(self.data[index])
        try:
            return super()._transform(index)
        except Exception as error:
            page = self.data[index]
            reason = _fault_of(error, Path(page["file"]))
            if reason is None:
                raise
            return {**page, FAULT: reason if page["pages"] == 1 else f"page {page['page']}: {reason}"}


class PageLoader(DataLoader):
    """A data loader for `Pages`; batches contain the readable pages, and the others under ``faults``.

    Args:
        dataset: the pages, or a data set of MONAI that a program has given instead.
        num_workers: number of processes that read.
        batch_size: pages per batch, all of the same size.
    """

    def __init__(self, dataset: Pages | Dataset, num_workers: int = 0, batch_size: int = 1) -> None:
        pages = dataset if isinstance(dataset, Pages) else Pages(dataset.data, dataset.transform)
        super().__init__(pages, batch_size=batch_size, num_workers=num_workers, collate_fn=_collate)


def _collate(pages: Sequence[Item]) -> dict[str, Any]:
    readable = [page for page in pages if FAULT not in page]
    batch = list_data_collate(readable) if readable else {}
    return {**batch, FAULTS: [page for page in pages if FAULT in page]}


def _fault_of(error: BaseException, file: Path) -> str | None:
    """Return the reason why an image failed if the user can correct it, else None."""
    if is_out_of_memory(error):
        return "found an image that is too large for the memory, expected a smaller image or more memory."
    sentence = find_input_error(error)
    if sentence is None or _concerns_all(error) or sentence.startswith("--"):
        return None
    return reason_of(file, sentence)


def _concerns_all(error: BaseException) -> bool:
    """Return whether an error concerns all images, such as a full disk."""
    return any(isinstance(cause, OutputError) or no_room(cause) for cause in chain(error))


class ImageQueue:
    """The images of an inference run: which are finished, missing or failed.

    An image is finished if all of its files and table rows exist and were made from the same file (path, size,
    modification time), with the same weights (SHA-256) and the same settings. All others are missing and are predicted.
    Failed images are listed in ``failed.csv``, and the run continues; but if the input is a single file, its error ends
    the run.

    Args:
        inputs: the images to segment, see `custom.open_inputs`.
        folder: the output folder.
        weights: file of the weights.
        settings: a text that changes when other options could change results, see `custom.runs.settings_digest`.
        overwrite: whether to re-process finished images.
        classes: names of the classes of masks, background first; empty for binary masks.

    Raises:
        InputError: ``overwrite`` is neither true nor false.
    """

    def __init__(
        self,
        inputs: Inputs,
        folder: str | Path,
        weights: str | Path,
        settings: str,
        overwrite: bool | str = False,
        classes: Sequence[str] = (),
    ) -> None:
        self.inputs = inputs
        self.folder = Path(folder)
        self.weights = Path(weights)
        self.settings = settings
        self.classes = classes
        self.overwrite = flag("overwrite", overwrite)
        self.failed: dict[Path, str] = dict(inputs.failed)
        self.results: dict[str, list[Path]] = {}
        """File of an image finished in this run or before → its results."""
        self.written: list[Path] = []
        self.corrected: dict[str, list[Path]] = {}
        """File of an image → its results that a user has edited, now or before."""
        self.remeasure: Callable[[Item, Sequence[Path], Sequence[Path]], tuple[list[Path], list[Path]]] | None = None
        """Of a writer: measures an image anew from edited files, see `PredictionWriter.remeasure`."""
        self._previous: list[Path] = []

    def take(self, pages: Sequence[Item]) -> None:
        """Process the pages of a data set, which a program may have given instead of those of ``inputs``."""
        if pages is not self.inputs.items:
            source = Path(pages[0]["file"]).parent if pages else self.inputs.source
            self.inputs = Inputs(source, list(map(dict, pages)), {}, single=False)
            self.failed = {}

    def run(self, evaluator: Engine) -> None:
        """Predict missing images, join the tables of all images, and list failed ones.

        If another run works in the output folder, this one waits for it to end and then skips what it has finished.

        Args:
            evaluator: an evaluator with a `PageLoader` and a `PredictionWriter` of this queue.

        Raises:
            OutputError: a file cannot be written, for example to a full disk; finished images remain finished.
            SystemExit: Ctrl-C was pressed; the exit code is 130, and the same command continues.
        """
        with alone_in(self.folder):
            for folder in (self.folder, *(self.folder / DONE).rglob("")):
                remove_leftovers(folder)
            evaluator.data_loader.dataset.data = missing = self._missing()
            try:
                self._measure_edited()
                if missing:
                    run_over(evaluator, evaluator.data_loader)
            except KeyboardInterrupt:
                print("\nStopped. Repeat the command to process the missing images.", file=sys.stderr)
                raise SystemExit(130) from None
            finally:
                join_tables(self.folder)
            self._write_failed()

    def exit_if_failed(self) -> None:
        """End the process with exit code 2 if any image failed; the last step of a run."""
        if self.failed:
            raise SystemExit(2)

    def predict(self, engine: SupervisedEvaluator, batch: dict[str, Any]) -> Any:
        """Predict the readable pages of a batch and record the others; the ``iteration_update`` of an evaluator."""
        for page in batch.pop(FAULTS):
            self._fail(page["file"], page[FAULT])
        files = [file for file in batch.get("file", ()) if Path(file) not in self.failed]
        for file in files[:1]:
            with self.recording_failures(file):
                return engine._iteration(engine, batch)
        engine.state.batch = []  # for the handlers
        return []

    @contextmanager
    def recording_failures(self, file: str, writing: bool = False) -> Iterator[None]:
        """Record an error that the user can correct, so that the run continues; raise it if the input is one file.

        Args:
            file: the image.
            writing: whether the block writes results: then any error concerns this image only, and is recorded.
        """
        try:
            yield
        except Exception as error:
            reason = _fault_of(error, Path(file))
            if reason is None and writing and not self.inputs.single and not _concerns_all(error):
                traceback.print_exception(error)
                reason = f"found results that cannot be written ({type(error).__name__}: {error}), expected no error."
            if reason is None:
                raise
            self._fail(file, reason)

    def begin(self, item: Item) -> None:
        """Mark an image as unfinished before its results are written; ``item`` is any of its pages."""
        self._previous = self.markers.begin(item)

    def finish(self, item: Item, files: Sequence[Path], rows: Sequence[Path], corrected: Sequence[Path] = ()) -> None:
        """Mark an image as finished.

        Args:
            item: any page of the image.
            files: all of its results; other results from a previous run with other settings are removed.
            rows: files with its rows of the tables.
            corrected: results that a user has edited.
        """
        for file in set(self._previous) - set(files):
            shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
        self.markers.finish(item, [*files, *rows], corrected)
        self.results[item["file"]] = list(files)
        self.written += files

    @cached_property
    def markers(self) -> DoneMarkers:
        """The markers of images finished with these weights and settings."""
        companions = [self.weights.with_name(name) for name in (THRESHOLD_FILE, REFERENCE_FILE)]
        used = {file.name: sha256(file) for file in companions if file.is_file()}
        weights = sha256(self.weights) if self.weights.is_file() else ""  # the loader reports missing weights
        return DoneMarkers(self.folder, {"weights": weights, "settings": self.settings} | used, self.classes)

    def _missing(self) -> list[Item]:
        """Return the pages of images that are not finished."""
        by_file: dict[str, list[Item]] = {}
        for item in self.inputs.items:
            by_file.setdefault(item["file"], []).append(item)
        for file, items in list(by_file.items()):
            try:
                self.markers.see(items[0])
            except OSError as error:
                self._fail(file, f"the file no longer exists ({error.strerror}), expected an image.")
                del by_file[file]
        if not self.overwrite:
            done = {file: self.markers.done(items[0]) for file, items in by_file.items()}
            self.results |= {file: results for file, results in done.items() if results is not None}
            for file in [file for file in by_file if done[file] is None and self._keeps_edits(by_file[file][0])]:
                del by_file[file]
        if self.results:
            count = "All" if len(self.results) == len(by_file) else f"{len(self.results)} of"
            print(
                f"{count} {len(by_file)} images are already finished (--overwrite true re-processes them).", flush=True
            )
        return [item for file, items in by_file.items() if file not in self.results for item in items]

    def _keeps_edits(self, item: Item) -> bool:
        """Return whether an image that would be predicted again has results that were edited; it then fails."""
        with self.recording_failures(item["file"]):
            edited = self.markers.corrected(item)
            if edited:
                names = " and ".join(file.name for file in edited)
                expected = "--overwrite true to replace them, or another --output_dir"
                raise InputError.about(item["file"], f"{names} edited by hand after other weights or options", expected)
            return False
        return True

    def _measure_edited(self) -> None:
        """Measure images anew whose finished results were edited by hand."""
        items = {item["file"]: item for item in self.inputs.items if item["file"] in self.results}
        for file, item in items.items():
            with self.recording_failures(file, writing=True):
                edited, corrected = self.markers.edited(item), self.markers.corrected(item)
                self.corrected |= {file: corrected} if corrected else {}
                if edited and self.remeasure is not None:
                    print(f"Edited: {', '.join(one.name for one in edited)}; {item['name']} is measured anew.")
                    if len(corrected) > 1:
                        print(f"{item['name']}: labels and mask were both edited; the labels count.")
                    files, rows = self.remeasure(item, corrected, self.results[file])
                    self.finish(item, files, rows, [one.with_suffix(".tif") for one in corrected])

    def _fail(self, file: str, reason: str) -> None:
        if self.inputs.single:
            raise InputError(f"{file}: {reason}")
        self.failed.setdefault(Path(file), reason)

    def _write_failed(self) -> None:
        if not self.failed:
            (self.folder / FAILED).unlink(missing_ok=True)
            return
        with atomic_path(self.folder / FAILED) as path, path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["file", "reason"])
            writer.writerows(sorted((printable(file), printable(reason)) for file, reason in self.failed.items()))
