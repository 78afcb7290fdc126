"""Time and memory of the membrane metrics on one generated pair of label images.

Run: ``python benchmarks/membrane_metrics.py [--size 2048] [--segments 5000]``. It prints a Markdown table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from measuring import peak_memory, seconds
from skimage.metrics import adapted_rand_error, variation_of_information

from custom.metrics import adapted_rand_f_score, label_cells, rand_index, thin_borders, v_info, v_rand, warping_error

Image = npt.NDArray[np.generic]


def voronoi_cells(size: int, segments: int, thickness: int, seed: int) -> npt.NDArray[np.bool_]:
    """Return the Voronoi cells of random points, bool (size, size), parted by borders of a thickness in pixels."""
    rng = np.random.default_rng(seed)
    seeds = np.ones((size, size), np.uint8)
    seeds.ravel()[rng.choice(size * size, segments, replace=False)] = 0
    _, regions = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    border = np.zeros((size, size), np.uint8)
    border[:, :-1] |= regions[:, :-1] != regions[:, 1:]
    border[:-1] |= regions[:-1] != regions[1:]
    return cv2.dilate(border, np.ones((thickness, thickness), np.uint8)) == 0


def with_gaps(cells: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.bool_]:
    """Return the cells with smooth noise: holes in the borders merge cells, and specks appear inside them."""
    noise = np.random.default_rng(seed).standard_normal(cells.shape).astype(np.float32)
    probability = cv2.GaussianBlur(np.where(cells, 0.0, 1.0).astype(np.float32), (0, 0), 1.0)
    return probability + 0.8 * cv2.GaussianBlur(noise, (0, 0), 1.0) < 0.4


def main() -> None:
    """Measure everything on one pair and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048, help="height and width in pixels")
    parser.add_argument("--segments", type=int, default=5000, help="cells in the reference")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    reference_cells = voronoi_cells(arguments.size, arguments.segments, thickness=3, seed=0)
    cells = with_gaps(reference_cells, seed=1)
    reference, labels = label_cells(reference_cells), label_cells(cells)

    def score(proposal: Image) -> None:
        rand_index(proposal, reference)
        v_rand(proposal, reference)
        v_info(proposal, reference)

    rows: dict[str, Callable[[], object]] = {
        "Rand, V-Rand, V-Info": lambda: score(labels),
        "Rand, V-Rand, V-Info with labelling and thinning": lambda: score(thin_borders(label_cells(cells))),
        "labelling and thinning alone": lambda: thin_borders(label_cells(cells)),
        "warping error": lambda: warping_error(cells, reference_cells),
        "adapted Rand, V-Info": lambda: (adapted_rand_f_score(labels, reference), v_info(labels, reference)),
        "scikit-image: adapted_rand_error, variation_of_information": lambda: (
            adapted_rand_error(reference, labels),
            variation_of_information(reference, labels, ignore_labels=(0,)),
        ),
    }
    measured = {name: (seconds(work), peak_memory(work)) for name, work in rows.items()}
    print(f"{arguments.size} × {arguments.size} pixels, {reference.max()} and {labels.max()} segments, one thread\n")
    print("| what | seconds | peak MiB |\n|---|---|---|")
    for name, (time, peak) in measured.items():
        print(f"| {name} | {time:.2f} | {peak:.0f} |")
    ours, theirs = list(measured.values())[-2:]
    print(f"\nscikit-image takes {theirs[0] / ours[0]:.1f} times as long for adapted Rand and an information measure.")


if __name__ == "__main__":
    main()
