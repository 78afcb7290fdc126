"""SEG, the segmentation measure of the Cell Tracking Challenge."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ._checks import Labels, check_same_shape
from ._contingency import contingency_table

_NOT_ANNOTATED = -1


def seg_scores(labels: Labels, reference: Labels) -> npt.NDArray[np.float64]:
    """Return the Jaccard index of each reference object with the object that matches it.

    An object S matches a reference object R if it covers more than half of it, |R ∩ S| > 0.5·|R|; no other one can. Its
    Jaccard index is |R ∩ S| / |R ∪ S|. Objects that match nothing cost nothing.

    Args:
        labels: the result, integer (H, W) or any other shape; 0 is background.
        reference: true objects, integer, same shape; 0 is background. Pixels of −1, which nobody has annotated, count
            as background: whatever they are, they belong to no annotated object, and a result that spreads over them
            is too large.

    Returns:
        (N,) float64, 0 to 1, in ascending order of the reference's labels; 0 where no object matches. To pool frames,
        take the mean of their scores together.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.

    Reference: Ulman et al. (2017), An objective comparison of cell-tracking algorithms, doi:10.1038/nmeth.4473.
    """
    check_same_shape(labels=labels, reference=reference)
    table = contingency_table(labels, np.where(reference == _NOT_ANNOTATED, 0, reference))
    sizes = table.label_sizes()[np.unique(table.labels, return_inverse=True)[1]]
    names, places = np.unique(table.reference, return_inverse=True)
    reference_sizes = table.reference_sizes()[places]
    matches = (table.labels > 0) & (table.reference > 0) & (table.counts > 0.5 * reference_sizes)
    scores = np.zeros(names.size)
    scores[places[matches]] = (table.counts / (sizes + reference_sizes - table.counts))[matches]
    return scores[names > 0]


def seg(labels: Labels, reference: Labels) -> float:
    """Return the mean of `seg_scores`, nan where the reference has no object; arguments and errors as there."""
    scores = seg_scores(labels, reference)
    return float(scores.mean()) if scores.size else math.nan
