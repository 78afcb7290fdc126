"""Panoptic quality: detection of objects times accuracy of their outlines."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._checks import Labels
from ._contingency import contingency_table


class PanopticQuality(NamedTuple):
    """Panoptic quality and its two factors, each 0 to 1, higher is better.

    Attributes:
        pq: panoptic quality, sq · rq = Σ IoU of the matches / (TP + ½ FP + ½ FN).
        sq: segmentation quality, the mean IoU of the matches; NaN without a match.
        rq: recognition quality, the F-score of object detection, TP / (TP + ½ FP + ½ FN).
    """

    pq: float
    sq: float
    rq: float


def panoptic_quality(labels: Labels, reference: Labels) -> PanopticQuality:
    """Return the panoptic quality of objects of one class.

    A predicted and a reference object match if their IoU is above 0.5, which makes the match unique.

    Args:
        labels: predicted objects, integer (H, W) or any other shape; 0 is background.
        reference: true objects, integer, same shape; 0 is background.

    Returns:
        pq, sq and rq; without a match, pq and rq are 0; if neither image has an object, all are NaN.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Reference: Kirillov et al., "Panoptic segmentation", CVPR 2019, doi:10.1109/CVPR.2019.00963.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import panoptic_quality
        >>> labels, reference = np.array([1, 1, 1, 0, 0, 0, 2, 2]), np.array([1, 1, 1, 1, 3, 3, 0, 0])
        >>> panoptic_quality(labels, reference)  # one match with IoU 3/4, one false positive, one false negative
        PanopticQuality(pq=0.375, sq=0.75, rq=0.5)
    """
    table = contingency_table(labels, reference)
    predicted, inverse = np.unique(table.labels, return_inverse=True)
    true, true_inverse = np.unique(table.reference, return_inverse=True)
    unions = table.label_sizes()[inverse] + table.reference_sizes()[true_inverse] - table.counts
    overlaps = (table.counts / unions)[(table.labels > 0) & (table.reference > 0)]
    matches = overlaps[overlaps > 0.5]
    objects = (int((predicted > 0).sum()) + int((true > 0).sum())) / 2  # TP + ½ FP + ½ FN
    if objects == 0:
        return PanopticQuality(math.nan, math.nan, math.nan)
    quality = float(matches.mean()) if matches.size else math.nan
    return PanopticQuality(float(matches.sum()) / objects, quality, matches.size / objects)
