"""Scores of a folder of masks against a folder of true masks: binary masks or instance labels."""

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
from ..ground.wording import score_label
from ..images import files_in, is_image_file, read_image, read_labels


def pair_files(truth: Path, result: Path) -> list[tuple[Path, Path]]:
    """Pair the true masks of a folder with the masks to score, by stem or else by number.

    Of an output folder of inference, the files ``x_labels.tif`` or else ``x_mask.tif`` are taken.

    Raises:
        InputError: a folder is missing or has no images, or no files belong together.
    """
    true_files, files = _images(truth), _images(result)
    same_stem = {_stem(file) for file in true_files} & {_stem(file) for file in files}
    by_name = {_stem(file): file for file in files}
    pairs = [(file, by_name[_stem(file)]) for file in true_files if _stem(file) in same_stem]
    if not pairs:
        pairs = list(pairing.pair_by_number(true_files, files).values())
    else:
        _note_unpaired([*true_files, *files], same_stem)
    if not pairs:
        raise InputError.about(
            result, f"no file that belongs to a file in {truth}", "the same names or the same numbers"
        )
    return pairs


def print_mask_scores(
    pairs: Sequence[tuple[Path, Path]],
    json: str | None,
    about: Mapping[str, str],
    threshold: float | None = None,
    classes: bool = False,
) -> None:
    """Print how the masks are read, the scores of each image, their mean and standard deviation.

    Args:
        pairs: true mask and mask to score, as `pair_files` returns them.
        json: output file for the scores, or None.
        about: further content of that file.
        threshold: smallest value of foreground, for probabilities and soft masks; None: as the values suggest.
        classes: whether values are class numbers.
    """
    true_reading, reading = (reading_of(files, threshold, classes) for files in zip(*pairs, strict=True))
    print(f"Read as {_in_words(true_reading)} (truth) and {_in_words(reading)} (result).")
    scores = _score_pairs(pairs, true_reading, reading)
    means = _means(list(scores.values()))
    print(_table(scores, means))
    if json is not None:
        write_json(json, dict(about) | {"images": scores, "mean": means})


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError.about(folder, "nothing", "a folder of masks")
    files = [file for file in files_in(folder) if is_image_file(file)]
    if not files:
        raise InputError.about(folder, "a folder without images", "a folder of masks")
    if (folder / "report.html").is_file() or any(file.stem.endswith("_probability") for file in files):
        for kind in ("labels", "mask"):
            of_kind = [file for file in files if file.stem.endswith(f"_{kind}")]
            if of_kind:
                return of_kind
    return files


def _stem(file: Path) -> str:
    """Return the name of the image that a mask belongs to."""
    return re.sub(r"_(labels|mask|cp_masks)\Z", "", pairing.stem_of(file))


def _note_unpaired(files: Sequence[Path], paired: set[str]) -> None:
    alone = [f"{file.parent.name}/{file.name}" for file in files if _stem(file) not in paired]
    if alone:
        warnings.warn(f"{len(alone)} file(s) without a partner are left out: {', '.join(alone)}", stacklevel=3)


# ------------------------------------------------------------------------------------------------------------- reading


class Reading(NamedTuple):
    """How the values of all masks of a folder are read."""

    kind: str  # binary, instances or classes
    threshold: float  # binary: foreground has at least this value


def reading_of(files: Sequence[Path], threshold: float | None, classes: bool) -> Reading:
    """Return how the masks of a folder are read.

    Without options, masks with one value besides 0 are binary, as are those of 0 and 255 with the noise of JPEG. Others
    are instance labels.

    Args:
        files: the masks.
        threshold: smallest value of foreground; None: see above.
        classes: whether values are class numbers.

    Raises:
        InputError: the values are fractions, or those of a mask with soft edges.
    """
    if classes:
        return Reading("classes", 1)
    if threshold is not None:
        return Reading("binary", threshold)
    masks = list(map(read_image, files))
    largest = max(float(mask.max()) for mask in masks)
    if all(np.unique(mask[mask > 0]).size <= 1 for mask in masks):
        return Reading("binary", 1.0 if masks[0].dtype.kind != "f" else float(np.finfo(np.float32).tiny))
    if any(mask.dtype.kind == "f" and (mask != np.rint(mask)).any() for mask in masks):
        expected = "masks or labels; --threshold reads probabilities as a mask"
        raise InputError.about(files[0].parent, "fractional values", expected)
    if largest == 255 and all(map(_is_nearly_binary, masks)):
        return Reading("binary", 128)
    if largest == 255 and np.mean([_share_of_gray(mask) for mask in masks]) < _MOST_GRAY:
        found = "gray values between 0 and 255, as of masks with soft edges"
        raise InputError.about(files[0].parent, found, "masks, or --threshold 128 to cut the edges")
    return Reading("instances", 1)


_MOST_GRAY = 0.5
"""Share of the foreground that the edges of a soft mask may have."""


def _is_nearly_binary(mask: np.ndarray) -> bool:
    """Return whether all values are 0 and 255 up to the noise of JPEG."""
    return mask.dtype == np.uint8 and _share_of_gray(mask) < 0.001


def _share_of_gray(mask: np.ndarray) -> float:
    """Return the number of pixels far from 0 and 255 per pixel of foreground."""
    return float(((mask > 55) & (mask < 200)).sum() / max(1, (mask > 0).sum())) if mask.dtype == np.uint8 else 1.0


def _in_words(reading: Reading) -> str:
    at = "" if reading.kind != "binary" or reading.threshold <= 1 else f", foreground from {reading.threshold:g}"
    return {"binary": "binary masks", "instances": "instance labels", "classes": "class numbers"}[reading.kind] + at


def _read(file: Path, reading: Reading) -> np.ndarray:
    if reading.kind == "binary":
        return (read_image(file) >= reading.threshold).astype(np.uint8)
    return read_labels(file)


# -------------------------------------------------------------------------------------------------------------- scores


def _score_pairs(
    pairs: Sequence[tuple[Path, Path]], true_reading: Reading, reading: Reading
) -> dict[str, dict[str, float]]:
    """Return page → scores; pages are named after the true file."""
    scores: dict[str, dict[str, float]] = {}
    for true_file, file in shown(pairs, len(pairs), "scoring"):
        reference, labels = _read(true_file, true_reading), _read(file, reading)
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
