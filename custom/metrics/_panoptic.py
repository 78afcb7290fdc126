"""Panoptic quality: how many objects are found, times how well their outlines fit."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._checks import Labels
from ._contingency import contingency_table


class PanopticQuality(NamedTuple):
    """Panoptic quality and its two factors, each 0 to 1, 1 is best.

    Attributes:
        pq: panoptic quality, sq · rq, the sum of the matches' IoU / (TP + ½ FP + ½ FN).
        sq: segmentation quality, the mean IoU of the matches; nan where there is no match.
        rq: recognition quality, the F-score of the objects, TP / (TP + ½ FP + ½ FN).
    """

    pq: float
    sq: float
    rq: float


def panoptic_quality(labels: Labels, reference: Labels) -> PanopticQuality:
    """Return the panoptic quality of objects of one class.

    An object matches a reference object when their IoU is above 0.5; no other one of either can then match.

    Args:
        labels: the result, integer (H, W) or any other shape; 0 is background.
        reference: true objects, integer, same shape; 0 is background.

    Returns:
        pq, sq and rq; pq and rq are 0 without a match, and nan where neither image has an object.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.

    Reference: Kirillov et al. (2019), Panoptic segmentation, doi:10.1109/CVPR.2019.00963.
    """
    table = contingency_table(labels, reference)
    names, places = np.unique(table.labels, return_inverse=True)
    true_names, true_places = np.unique(table.reference, return_inverse=True)
    unions = table.label_sizes()[places] + table.reference_sizes()[true_places] - table.counts
    overlaps = (table.counts / unions)[(table.labels > 0) & (table.reference > 0)]
    matches = overlaps[overlaps > 0.5]
    objects = (int((names > 0).sum()) + int((true_names > 0).sum())) / 2  # TP + ½ FP + ½ FN
    if objects == 0:
        return PanopticQuality(math.nan, math.nan, math.nan)
    quality = float(matches.mean()) if matches.size else math.nan
    return PanopticQuality(float(matches.sum()) / objects, quality, matches.size / objects)
