"""SEG, the segmentation accuracy measure of the Cell Tracking Challenge."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ._checks import Labels, check_same_shape
from ._contingency import contingency_table

_NOT_ANNOTATED = -1


def seg_scores(labels: Labels, reference: Labels) -> npt.NDArray[np.float64]:
    """Return the Jaccard index of each reference object and its matching predicted object.

    A predicted object S matches a reference object R if it covers more than half of it, |R ∩ S| > 0.5·|R|; at most one
    object does. The Jaccard index is |R ∩ S| / |R ∪ S|. Unmatched predicted objects are not penalized.

    Args:
        labels: predicted objects, integer (H, W) or any other shape; 0 is background.
        reference: true objects, integer, same shape; 0 is background. Unannotated pixels (−1) count as background,
            because they do not belong to any annotated object: a prediction that extends into them is too large.

    Returns:
        float64 (N,), 0 to 1, in ascending order of the reference labels; 0 for unmatched objects. To combine frames,
        average the scores of all their objects.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, a predicted label is negative, or a reference label is below −1.

    Reference: Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 2017,
    doi:10.1038/nmeth.4473.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import seg_scores
        >>> seg_scores(np.array([5, 5, 5, 0, 0, 3]), reference=np.array([1, 1, 1, 1, 2, 2]))  # half is not enough
        array([0.75, 0.  ])
    """
    check_same_shape(labels=labels, reference=reference)
    table = contingency_table(labels, np.where(reference == _NOT_ANNOTATED, 0, reference))
    sizes = table.label_sizes()[np.unique(table.labels, return_inverse=True)[1]]
    reference_labels, inverse = np.unique(table.reference, return_inverse=True)
    reference_sizes = table.reference_sizes()[inverse]
    matches = (table.labels > 0) & (table.reference > 0) & (table.counts > 0.5 * reference_sizes)
    scores = np.zeros(reference_labels.size)
    scores[inverse[matches]] = (table.counts / (sizes + reference_sizes - table.counts))[matches]
    return scores[reference_labels > 0]


def seg(labels: Labels, reference: Labels) -> float:
    """Return SEG, the mean of `seg_scores`; NaN if the reference has no objects. Arguments and errors are the same.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import seg
        >>> seg(np.array([5, 5, 5, 0, 0, 3]), reference=np.array([1, 1, 1, 1, 2, 2]))
        0.375
    """
    scores = seg_scores(labels, reference)
    return float(scores.mean()) if scores.size else math.nan
