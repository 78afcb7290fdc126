"""An inference over many inputs: what is done already is left out, what fails is noted, and the others go on."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.data import DataLoader, list_data_collate
from monai.engines import SupervisedEvaluator

from ..data import Inputs, PlainDataset, reason_of
from ..errors import InputError, OutputError, chain, find_input_error, is_out_of_memory, no_room
from ..ground.engines import run_over
from ..ground.files import atomic_path, remove_leftovers, sha256
from ..ground.growing_table import DONE, join_tables
from ..ground.locks import alone_in
from ..ground.option_values import flag
from ..review import REFERENCE_FILE
from ..weights import THRESHOLD_FILE
from ._done_markers import DoneMarkers
from ._file_result import FAILED

FAULT, FAULTS = "fault", "faults"

Item = Mapping[str, Any]


class Pages(PlainDataset):
    """A data set of pages, as `datalists.open_inputs` lists them; of a page that cannot be read the reason.

    Such a page keeps its own entries and gets a sentence as ``fault``. It goes through `PageLoader` and
    `ImageQueue.predict`.
    """

    def _transform(self, index: int) -> Any:
        try:
            return super()._transform(index)
        except Exception as error:
            page = self.data[index]
            reason = fault_of(error, Path(page["file"]))
            if reason is None:
                raise
            return {**page, FAULT: reason if page["pages"] == 1 else f"page {page['page']}: {reason}"}


class PageLoader(DataLoader):
    """A loader of `Pages`, one at a time: of a batch the pages that could be read, and under ``faults`` the others.

    Args:
        dataset: the pages.
        num_workers: processes that read.
    """

    def __init__(self, dataset: Pages, num_workers: int = 0) -> None:
        super().__init__(dataset, batch_size=1, num_workers=num_workers, collate_fn=_collate)


def _collate(pages: Sequence[Item]) -> dict[str, Any]:
    readable = [page for page in pages if FAULT not in page]
    batch = list_data_collate(readable) if readable else {}
    return {**batch, FAULTS: [page for page in pages if FAULT in page]}


def fault_of(error: BaseException, file: Path) -> str | None:
    """Return why an image failed, if the user can do something about it, else None."""
    if is_out_of_memory(error):
        return "found an image for which there is too little memory, expected a smaller one, or more memory."
    sentence = find_input_error(error)
    # What is wrong with the output folder, or an option, is wrong for all images.
    for_all = any(isinstance(one, OutputError) or no_room(one) for one in chain(error))
    if sentence is None or for_all or sentence.startswith("--"):
        return None
    return reason_of(file, sentence)


class ImageQueue:
    """The inputs of an inference, and what becomes of them.

    An input is done when all of its files, and its rows in the tables, are there, made from the same file (path, size
    and time of its last change), with the same weights (SHA-256) and the same settings. The others are missing: only
    they are predicted. One that fails is listed in ``failed.csv``, and the others go on; but if there is only one, and
    it was named, its error ends the run.

    Args:
        inputs: what there is to segment.
        folder: the output folder.
        weights: file of the weights.
        settings: what changes when other options give another result, see `workflow.settings_digest`.
        overwrite: whether what is done is done again.
    """

    def __init__(
        self, inputs: Inputs, folder: str | Path, weights: str | Path, settings: str, overwrite: bool | str = False
    ) -> None:
        self.inputs = inputs
        self.folder = Path(folder)
        self.weights = Path(weights)
        self.settings = settings
        self.overwrite = flag("overwrite", overwrite)
        self.failed: dict[Path, str] = dict(inputs.failed)
        self.results: dict[str, list[Path]] = {}
        """File of an input that is done, now or before → its results."""
        self.written: list[Path] = []
        self._former: list[Path] = []

    def run(self, evaluator: Engine) -> None:
        """Predict what is missing, put the tables of all together, and list what failed.

        If another run is at work in the output folder, it waits for its end; then there may be nothing missing.

        Args:
            evaluator: over a loader of `Pages`, with a `handlers.PredictionWriter` that knows this queue.

        Raises:
            OutputError: nothing can be written, as to a full disk; what was done before stays done.
            SystemExit: Ctrl-C, with exit code 130; the same command goes on.
        """
        with alone_in(self.folder):
            for folder in (self.folder, *(self.folder / DONE).rglob("")):
                remove_leftovers(folder)
            evaluator.data_loader.dataset.data = missing = self._missing()
            try:
                if missing:
                    run_over(evaluator, evaluator.data_loader)
            except KeyboardInterrupt:
                print("\nStopped. The same command goes on with what is missing.", file=sys.stderr)
                raise SystemExit(130) from None
            finally:
                join_tables(self.folder)
            self._write_failed()

    def exit_if_failed(self) -> None:
        """End the process with exit code 2 if inputs failed; the last entry of a run."""
        if self.failed:
            raise SystemExit(2)

    def predict(self, engine: SupervisedEvaluator, batch: dict[str, Any]) -> Any:
        """Predict the pages that could be read, and note the others; the ``iteration_update`` of an evaluator."""
        for page in batch.pop(FAULTS):
            self._fail(page["file"], page[FAULT])
        files = [file for file in batch.get("file", ()) if Path(file) not in self.failed]
        for file in files[:1]:
            with self.noting(file):
                return engine._iteration(engine, batch)
        engine.state.batch = []  # for the handlers
        return []

    @contextmanager
    def noting(self, file: str) -> Iterator[None]:
        """Note an error of an input that the user can do something about, and go on; of a single input raise it."""
        try:
            yield
        except Exception as error:
            reason = fault_of(error, Path(file))
            if reason is None:
                raise
            self._fail(file, reason)

    def begin(self, item: Item) -> None:
        """Say that the results of an input, of which ``item`` is a page, are about to be written."""
        self._former = self.records.begin(item)

    def finish(self, item: Item, files: Sequence[Path], rows: Sequence[Path]) -> None:
        """Say that an input is done.

        Args:
            item: one of its pages.
            files: its results, all of them; others that it had before, with other settings, are removed.
            rows: its parts of tables.
        """
        for file in set(self._former) - set(files):
            shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
        self.records.finish(item, [*files, *rows])
        self.results[item["file"]] = list(files)
        self.written += files

    @cached_property
    def records(self) -> DoneMarkers:
        """The records of what is done with these weights and settings."""
        beside = [self.weights.with_name(name) for name in (THRESHOLD_FILE, REFERENCE_FILE)]
        used = {file.name: sha256(file) for file in beside if file.is_file()}
        weights = sha256(self.weights) if self.weights.is_file() else ""  # their loader says that there are none
        return DoneMarkers(self.folder, {"weights": weights, "settings": self.settings} | used)

    def _missing(self) -> list[Item]:
        """Return the pages of the inputs that are not done."""
        by_file: dict[str, list[Item]] = {}
        for item in self.inputs.items:
            by_file.setdefault(item["file"], []).append(item)
        for file, items in list(by_file.items()):
            try:
                self.records.see(items[0])
            except OSError as error:
                self._fail(file, f"found a file that is gone ({error.strerror}), expected an image.")
                del by_file[file]
        if not self.overwrite:
            found = {file: self.records.done(items[0]) for file, items in by_file.items()}
            self.results |= {file: results for file, results in found.items() if results is not None}
        if self.results:
            said = "All" if len(self.results) == len(by_file) else f"{len(self.results)} of"
            print(f"{said} {len(by_file)} images are done already, --overwrite true does them again.", flush=True)
        return [item for file, items in by_file.items() if file not in self.results for item in items]

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
            writer.writerows(sorted((str(file), reason) for file, reason in self.failed.items()))
