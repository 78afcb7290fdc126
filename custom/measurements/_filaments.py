"""Filament segments between crossings, branch points and ends: length, direction and width."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.segmentation import watershed

from ..ground.growing_table import Table
from ._centerlines import Branch, branch_lengths, centerlines, without_crossings
from ._page import Page
from ._regions import region_table, without_small
from ._units import in_both_units


def filament_labels(mask: np.ndarray, min_area: int = 0) -> np.ndarray:
    """Return the segments of a mask (H, W) between crossings, branch points and ends, numbered from 1.

    Args:
        mask: non-zero in filaments.
        min_area: in pixels; smaller 8-connected components of the mask are removed.

    Examples:
        >>> import numpy as np
        >>> mask = np.zeros((41, 41), np.uint8)
        >>> mask[19:22, 2:39] = mask[2:39, 19:22] = 1
        >>> int(filament_labels(mask).max())
        4
    """
    foreground = without_small(label(mask > 0, connectivity=2), min_area) > 0
    return _label_segments(without_crossings(centerlines(foreground), foreground), foreground)


def filaments(page: Page, min_area: int = 0) -> Table:
    """Return one row per segment between two points where filaments cross, branch or end.

    The columns of `region_table`, in which ``orientation_deg`` is the direction of the segment, are followed by the
    length of the centerline, ``length_px`` and ``length_um`` (see `centerlines`), and by ``mean_width_px`` and
    ``mean_width_um``, area divided by length. Each mask pixel belongs to the segment with the nearest centerline.

    Args:
        page: the page to measure; its labels are those of `filament_labels`, or None to compute them.
        min_area: in pixels; smaller 8-connected components of the mask are removed.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, filaments
        >>> mask = np.zeros((41, 41), np.uint8)
        >>> mask[19:22, 2:39] = mask[2:39, 19:22] = 1  # two filaments that cross: four segments
        >>> table = filaments(Page(image=mask, mask=mask, probability=mask.astype(float)))
        >>> table["length_px"].round(), table["mean_width_px"].round()
        (array([18., 18., 18., 18.]), array([3., 3., 3., 3.]))
    """
    labels = filament_labels(page.mask, min_area) if page.labels is None else page.labels
    mask = labels > 0
    segments = without_crossings(centerlines(mask), mask)
    table = region_table(labels, page.image, page.pixel_size)
    numbers = np.array([labels[tuple(segment.path[len(segment.path) // 2])] for segment in segments], dtype=int)

    def length(size: tuple[float, float]) -> np.ndarray:
        lengths = np.bincount(numbers, branch_lengths(segments, mask, size), minlength=int(labels.max(initial=0)) + 1)
        return lengths[table["label"]]

    table |= in_both_units(length, "length", page.pixel_size)
    return table | {f"mean_width_{unit}": table[f"area_{unit}2"] / table[f"length_{unit}"] for unit in ("px", "um")}


def _label_segments(segments: list[Branch], mask: np.ndarray) -> np.ndarray:
    """Label each pixel of the mask with the number, from 1, of the segment with the nearest centerline, int (H, W)."""
    lines = np.zeros(mask.shape, dtype=np.int32)
    for number, segment in enumerate(segments, start=1):
        lines[tuple(segment.path.T)] = number
    return np.asarray(watershed(distance_transform_edt(lines == 0), lines, connectivity=2, mask=mask))
