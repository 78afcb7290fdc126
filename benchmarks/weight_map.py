"""Time and memory of the weight map, against one whole-image distance transform per cell, on generated cells.

Run: ``python benchmarks/weight_map.py [--rounds 5]``. It prints a Markdown table. The definition keeps the distances to
all cells at once: 2 GB for the larger frame.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from measuring import peak_memory
from scipy.ndimage import distance_transform_edt

from custom.transforms import separate_touching, weight_map

W0, SIGMA = 10.0, 5.0
FRAMES = ((512, 3, 4), (1024, 15, 16))  # side in pixels, rows and columns of cells

Labels = npt.NDArray[np.int32]


def cells(side: int, rows: int, columns: int, seed: int = 0) -> Labels:
    """Return round Voronoi cells about jittered points, int32 (side, side); they cover three quarters or more."""
    rng = np.random.default_rng(seed)
    points = np.indices((rows, columns)).reshape(2, -1) + rng.uniform(0.2, 0.8, (2, rows * columns))
    row, column = (points * [[side / rows], [side / columns]]).astype(int)
    seeds = np.ones((side, side), np.uint8)
    seeds[row, column] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    return np.where(distance < 0.58 * side / np.sqrt(rows * columns), labels, 0)


def transforms(labels: Labels) -> None:
    """Make the whole-image distance transform of each cell, and keep none."""
    for number in range(1, labels.max() + 1):
        distance_transform_edt(labels != number)


def definition(labels: Labels) -> npt.NDArray[np.float64]:
    """Return the weight map as it is defined, with a class weight of 1, float64 (H, W)."""
    distances = np.empty((labels.max(), *labels.shape))
    for number, distance in enumerate(distances, start=1):
        distance_transform_edt(labels != number, distances=distance)
    distances.partition(1, axis=0)
    border = W0 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * SIGMA**2))
    return np.where(labels == 0, 1 + border, 1)


def shortest(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the shortest time of each in seconds, measured in turn so that a busy machine delays all alike."""
    seconds = dict.fromkeys(works, np.inf)
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def main() -> None:
    """Measure both frames and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the shortest counts")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print("| frame | what | ms | ratio | peak MiB |\n|---|---|---|---|---|")
    errors, memory = [], 0.0
    for side, rows, columns in FRAMES:
        touching = cells(side, rows, columns)
        labels = separate_touching(touching)
        works: dict[str, Callable[[], object]] = {
            "weight_map": lambda labels=labels: weight_map(labels, W0, SIGMA),
            "one transform per cell": lambda labels=labels: transforms(labels),
            "separate_touching": lambda touching=touching: separate_touching(touching),
        }
        seconds = shortest(works, arguments.rounds)
        for name, work in works.items():
            frame, ratio = f"{side}², {labels.max()} cells", seconds[name] / seconds["weight_map"]
            print(
                f"| {frame} | {name} | {seconds[name] * 1e3:.1f} | {ratio:.3g} | {peak_memory(work):.0f} |", flush=True
            )
        errors.append(np.abs(weight_map(labels, W0, SIGMA, class_weights=(1, 1)) - definition(labels)).max())
        memory = peak_memory(lambda labels=labels: definition(labels))
    print(f"\nLargest difference from the definition, which takes {memory:.0f} MiB for this frame: {max(errors):.1e}.")


if __name__ == "__main__":
    main()
