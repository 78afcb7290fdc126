"""Scores of a folder of masks against a folder of true ones: binary masks or instance labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from fire.decorators import SetParseFn
from skimage.measure import label

from .. import metrics
from ..data import pairing
from ..errors import InputError
from ..ground.json_files import write_json
from ..ground.progress import shown
from ..ground.score_tables import mean
from ..images import is_image_file, read_labels
from ._announcing import announce


@SetParseFn(str, "gt_dir", "res_dir", "json")
def masks(gt_dir: str, res_dir: str, *, json: str | None = None) -> None:
    """Print Dice, IoU, clDice, Rand index and panoptic quality of each image, and their mean and standard deviation.

    Files belong together that have the same name without suffix, or, where no two have, the same last number in it. The
    pages of a stack are scored one by one. Dice, IoU and clDice are those of the foreground, what is not 0. A folder in
    which no file has more than one value besides 0 holds binary masks; the objects that Rand index and panoptic quality
    compare are then 4-connected components.

    Args:
        gt_dir: folder of the true masks.
        res_dir: folder of the masks to score.
        json: file to write the numbers to.
    """
    pairs = _pairs(Path(gt_dir), Path(res_dir))
    announce(res_dir, gt_dir, f"{len(pairs)} image(s)")
    scores = _score_pairs(pairs)
    means = _means(list(scores.values()))
    print(_table(scores, means))
    if json is not None:
        write_json(json, {"gt_dir": gt_dir, "res_dir": res_dir, "images": scores, "mean": means})


def _pairs(truth: Path, result: Path) -> list[tuple[Path, Path]]:
    true_files, files = _images(truth), _images(result)
    same_stem = {file.stem for file in true_files} & {file.stem for file in files}
    pair = pairing.pair_by_stem if same_stem else pairing.pair_by_number
    pairs = list(pair(true_files, files).values())
    if not pairs:
        raise InputError.about(result, f"no file that belongs to one in {truth}", "the same names or the same numbers")
    return pairs


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError.about(folder, "nothing", "a folder of masks")
    return sorted(file for file in folder.iterdir() if is_image_file(file))


# -------------------------------------------------------------------------------------------------------------- scores


def _score_pairs(pairs: Sequence[tuple[Path, Path]]) -> dict[str, dict[str, float]]:
    """Return the scores of every page of every pair, by the name of the true file."""
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
    """Tell whether no file has more than one value besides 0."""
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
    """Return mean and, with the ending ``_std``, standard deviation of each score; NaN does not count."""
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
    lines = [" " * width + "".join(f"{name.replace('_', ' '):>12}" for name in names)]
    lines += [f"{name:{width}}" + "".join(f"{cell:>12}" for cell in cells) for name, cells in rows.items()]
    return "\n".join(lines)
