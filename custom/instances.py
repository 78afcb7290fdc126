"""From a probability map to instance labels."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.morphology import h_maxima, local_maxima, reconstruction
from skimage.segmentation import relabel_sequential, watershed

from .images import smallest_label_dtype

_LEVELS = 5  # thresholds that the expected distance is averaged over


def components(foreground_probability: np.ndarray, threshold: float, min_area: int) -> np.ndarray:
    """Return the connected components of the foreground: cells that touch are one.

    Args:
        foreground_probability: float (H, W), 0 to 1.
        threshold: foreground is where the probability reaches it.
        min_area: smaller components are left out and smaller holes are filled, in pixels.

    Returns:
        uint16, or uint32 if there are too many components, (H, W): 1 to N, 4-connected, 0 is background.
    """
    foreground = _without_holes(foreground_probability >= threshold, min_area)
    return _numbered(label(foreground, connectivity=1), min_area)


def seeded_watershed(
    foreground_probability: np.ndarray, threshold: float, seed_depth: float, min_area: int
) -> np.ndarray:
    """Return the cells of the foreground, those that touch parted where they are narrow or the network is unsure.

    The watershed runs on the distance to the background, averaged over background at several thresholds between
    ``threshold`` and 1: that is the distance to be expected when the probability is believed. A neck makes it small,
    and so does a line along which the probability is only a little lower; a single distance transform sees the neck
    only. Seeds are the distance's h-maxima (Soille, "Morphological Image Analysis", 2003); a component without a seed
    is a cell of its own.

    Args:
        foreground_probability: float (H, W), 0 to 1.
        threshold: foreground is where the probability reaches it; below 1.
        seed_depth: two cells are parted where the distance dips by this below the lower of their maxima; above 0, in
            pixels.
        min_area: smaller cells are left out and smaller holes are filled, in pixels. A larger hole is background that
            cells enclose.

    Returns:
        uint16, or uint32 if there are too many cells, (H, W): 1 to N, 4-connected, 0 is background.
    """
    foreground = _without_holes(foreground_probability >= threshold, min_area)
    distance = _expected_distance(foreground_probability, threshold, min_area)
    markers = _with_unseeded(_peaks(distance, seed_depth), label(foreground, connectivity=1))
    return _numbered(watershed(-distance, markers, mask=foreground), min_area)


def cells_with_borders(probabilities: np.ndarray, threshold: float, seed_threshold: float, min_area: int) -> np.ndarray:
    """Return the cells from a network that tells cells from the borders at which they touch.

    Seeds are the components of what surely is cell and not border; they grow by watershed over cell and border, first
    where cell is more probable. A component of the foreground without a seed is a cell of its own.

    Args:
        probabilities: float (3, H, W), 0 to 1: background, cell, border between cells that touch.
        threshold: foreground is where cell and border together reach it.
        seed_threshold: seeds are where cell reaches it.
        min_area: smaller seeds and cells are left out and smaller holes in both are filled, in pixels.

    Returns:
        uint16, or uint32 if there are too many cells, (H, W): 1 to N, 4-connected, 0 is background.

    Raises:
        ValueError: there are not three probabilities.
    """
    if probabilities.ndim != 3 or len(probabilities) != 3:
        raise ValueError(f"probabilities must be (3, H, W), not {probabilities.shape}")
    _, cell, border = probabilities
    foreground = _without_holes(cell + border >= threshold, min_area)
    sure = _without_holes(cell >= seed_threshold, min_area) & foreground
    seeds = _large(label(sure, connectivity=1), min_area)
    markers = _with_unseeded(seeds, label(foreground, connectivity=1))
    return _numbered(watershed(-cell, markers, mask=foreground), min_area)


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
    return _numbered(watershed(membrane_probability, _with_unseeded(seeds, cells), mask=cells > 0), min_area)


def blobs(probability: np.ndarray, threshold: float, min_area: int, neck: float = 0.9) -> np.ndarray:
    """Return round objects, those that touch parted at their necks by a watershed on the distance to the background.

    A maximum of the distance is the middle of an object if every way from it to a higher one is narrower somewhere than
    ``neck`` times what it is there; else it is only a bump on the edge of that other. Watershed after Beucher and
    Lantuéjoul, "Use of watersheds in contour detection", 1979.

    Args:
        probability: (H, W) float, 0 to 1; or a mask, bool or 0 and 1, with any threshold between.
        threshold: foreground is where the probability reaches it.
        min_area: smaller objects are left out, in pixels.
        neck: from little above 0, nothing is parted, to 1, every bump is.

    Returns:
        (H, W) uint16, or uint32 if there are too many: 1 to N, 0 is background.

    Raises:
        ValueError: when ``neck`` is not in (0, 1].
    """
    if not 0 < neck <= 1:
        raise ValueError(f"neck is a part of a width, above 0 and up to 1, not {neck}.")
    mask = probability >= threshold
    distance = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]  # an object ends where the image does
    middles = local_maxima(reconstruction(neck * distance, distance)) & mask
    return _numbered(watershed(-distance, label(middles, connectivity=2), mask=mask, connectivity=2), min_area)


def _without_holes(mask: np.ndarray, min_area: int) -> np.ndarray:
    """Return the mask with holes of fewer than ``min_area`` pixels filled, bool (H, W)."""
    _, holes, statistics, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    return mask | (statistics[:, cv2.CC_STAT_AREA] < min_area)[holes]


def _expected_distance(probability: np.ndarray, threshold: float, min_area: int) -> np.ndarray:
    """Return the distance to the background in pixels, averaged over thresholds from ``threshold`` up, (H, W)."""
    levels = np.linspace(threshold, 1, _LEVELS, endpoint=False)
    filled = (_without_holes(probability >= level, min_area) for level in levels)
    distances = [cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) for mask in filled]
    farthest = sum(probability.shape)  # where there is no background at all, OpenCV says 3e38
    return np.asarray(np.minimum(distances, farthest).mean(axis=0))


def _peaks(distance: np.ndarray, depth: float) -> np.ndarray:
    """Return one pixel of each h-maximum, numbered from 1, int (H, W).

    The distance changes by no more than one per pixel: every second pixel is enough, and four times as fast.
    """
    maxima = label(h_maxima(distance[::2, ::2], depth))
    numbers, places = np.unique(maxima, return_index=True)
    peaks = np.zeros(distance.shape, dtype=np.int64)
    peaks[2 * (places // maxima.shape[1]), 2 * (places % maxima.shape[1])] = numbers
    return peaks


def _with_unseeded(seeds: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return the seeds, and each labelled region in which there is none as a seed of its own."""
    seeded = np.zeros(regions.max() + 1, dtype=bool)
    seeded[regions[seeds > 0]] = True
    return np.where(seeded[regions], seeds, np.where(regions > 0, regions + seeds.max(), 0))


def _numbered(regions: np.ndarray, min_area: int) -> np.ndarray:
    """Return the labels of regions of at least ``min_area`` pixels, numbered from 1, in the smallest type that fits."""
    labels = relabel_sequential(_large(regions, min_area))[0]
    return labels.astype(smallest_label_dtype(int(labels.max(initial=0))))


def _large(labels: np.ndarray, min_area: int) -> np.ndarray:
    """Return the labels without those of fewer than ``min_area`` pixels."""
    return np.where(np.bincount(labels.ravel())[labels] < min_area, 0, labels)
