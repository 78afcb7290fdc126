"""V-Info: normalized mutual information between predicted and reference segments."""

from __future__ import annotations

import math

import numpy as np

from ._checks import Labels
from ._contingency import ContingencyTable, Counts, contingency_table
from ._split_merge import NO_SCORE, SplitMergeScore, foreground_probabilities


def v_info(labels: Labels, reference: Labels) -> SplitMergeScore:
    """Return the foreground-restricted information-theoretic score of ISBI 2012, V-Info.

    With the mutual information I of prediction S and reference T, and the entropy H, the scores are split = I/H(S),
    merge = I/H(T) and f_score = 2·I/(H(S) + H(T)). Only pixels inside reference segments count; each of them that the
    prediction labels 0 is a segment of its own. Where the entropy in the denominator is 0, the score is 1: a prediction
    of one segment contains no split, and a reference of one segment admits no merger. For a reference of one segment,
    the F-score is 1 if the prediction is also one segment, and 0 otherwise.

    Args:
        labels: predicted segments, integer (H, W); 0 is border.
        reference: true segments, integer, same shape; 0 is border.

    Returns:
        Split score, merge score and F-score, each 0 to 1, higher is better; NaN if the reference has no foreground.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics",
    Frontiers in Neuroanatomy 2015, doi:10.3389/fnana.2015.00142.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import v_info
        >>> score = v_info(np.array([[1, 2, 3, 4]]), np.array([[1, 1, 2, 2]]))  # both segments are split in two
        >>> round(score.split, 3), round(score.merge, 3), round(score.f_score, 3)
        (0.5, 1.0, 0.667)
    """
    return v_info_from_table(contingency_table(labels, reference))


def v_info_from_table(table: ContingencyTable) -> SplitMergeScore:
    """Return `v_info` for a precomputed contingency table."""
    probabilities = foreground_probabilities(table)
    if probabilities is None:
        return NO_SCORE
    singletons = probabilities.singletons / probabilities.pixels * math.log(probabilities.pixels)
    prediction = _entropy(probabilities.prediction) + singletons
    reference = _entropy(probabilities.reference)
    joint = _entropy(probabilities.pairs) + singletons
    # Rounding errors can make the mutual information slightly negative.
    mutual = max(0.0, prediction + reference - joint)
    return SplitMergeScore(
        _normalized(mutual, prediction), _normalized(mutual, reference), _normalized(2 * mutual, prediction + reference)
    )


def _entropy(probabilities: Counts) -> float:
    """Return the entropy in nats of probabilities above 0."""
    return -float(np.dot(probabilities, np.log(probabilities)))


def _normalized(information: float, entropy: float) -> float:
    return min(1.0, information / entropy) if entropy > 0 else 1.0
