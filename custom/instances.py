"""From a probability map to instance labels."""

from __future__ import annotations

import numpy as np
from skimage.measure import label
from skimage.segmentation import relabel_sequential, watershed

from .writers import smallest_label_dtype


def cells_from_membrane(
    membrane_probability: np.ndarray, threshold: float, seed_threshold: float, min_area: int
) -> np.ndarray:
    """Return the cells between the membranes, by seeded watershed on the membrane probability.

    Seeds are where the probability stays below ``seed_threshold``: a gap in a membrane that is only faintly closed
    parts two seeds there, though not at ``threshold``. The cells grow from the seeds over all that is below
    ``threshold``; a place without a seed is a cell of its own. Watershed after Beucher and Lantuéjoul, "Use of
    watersheds in contour detection", 1979.

    Args:
        membrane_probability: float (H, W), 0 to 1.
        threshold: membrane is where the probability reaches it; membrane gets label 0.
        seed_threshold: lower than ``threshold``; a higher one counts as equal, so that no seed crosses a membrane.
        min_area: smaller seeds and cells are left out, in pixels.

    Returns:
        uint16, or uint32 if there are too many cells, (H, W): 1 to N, 4-connected, 0 is membrane.
    """
    cells = label(membrane_probability < threshold, connectivity=1)
    seeds = _large(label(membrane_probability < min(seed_threshold, threshold), connectivity=1), min_area)
    seeded = np.zeros(cells.max() + 1, dtype=bool)
    seeded[cells[seeds > 0]] = True
    markers = np.where(seeded[cells], seeds, np.where(cells > 0, cells + seeds.max(), 0))
    grown = watershed(membrane_probability, markers, mask=cells > 0)
    labels = relabel_sequential(_large(grown, min_area))[0]
    return labels.astype(smallest_label_dtype(int(labels.max(initial=0))))


def _large(labels: np.ndarray, min_area: int) -> np.ndarray:
    """Return the labels without those of fewer than ``min_area`` pixels."""
    return np.where(np.bincount(labels.ravel())[labels] < min_area, 0, labels)
