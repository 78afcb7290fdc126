"""Scores of a folder of masks against a folder of true masks: binary masks or instance labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from skimage.measure import label

from .. import metrics
from ..data import pairing
from ..errors import InputError
from ..ground.json_files import write_json
from ..ground.progress import shown
from ..ground.score_tables import mean
from ..ground.wording import score_label
from ..images import is_image_file, read_labels


def pair_files(truth: Path, result: Path) -> list[tuple[Path, Path]]:
    """Pair the true masks of a folder with the masks to score, by stem or else by number.

    Raises:
        InputError: a folder is missing, or no files belong together.
    """
    true_files, files = _images(truth), _images(result)
    same_stem = {file.stem for file in true_files} & {file.stem for file in files}
    pair = pairing.pair_by_stem if same_stem else pairing.pair_by_number
    pairs = list(pair(true_files, files).values())
    if not pairs:
        raise InputError.about(
            result, f"no file that belongs to a file in {truth}", "the same names or the same numbers"
        )
    return pairs


def print_mask_scores(pairs: Sequence[tuple[Path, Path]], json: str | None, about: Mapping[str, str]) -> None:
    """Print the scores of each image, their mean and standard deviation.

    Args:
        pairs: true mask and mask to score, as `pair_files` returns them.
        json: output file for the scores, or None.
        about: further content of that file.
    """
    scores = _score_pairs(pairs)
    means = _means(list(scores.values()))
    print(_table(scores, means))
    if json is not None:
        write_json(json, dict(about) | {"images": scores, "mean": means})


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError.about(folder, "nothing", "a folder of masks")
    return sorted(file for file in folder.iterdir() if is_image_file(file))


# -------------------------------------------------------------------------------------------------------------- scores


def _score_pairs(pairs: Sequence[tuple[Path, Path]]) -> dict[str, dict[str, float]]:
    """Return page → scores; pages are named after the true file."""
    true_are_binary, are_binary = (_are_binary(files) for files in zip(*pairs, strict=True))
    scores: dict[str, dict[str, float]] = {}
    for true_file, file in shown(pairs, len(pairs), "scoring"):
        reference, labels = read_labels(true_file), read_labels(file)
        if labels.shape != reference.shape:
            found, expected = (" × ".join(map(str, image.shape)) for image in (labels, reference))
            raise InputError.about(file, f"{found} pixels", f"{expected} as in {true_file}")
        for name, true_page, page in _pages(true_file.stem, reference, labels):
            scores[name] = _score(_objects(page, are_binary), _objects(true_page, true_are_binary))
    return scores


def _are_binary(files: Sequence[Path]) -> bool:
    """Return whether no file has more than one value besides 0."""
    return not any(np.unique(page[page > 0]).size > 1 for page in map(read_labels, files))


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
