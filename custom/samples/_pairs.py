"""Sample data drawn pair by pair: any number of images with labels, in several processes."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from ..ground.progress import shown

FOLDERS = {"train": "train", "validation": "val", "test": "test"}
"""Name of a split → the value of ``{folder}`` in the path of a file."""

_CHUNK = 4  # pairs sent to a worker at once

Draw = Callable[[np.random.Generator, tuple[int, int], str], tuple[NDArray[Any], NDArray[Any]]]
Job = tuple[str, int, int]
"""Split, index in the split (from 0), number in the set (from 1)."""


@dataclass(frozen=True)
class Pairs:
    """How the pairs of a task are drawn, and the paths of their files.

    Args:
        draw: function (random generator, (H, W), name of the split) → image and label, both (H, W). It must be defined
            at the top level of a module, so that worker processes can import it.
        manifest: content of ``manifest.json``; its splits are replaced by those of the set.
        image: path of an image. ``{folder}`` stands for ``train``, ``val`` or ``test``, ``{number}`` for the number in
            the set; the suffix determines the format, TIFF or ``.npy``.
        label: path of a label, in the same form.
    """

    draw: Draw
    manifest: dict[str, Any]
    image: str = "{folder}/img/{number:05d}.tif"
    label: str = "{folder}/mask/{number:05d}.npy"


def write_pairs(
    pairs: Pairs, folder: Path, counts: dict[str, int], size: tuple[int, int], seed: int, workers: int = 1
) -> None:
    """Write pairs and ``manifest.json`` into an existing, empty folder.

    Args:
        pairs: the kind of pairs.
        folder: the folder.
        counts: number of pairs of each split: ``"train"``, ``"validation"``, ``"test"``; splits with 0 are left out.
        size: (H, W) of the images in pixels.
        seed: 0 or more; the same seed gives the same files, for any number of workers.
        workers: number of processes; 1 for the current process only.
    """
    counts = {split: count for split, count in counts.items() if count}
    places = [(split, index) for split, count in counts.items() for index in range(count)]
    jobs = [(split, index, number) for number, (split, index) in enumerate(places, start=1)]
    for place in {(folder / name.format(folder=FOLDERS[s], number=0)).parent for s in counts for name in _names(pairs)}:
        place.mkdir(parents=True)
    work = partial(_write_pair, pairs, folder, size, seed)
    for _ in shown(_map(work, jobs, workers), len(jobs), "sample data"):
        pass
    splits = {split: _split(pairs, split, [n for s, _, n in jobs if s == split]) for split in counts}
    text = json.dumps({**pairs.manifest, "splits": splits}, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _map(work: Callable[[Job], None], jobs: list[Job], workers: int) -> Iterable[None]:
    """Yield once for each finished job."""
    if workers == 1:
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")  # forked workers would inherit the threads of OpenCV and PyTorch
    with ProcessPoolExecutor(min(workers, len(jobs)), context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(work, jobs, chunksize=_CHUNK)


def _write_pair(pairs: Pairs, folder: Path, size: tuple[int, int], seed: int, job: Job) -> None:
    """Draw a pair and write its files. The random numbers depend only on seed, split and index."""
    split, index, number = job
    rng = np.random.default_rng([seed, list(FOLDERS).index(split), index])
    for name, array in zip(_names(pairs), pairs.draw(rng, size, split), strict=True):
        _write(folder / name.format(folder=FOLDERS[split], number=number), array)


def _write(file: Path, array: NDArray[Any]) -> None:
    if file.suffix == ".npy":
        np.save(file, array)
    else:
        tifffile.imwrite(
            file, array, photometric="minisblack"
        )  # not compressed: zlib takes ten times as long and hardly shrinks noise


def _split(pairs: Pairs, split: str, numbers: list[int]) -> dict[str, list[str] | list[int]]:
    """Return the entry of a split in the manifest: its folders if it has any of its own, else its numbers."""
    if "{folder}" in pairs.image:
        return {
            "folders": [Path(name.format(folder=FOLDERS[split], number=0)).parent.as_posix() for name in _names(pairs)]
        }
    return {"numbers": numbers}


def _names(pairs: Pairs) -> tuple[str, str]:
    return pairs.image, pairs.label
