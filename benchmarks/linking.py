"""Measure the linking of cells: points alone, masks from disk to disk, and against a dense assignment.

    OMP_NUM_THREADS=1 python benchmarks/linking.py [--frames 200] [--cells 7400]

Cells are drawn: they wander, divide and vanish. The dense assignment solves the distances as one matrix of all cells by
all cells. Two frames are timed three times, the rest once.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from measuring import seconds
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from tqdm import tqdm

from custom.images import write_image
from custom.tracking import Linker, LinkingSettings, ResultWriter, open_labels, track, validate

Points = npt.NDArray[np.float64]

_SPACING = 40.0  # pixels between neighbors, about
_STEP = 3.0  # pixels, standard deviation of a cell's way in a frame
_RADIUS = 15
_CHANGES = 0.005  # part of the cells that vanish in a frame, and part that divide


def wandering(frames: int, cells: int, side: float, seed: int) -> Iterator[Points]:
    """Give the centroids of each frame, (N, 2), of about as many cells in a square of `side` pixels."""
    rng = np.random.default_rng(seed)
    steps = np.arange(np.ceil(np.sqrt(cells)))
    places = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)[:cells] + 0.5
    points = places * side / steps.size + rng.normal(0, _STEP, (cells, 2))
    for _ in range(frames):
        yield points[rng.permutation(len(points))]
        points = points[rng.random(len(points)) > _CHANGES]
        mothers = rng.random(len(points)) < _CHANGES
        away = rng.normal(0, _RADIUS / 2, (mothers.sum(), 2))
        points = np.concatenate((points[~mothers], points[mothers] + away, points[mothers] - away))
        points = np.clip(points + rng.normal(0, _STEP, points.shape), 0, side - 1)


def draw(points: Points, side: int) -> npt.NDArray[np.uint16]:
    """Return the label image of a frame, discs in the order of the points."""
    labels = np.zeros((side, side), np.uint16)
    for number, (row, column) in enumerate(points, start=1):
        cv2.circle(labels, (round(column), round(row)), _RADIUS, number, cv2.FILLED)
    return labels


def link_points(frames: list[Points], max_distance: float) -> None:
    """Link centroids without masks."""
    linker = Linker(LinkingSettings(max_distance=max_distance))
    for frame, points in enumerate(frames):
        linker.add_points(frame, points)
    linker.finish()


def link_dense(before: Points, after: Points, max_distance: float) -> None:
    """Link two frames by one dense matrix of distances, in which a link that is too far costs as much as none."""
    linear_sum_assignment(np.minimum(cdist(before, after) / max_distance, 1))


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200, help="frames of points")
    parser.add_argument("--cells", type=int, default=7400, help="points in each")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    side = _SPACING * np.sqrt(arguments.cells)
    points = list(wandering(arguments.frames, arguments.cells, side, seed=0))
    sparse = seconds(lambda: link_points(points, _SPACING), rounds=1)
    pair = seconds(lambda: link_points(points[:2], _SPACING))
    dense = seconds(lambda: link_dense(points[0], points[1], _SPACING))
    with tempfile.TemporaryDirectory() as folder:
        masks, result = Path(folder, "masks"), Path(folder, "01_RES")
        for frame, centroids in enumerate(tqdm(wandering(100, 655, 1024, seed=1), total=100, desc="masks")):
            write_image(masks / f"mask{frame:03d}.tif", draw(centroids, 1024))
        through = seconds(lambda: track(open_labels(masks), ResultWriter(result), LinkingSettings()), rounds=1)
        valid = not validate(result)
    print("| what | seconds |\n|---|---|")
    print(f"| {arguments.frames} frames × {arguments.cells} centroids to tracks | {sparse:.2f} |")
    print(f"| two of these frames | {pair:.3f} |")
    print(f"| the same two by a dense assignment | {dense:.3f} |")
    print(f"| 100 frames of 1024² × 655 cells, masks on disk to a result on disk | {through:.2f} |")
    print(f"\nThe dense assignment takes {dense / pair:.0f} times as long. Valid result: {'yes' if valid else 'no'}.")


if __name__ == "__main__":
    main()
