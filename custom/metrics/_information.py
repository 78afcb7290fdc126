"""V-Info: how much a proposal's segments tell about the reference's, and the other way round."""

from __future__ import annotations

import math

import numpy as np

from ._checks import Labels
from ._contingency import ContingencyTable, Counts, contingency_table
from ._split_merge import NO_SCORE, SplitMergeScore, foreground_probabilities


def v_info(labels: Labels, reference: Labels) -> SplitMergeScore:
    """Return the foreground-restricted information-theoretic score of ISBI 2012, V-Info.

    With I the mutual information of proposal S and reference T, and H the entropy: split = I/H(S), which is
    (H(S) − H(S|T))/H(S), merge = I/H(T), f_score = 2·I/(H(S) + H(T)). Only pixels inside the reference's segments
    count; a pixel that the proposal labels 0 is a segment of its own. A part whose entropy is 0 is 1: a proposal of
    one segment splits nothing, and in a reference of one segment nothing can be merged. The F-score of a reference
    of one segment is 1 if the proposal is one segment too, else 0: there is no information to share.

    Args:
        labels: proposed segments, integer (H, W); 0 is border.
        reference: true segments, integer, same shape; 0 is border.

    Returns:
        Split, merge and F-score, each 0 to 1, 1 is best; nan where the reference has no foreground.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.

    Reference: Arganda-Carreras et al. (2015), Crowdsourcing the creation of image segmentation algorithms for
    connectomics, doi:10.3389/fnana.2015.00142.
    """
    return v_info_of_table(contingency_table(labels, reference))


def v_info_of_table(table: ContingencyTable) -> SplitMergeScore:
    """Return `v_info` from a contingency table that is already there."""
    found = foreground_probabilities(table)
    if found is None:
        return NO_SCORE
    alone = found.singletons / found.pixels * math.log(found.pixels)
    proposal = _entropy(found.proposal) + alone
    reference = _entropy(found.reference)
    joint = _entropy(found.pairs) + alone
    # Rounding can leave a mutual information just below 0.
    mutual = max(0.0, proposal + reference - joint)
    return SplitMergeScore(
        _normalized(mutual, proposal), _normalized(mutual, reference), _normalized(2 * mutual, proposal + reference)
    )


def _entropy(probabilities: Counts) -> float:
    """Return the entropy in nats; the entries are all above 0."""
    return -float(np.dot(probabilities, np.log(probabilities)))


def _normalized(information: float, entropy: float) -> float:
    return min(1.0, information / entropy) if entropy > 0 else 1.0
