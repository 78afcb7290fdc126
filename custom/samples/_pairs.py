"""Sample data that consist of pairs which are drawn one by one: as many as wanted, in several processes."""

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
"""Split name → what stands for ``{folder}`` in the place of a file."""

_CHUNK = 4  # pairs that a worker gets at once

Draw = Callable[[np.random.Generator, tuple[int, int], str], tuple[NDArray[Any], NDArray[Any]]]
Job = tuple[str, int, int]
"""Split, index within the split, number within the set; index and number begin with 0 and 1."""


@dataclass(frozen=True)
class Pairs:
    """How the pairs of a task are drawn and where they are put.

    Args:
        draw: (generator, (H, W), split name) → image and label, both (H, W). A function of a module, which worker
            processes can import.
        manifest: what is to be in ``manifest.json``; its splits are replaced by those of the set.
        image: place of an image, ``{folder}`` stands for ``train``, ``val`` or ``test``, ``{number}`` for its number in
            the set; the suffix says the format, ``.tif`` or ``.npy``.
        label: the same for the label.
    """

    draw: Draw
    manifest: dict[str, Any]
    image: str = "{folder}/img/{number:05d}.tif"
    label: str = "{folder}/mask/{number:05d}.npy"


def write_pairs(
    pairs: Pairs, folder: Path, counts: dict[str, int], size: tuple[int, int], seed: int, workers: int = 1
) -> None:
    """Write pairs and `manifest.json` into an existing, empty folder.

    Args:
        pairs: what to draw.
        folder: where to write.
        counts: number of pairs of each split: ``"train"``, ``"validation"``, ``"test"``; a split of none is left out.
        size: (H, W) of the images in pixels.
        seed: 0 or more; the same seed makes the same files, whatever the number of workers.
        workers: number of processes; 1 for this one.
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
    """Yield as often as there are jobs, each time after one more is done."""
    if workers == 1:
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")  # forked workers would inherit the threads of OpenCV and PyTorch
    with ProcessPoolExecutor(min(workers, len(jobs)), context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(work, jobs, chunksize=_CHUNK)


def _write_pair(pairs: Pairs, folder: Path, size: tuple[int, int], seed: int, job: Job) -> None:
    """Draw a pair and write its files. The randomness comes from seed, split and index alone."""
    split, index, number = job
    rng = np.random.default_rng([seed, list(FOLDERS).index(split), index])
    for name, array in zip(_names(pairs), pairs.draw(rng, size, split), strict=True):
        _write(folder / name.format(folder=FOLDERS[split], number=number), array)


def _write(file: Path, array: NDArray[Any]) -> None:
    if file.suffix == ".npy":
        np.save(file, array)
    else:
        tifffile.imwrite(file, array, photometric="minisblack")  # zlib takes ten times as long, noise hardly shrinks


def _split(pairs: Pairs, split: str, numbers: list[int]) -> dict[str, list[str] | list[int]]:
    """Return what the manifest says of a split: its own folders if it has any, else its numbers."""
    if "{folder}" in pairs.image:
        return {
            "folders": [Path(name.format(folder=FOLDERS[split], number=0)).parent.as_posix() for name in _names(pairs)]
        }
    return {"numbers": numbers}


def _names(pairs: Pairs) -> tuple[str, str]:
    return pairs.image, pairs.label
