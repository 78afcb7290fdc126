"""Scores of a folder of masks against a folder of true masks: binary masks, instance labels or class numbers."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.measure import label

from .. import metrics
from ..data import pairing
from ..errors import InputError
from ..ground.json_files import write_json
from ..ground.progress import shown
from ..ground.score_tables import mean
from ..ground.wording import counted, score_label
from ..images import files_in, is_image_file
from ._reading import Reading, read_mask, reading_of

_KINDS = re.compile(r"_(labels|mask|cp_masks|probability|overlay)\Z")
"""Endings of the names of results; the rest of the name is that of the image."""


class Masks(NamedTuple):
    """The masks of a folder and how they are read."""

    source: Path
    files: list[Path]
    reading: Reading

    def __str__(self) -> str:
        """Return the reading and, of an output folder of inference, the kind of its files."""
        endings = {match[0] for file in self.files if (match := _KINDS.search(file.stem))}
        return f"{self.reading} ({', '.join(f'x{one}' for one in sorted(endings))})" if endings else str(self.reading)


def open_masks(
    truth: Path, result: Path, threshold: float | None = None, classes: bool | None = None
) -> tuple[Masks, Masks]:
    """Return the true masks and the masks to score.

    Of an output folder of inference, the files ``x_mask.tif`` are taken if the truth has class numbers or binary masks,
    else ``x_labels.tif``.

    Args:
        truth: folder of the true masks, or a file.
        result: folder of the masks to score, or a file.
        threshold: as in `reading_of`.
        classes: as in `reading_of`.

    Raises:
        InputError: a folder is missing or has no images, or its values have no clear meaning.
    """
    with_objects = not classes
    true_files = _files(truth, with_objects)
    true_reading = reading_of(truth, true_files, threshold, classes)
    files = _files(result, with_objects and true_reading.kind == "instances")
    reading = reading_of(result, files, threshold, classes)
    return Masks(truth, true_files, true_reading), Masks(result, files, reading)


def pair_files(truth: Masks, result: Masks) -> list[tuple[Path, Path]]:
    """Pair true masks with the masks to score, by the name of the image or else by the last number.

    Raises:
        InputError: two files have the same name before the suffix, or no files belong together.
    """
    if truth.source.is_file() and result.source.is_file():
        return [(truth.source, result.source)]
    by_name, _ = pairing.index_files(result.files, _name)
    true_by_name, _ = pairing.index_files(truth.files, _name)
    same = true_by_name.keys() & by_name.keys()
    pairs = [(file, by_name[name]) for name, file in true_by_name.items() if name in same]
    if not pairs:
        pairs = list(pairing.pair_by_number(truth.files, result.files).values())
    else:
        _note_unpaired([file for file in (*truth.files, *result.files) if _name(file) not in same])
    if not pairs:
        found = f"no file that belongs to a file in {truth.source}"
        raise InputError.about(result.source, found, "the same names or the same numbers")
    return pairs


def print_mask_scores(
    pairs: Sequence[tuple[Path, Path]], truth: Masks, result: Masks, json: str | None, about: Mapping[str, str]
) -> None:
    """Print how masks are read, the scores of each image, their mean and standard deviation.

    Args:
        pairs: true mask and mask to score, as `pair_files` returns them.
        truth: the true masks.
        result: the masks to score.
        json: output file for the scores, or None.
        about: further content of that file.

    Raises:
        InputError: the masks of a pair differ in size.
    """
    print(f"Read as {truth} in the truth and {result} in the result.", flush=True)
    scores = _score_pairs(pairs, truth.reading, result.reading)
    means = _means(list(scores.values()))
    print(_table(scores, means))
    if json is not None:
        write_json(json, dict(about) | {"images": scores, "mean": means})


def _files(source: Path, with_objects: bool) -> list[Path]:
    """Return the masks of a folder; of an output folder of inference, its instance labels or its masks."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError.about(source, "nothing", "a folder of masks")
    files = [file for file in files_in(source) if is_image_file(file)]
    if not files:
        raise InputError.about(source, "a folder without images", "a folder of masks")
    kinds: dict[str, list[Path]] = {}
    for file in files:
        match = _KINDS.search(file.stem)
        kinds.setdefault(match[1] if match else "", []).append(file)
    if len(kinds.keys() - {""}) > 1:
        for kind in ("labels", "mask") if with_objects else ("mask", "labels"):
            if kind in kinds:
                return kinds[kind]
    return files


def _name(file: Path) -> str:
    """Return the name of the image that a mask belongs to."""
    return _KINDS.sub("", pairing.stem_of(file))


def _note_unpaired(alone: Sequence[Path]) -> None:
    if alone:
        names = ", ".join(f"{file.parent.name}/{file.name}" for file in alone)
        warnings.warn(f"{counted(len(alone), 'file')} without a partner left out: {names}", stacklevel=3)


# -------------------------------------------------------------------------------------------------------------- scores


def _score_pairs(
    pairs: Sequence[tuple[Path, Path]], true_reading: Reading, reading: Reading
) -> dict[str, dict[str, float]]:
    """Return page → scores; pages are named after the true file."""
    scores: dict[str, dict[str, float]] = {}
    for true_file, file in shown(pairs, len(pairs), "scoring"):
        reference, labels = read_mask(true_file, true_reading), read_mask(file, reading)
        if labels.shape != reference.shape:
            found, expected = (" × ".join(map(str, image.shape)) for image in (labels, reference))
            raise InputError.about(file, f"{found} pixels", f"{expected} as in {true_file}")
        for name, true_page, page in _pages(true_file.stem, reference, labels):
            if "classes" in (true_reading.kind, reading.kind):
                scores[name] = _class_scores(page, true_page)
            else:
                is_binary, true_is_binary = reading.kind == "binary", true_reading.kind == "binary"
                scores[name] = _score(_objects(page, is_binary), _objects(true_page, true_is_binary))
    names = dict.fromkeys(name for row in scores.values() for name in row)
    return {page: {name: row.get(name, math.nan) for name in names} for page, row in scores.items()}


def _class_scores(page: np.ndarray, true_page: np.ndarray) -> dict[str, float]:
    """Return the Dice coefficient of each class in either mask except 0, and their mean."""
    numbers = sorted({*np.unique(page).tolist(), *np.unique(true_page).tolist()} - {0})
    dice = {f"dice_{number}": metrics.dice(page == number, true_page == number) for number in numbers}
    return {"mean_dice": mean(list(dice.values())) if dice else math.nan} | dice


def _pages(stem: str, reference: np.ndarray, labels: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    if reference.ndim == 2:
        yield stem, reference, labels
        return
    for number, (true_page, page) in enumerate(zip(reference, labels, strict=True)):
        yield f"{stem}_{number:03d}", true_page, page


def _objects(page: np.ndarray, is_binary: bool) -> np.ndarray:
    return label(page > 0, connectivity=1) if is_binary else page


def _score(labels: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    prediction, truth = labels > 0, reference > 0
    quality = metrics.panoptic_quality(labels, reference)
    return {
        "dice": metrics.dice(prediction, truth),
        "iou": metrics.iou(prediction, truth),
        "cl_dice": metrics.cl_dice(prediction, truth),
        "rand_index": metrics.rand_index(labels, reference),
        "pq": quality.pq,
        "sq": quality.sq,
        "rq": quality.rq,
    }


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each score and, with the suffix ``_std``, its standard deviation; NaN is ignored."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    means: dict[str, float] = {"images": len(rows)}
    means |= {name: mean(values) for name, values in columns.items()}
    return means | {f"{name}_std": mean(values, of=np.std) for name, values in columns.items()}


def _table(scores: Mapping[str, Mapping[str, float]], means: Mapping[str, float]) -> str:
    names = list(next(iter(scores.values())))
    rows = {name: [f"{value:.4f}" for value in row.values()] for name, row in scores.items()}
    rows["mean"] = [f"{means[name]:.4f}" for name in names]
    rows["± sd"] = [f"{means[f'{name}_std']:.4f}" for name in names]
    width = max(map(len, rows))
    labels = [score_label(name) for name in names]
    widths = [max(12, len(label) + 2) for label in labels]
    lines = [
        f"{name:{width}}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        for name, cells in ({"": labels} | rows).items()
    ]
    return "\n".join(lines)
