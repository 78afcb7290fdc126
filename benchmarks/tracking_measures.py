"""Time and memory of the measures of the Cell Tracking Challenge, against py-ctcmetrics, on one generated movie.

Run: ``python benchmarks/tracking_measures.py [--frames 100] [--size 1024] [--cells 655]``. It prints a Markdown table.
py-ctcmetrics 1.3.3 belongs to the extra ``dev``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import tifffile
from ctc_metrics.scripts.evaluate import evaluate_sequence
from measuring import peak_memory, seconds

from custom.score import score_folders
from custom.tracking import Track, write_tracks

MEASURES = ("SEG", "DET", "TRA", "LNK")
Labels = npt.NDArray[np.uint16]


def truth_masks(frames: int, size: int, cells: int) -> npt.NDArray[np.uint16]:
    """Return discs that move within the squares of a grid, uint16 (frames, size, size)."""
    rng = np.random.default_rng(0)
    squares = int(np.ceil(np.sqrt(cells)))
    pitch = size / squares
    radius = int(0.36 * pitch)
    middles = (np.indices((squares, squares)).reshape(2, -1).T[:cells] + 0.5) * pitch
    masks = np.zeros((frames, size, size), np.uint16)
    for mask in masks:
        places = middles + rng.uniform(-0.1 * pitch, 0.1 * pitch, middles.shape)
        for label, (column, row) in enumerate(places.astype(int).tolist(), start=1):
            cv2.circle(mask, (column, row), radius, label, cv2.FILLED)
    return masks


def result_masks(truth: Labels) -> tuple[Labels, list[Track]]:
    """Return the truth one pixel aside, every 20th cell missed, every third track broken, and the tracks of that."""
    frames, cells = len(truth), int(truth.max())
    labels = np.arange(1, cells + 1)
    breaks = np.random.default_rng(1).integers(1, frames, cells)
    tracks, masks = [], np.zeros_like(truth)
    names = np.zeros((frames, cells + 1), np.uint16)
    for label, at in zip(labels.tolist(), breaks.tolist(), strict=True):
        for begin, end in ((0, at - 1), (at, frames - 1)) if label % 3 == 0 else ((0, frames - 1),):
            if label % 20:
                tracks.append(Track(len(tracks) + 1, begin, end))
                names[begin : end + 1, label] = len(tracks)
    for mask, true, name in zip(masks, truth, names, strict=True):
        mask[:] = np.roll(name[true], 1, axis=1)
    return masks, tracks


def write_movie(folder: Path, frames: int, size: int, cells: int) -> tuple[Path, Path]:
    """Write the truth (TRA and SEG) and the result, and return their folders."""
    truth = truth_masks(frames, size, cells)
    masks, tracks = result_masks(truth)
    gt, res = folder / "01_GT", folder / "01_RES"
    for target, stack in ((gt / "TRA" / "man_track", truth), (gt / "SEG" / "man_seg", truth), (res / "mask", masks)):
        target.parent.mkdir(parents=True)
        for frame, mask in enumerate(stack):
            tifffile.imwrite(f"{target}{frame:03d}.tif", mask, compression="zlib")
    write_tracks(gt / "TRA" / "man_track.txt", [Track(label, 0, frames - 1) for label in range(1, cells + 1)])
    write_tracks(res / "res_track.txt", tracks)
    return gt, res


def theirs(gt: Path, res: Path) -> dict[str, float]:
    """Return the numbers of py-ctcmetrics, from one process."""
    with contextlib.redirect_stdout(io.StringIO()):
        return evaluate_sequence(str(res), str(gt), metrics=list(MEASURES), threads=1)


def measure(work: Callable[[], dict[str, float]], rounds: int) -> tuple[dict[str, float], float, float]:
    """Return the numbers, the shortest time in seconds, and the peak of newly allocated memory in MiB."""
    return work(), seconds(work, rounds), peak_memory(work)


def main() -> None:
    """Measure both on one movie and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--size", type=int, default=1024, help="height and width in pixels")
    parser.add_argument("--cells", type=int, default=655, help="in each frame")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the shortest counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gt, res = write_movie(Path(folder), arguments.frames, arguments.size, arguments.cells)
        rows = {
            "all measures": measure(lambda: score_folders(gt, res).numbers, arguments.rounds),
            "py-ctcmetrics: SEG, DET, TRA, LNK": measure(lambda: theirs(gt, res), arguments.rounds),
        }
    print(f"{arguments.frames} frames of {arguments.size}², {arguments.cells} cells, one thread\n")
    print("| what | seconds | ratio | peak MiB |\n|---|---|---|---|")
    (ours, fastest, _), (reference, _, _) = rows.values()
    for name, (_, time, peak) in rows.items():
        print(f"| {name} | {time:.2f} | {time / fastest:.1f} | {peak:.0f} |")
    print("\n" + ", ".join(f"{name} {ours[name]:.4f}" for name in MEASURES), end="; ")
    print(f"largest difference {max(abs(ours[name] - reference[name]) for name in MEASURES):.1e}.")


if __name__ == "__main__":
    main()
