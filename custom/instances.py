"""Post-processing: from probability maps to instance labels."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.morphology import h_maxima, local_maxima, reconstruction
from skimage.segmentation import relabel_sequential, watershed

from .images import smallest_label_dtype

_LEVELS = 5  # number of thresholds over which the distance is averaged


def components(foreground_probability: np.ndarray, threshold: float, min_area: int) -> np.ndarray:
    """Label the connected components of the foreground; touching cells are merged.

    Args:
        foreground_probability: float (H, W), 0 to 1.
        threshold: foreground is where the probability is at least this.
        min_area: in pixels; smaller components are removed, smaller holes are filled.

    Returns:
        Instance labels (H, W), uint16, or uint32 for more than 65,535 components: 4-connected, 1 to N; 0 is background.

    Examples:
        >>> import numpy as np
        >>> from custom.instances import components
        >>> components(np.array([[0.9, 0.8, 0.1, 0.7], [0.9, 0.8, 0.1, 0.7]]), threshold=0.5, min_area=2)
        array([[1, 1, 0, 2],
               [1, 1, 0, 2]], dtype=uint16)
    """
    foreground = _fill_holes(foreground_probability >= threshold, min_area)
    return _relabel(label(foreground, connectivity=1), min_area)


def seeded_watershed(
    foreground_probability: np.ndarray, threshold: float, seed_depth: float, min_area: int
) -> np.ndarray:
    """Split touching cells by a seeded watershed, at necks and along lines of lower probability.

    The watershed runs on the expected distance to the background: the distance transform, averaged over several
    thresholds between ``threshold`` and 1. It is small at a neck, and also along a line where the probability is only
    slightly lower, which a single distance transform misses. Seeds are the h-maxima of this distance. A component
    without a seed becomes one cell.

    Reference: Soille, "Morphological Image Analysis", 2nd edition, Springer 2003 (h-maxima).

    Args:
        foreground_probability: float (H, W), 0 to 1.
        threshold: foreground is where the probability is at least this; below 1.
        seed_depth: two cells are split where the distance between them falls by at least this below the lower of their
            maxima; above 0, in pixels.
        min_area: in pixels; smaller cells are removed, smaller holes are filled. Larger holes are background.

    Returns:
        Instance labels (H, W), uint16, or uint32 for more than 65,535 cells: 4-connected, 1 to N; 0 is background.

    Examples:
        >>> import numpy as np
        >>> from custom.instances import seeded_watershed
        >>> probability = np.zeros((16, 40))
        >>> probability[1:15, 1:15] = probability[1:15, 25:39] = 1.0  # two cells …
        >>> probability[6:9, 15:25] = 1.0  # … connected by a neck
        >>> labels = seeded_watershed(probability, threshold=0.5, seed_depth=2, min_area=10)
        >>> labels[7, [5, 35]]
        array([1, 2], dtype=uint16)
    """
    foreground = _fill_holes(foreground_probability >= threshold, min_area)
    distance = _expected_distance(foreground_probability, threshold, min_area)
    markers = _seed_all(_peaks(distance, seed_depth), label(foreground, connectivity=1))
    return _relabel(watershed(-distance, markers, mask=foreground), min_area)


def cells_with_borders(probabilities: np.ndarray, threshold: float, seed_threshold: float, min_area: int) -> np.ndarray:
    """Label cells from a network with a class for the borders between touching cells.

    Seeds are the components where the cell probability is high. They grow by watershed over cells and borders, first
    where the cell probability is higher. A component of the foreground without a seed becomes one cell.

    Args:
        probabilities: float (3, H, W), 0 to 1: background, cell, border between touching cells.
        threshold: foreground is where the sum of cell and border probability is at least this.
        seed_threshold: seeds are where the cell probability is at least this.
        min_area: in pixels; smaller seeds and cells are removed, smaller holes in both are filled.

    Returns:
        Instance labels (H, W), uint16, or uint32 for more than 65,535 cells: 4-connected, 1 to N; 0 is background.

    Raises:
        ValueError: ``probabilities`` is not (3, H, W).

    Examples:
        >>> import numpy as np
        >>> from custom.instances import cells_with_borders
        >>> cell, border = np.array([[0.0, 0.9, 0.9, 0.2, 0.8, 0.8]]), np.array([[0.0, 0.0, 0.1, 0.7, 0.1, 0.0]])
        >>> probabilities = np.stack([1 - cell - border, cell, border])
        >>> cells_with_borders(probabilities, threshold=0.5, seed_threshold=0.5, min_area=1)
        array([[0, 1, 1, 1, 2, 2]], dtype=uint16)
    """
    if probabilities.ndim != 3 or len(probabilities) != 3:
        raise ValueError(f"probabilities must be (3, H, W), not {probabilities.shape}")
    _, cell, border = probabilities
    foreground = _fill_holes(cell + border >= threshold, min_area)
    certain = _fill_holes(cell >= seed_threshold, min_area) & foreground
    seeds = _remove_small(label(certain, connectivity=1), min_area)
    markers = _seed_all(seeds, label(foreground, connectivity=1))
    return _relabel(watershed(-cell, markers, mask=foreground), min_area)


def cells_from_membrane(
    membrane_probability: np.ndarray, threshold: float, seed_threshold: float, min_area: int
) -> np.ndarray:
    """Label the cells between membranes by a seeded watershed on the membrane probability.

    Seeds are where the probability is below ``seed_threshold``, so that a gap in a membrane with a faint signal still
    separates two seeds, although it is below ``threshold``. Cells grow from the seeds over all pixels below
    ``threshold``. A component without a seed becomes one cell.

    Reference: Beucher and Lantuéjoul, "Use of watersheds in contour detection", International Workshop on Image
    Processing 1979.

    Args:
        membrane_probability: float (H, W), 0 to 1.
        threshold: membrane is where the probability is at least this; it gets label 0.
        seed_threshold: lower than ``threshold``; a higher value has the effect of ``threshold``, so that no seed
            crosses a membrane.
        min_area: in pixels; smaller seeds and cells are removed.

    Returns:
        Instance labels (H, W), uint16, or uint32 for more than 65,535 cells: 4-connected, 1 to N; 0 is membrane.

    Examples:
        >>> import numpy as np
        >>> from custom.instances import cells_from_membrane
        >>> probability = np.array([[0.0, 0.0, 0.4, 0.1, 0.1], [0.0, 0.0, 0.9, 0.1, 0.1]])  # a membrane with a gap
        >>> cells_from_membrane(probability, threshold=0.5, seed_threshold=0.2, min_area=1)
        array([[1, 1, 1, 2, 2],
               [1, 1, 0, 2, 2]], dtype=uint16)
    """
    cells = label(membrane_probability < threshold, connectivity=1)
    seeds = _remove_small(label(membrane_probability < min(seed_threshold, threshold), connectivity=1), min_area)
    return _relabel(watershed(membrane_probability, _seed_all(seeds, cells), mask=cells > 0), min_area)


def blobs(probability: np.ndarray, threshold: float, min_area: int, neck: float = 0.9) -> np.ndarray:
    """Label round objects; touching objects are split at their necks by a watershed on the distance transform.

    A maximum of the distance to the background is the center of an object if every path to a higher maximum passes a
    point where the distance is less than ``neck`` times the value at the maximum. Otherwise it is only a bump on the
    outline of the other object.

    Reference: Beucher and Lantuéjoul, "Use of watersheds in contour detection", International Workshop on Image
    Processing 1979.

    Args:
        probability: float (H, W), 0 to 1; or a mask (H, W), bool or 0 and 1, with any threshold in between.
        threshold: foreground is where the probability is at least this.
        min_area: in pixels; smaller objects are removed.
        neck: relative width of a neck at which objects are split, in (0, 1]: near 0 no object is split, at 1 every bump
            is.

    Returns:
        Instance labels (H, W), uint16, or uint32 for more than 65,535 objects: 8-connected, 1 to N; 0 is background.

    Raises:
        ValueError: ``neck`` is not in (0, 1].

    Examples:
        >>> import numpy as np
        >>> from custom.instances import blobs
        >>> row, column = np.ogrid[:13, :22]
        >>> left, right = (np.hypot(row - 6, column - center) <= 5 for center in (6, 15))
        >>> labels = blobs(left | right, threshold=0.5, min_area=5)  # two discs that overlap
        >>> labels[6, [6, 15]]
        array([1, 2], dtype=uint16)
    """
    if not 0 < neck <= 1:
        raise ValueError(f"neck is a relative width, above 0 and at most 1, not {neck}.")
    mask = probability >= threshold
    distance = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]  # pixels outside the image are background
    centers = local_maxima(reconstruction(neck * distance, distance)) & mask
    return _relabel(watershed(-distance, label(centers, connectivity=2), mask=mask, connectivity=2), min_area)


def _fill_holes(mask: np.ndarray, min_area: int) -> np.ndarray:
    """Fill holes smaller than ``min_area`` pixels, bool (H, W)."""
    _, holes, statistics, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    return mask | (statistics[:, cv2.CC_STAT_AREA] < min_area)[holes]


def _expected_distance(probability: np.ndarray, threshold: float, min_area: int) -> np.ndarray:
    """Return the distance to the background in pixels, averaged over thresholds in [``threshold``, 1), (H, W)."""
    levels = np.linspace(threshold, 1, _LEVELS, endpoint=False)
    filled = (_fill_holes(probability >= level, min_area) for level in levels)
    distances = [cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) for mask in filled]
    longest = sum(probability.shape)  # without any background, OpenCV returns 3e38
    return np.asarray(np.minimum(distances, longest).mean(axis=0))


def _peaks(distance: np.ndarray, depth: float) -> np.ndarray:
    """Return one pixel of each h-maximum, numbered from 1, int (H, W).

    Because the distance changes by at most one per pixel, every second pixel suffices, which is four times as fast.
    """
    maxima = label(h_maxima(distance[::2, ::2], depth))
    numbers, indices = np.unique(maxima, return_index=True)
    peaks = np.zeros(distance.shape, dtype=np.int64)
    peaks[2 * (indices // maxima.shape[1]), 2 * (indices % maxima.shape[1])] = numbers
    return peaks


def _seed_all(seeds: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Add to the seeds each labeled region that contains none."""
    seeded = np.zeros(regions.max() + 1, dtype=bool)
    seeded[regions[seeds > 0]] = True
    return np.where(seeded[regions], seeds, np.where(regions > 0, regions + seeds.max(), 0))


def _relabel(regions: np.ndarray, min_area: int) -> np.ndarray:
    """Remove regions smaller than ``min_area`` pixels and number the others from 1, in the smallest dtype that fits."""
    labels = relabel_sequential(_remove_small(regions, min_area))[0]
    return labels.astype(smallest_label_dtype(int(labels.max(initial=0))))


def _remove_small(labels: np.ndarray, min_area: int) -> np.ndarray:
    """Set labels of fewer than ``min_area`` pixels to 0."""
    return np.where(np.bincount(labels.ravel())[labels] < min_area, 0, labels)
