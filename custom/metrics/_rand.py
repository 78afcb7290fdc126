"""Rand index and its variants: agreement of two segmentations on pairs of pixels."""

from __future__ import annotations

import math

from ._checks import Labels
from ._contingency import ContingencyTable, contingency_table
from ._split_merge import NO_SCORE, SplitMergeScore, foreground_probabilities, sum_of_squares


def rand_index(labels: Labels, reference: Labels) -> float:
    """Return the fraction of pixel pairs on which both segmentations agree: same segment or different segments.

    All pixels count, and label 0 is a segment like any other.

    Args:
        labels: predicted segments, integer (H, W).
        reference: true segments, integer, same shape.

    Returns:
        0 to 1, higher is better; NaN for fewer than two pixels.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Reference: Rand, "Objective criteria for the evaluation of clustering methods", Journal of the American Statistical
    Association 1971, doi:10.2307/2284239.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import rand_index
        >>> labels, reference = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 2]])
        >>> rand_index(labels, reference)  # agreement on 3 of 6 pairs
        0.5
    """
    table = contingency_table(labels, reference)
    pixels = float(table.counts.sum())
    if pixels < 2:
        return math.nan
    joined_by_one = (
        sum_of_squares(table.label_sizes()) + sum_of_squares(table.reference_sizes()) - 2 * sum_of_squares(table.counts)
    )
    return 1.0 - joined_by_one / (pixels * (pixels - 1))


def rand_error(labels: Labels, reference: Labels) -> float:
    """Return 1 minus `rand_index`.

    The "Rand error" in the U-Net paper of Ronneberger et al. (2015) is a different metric: 1 minus the largest F-score
    of `v_rand` over the thresholds, without thinning of borders.

    Args:
        labels: predicted segments, integer (H, W).
        reference: true segments, integer, same shape.

    Returns:
        0 to 1, lower is better; NaN for fewer than two pixels.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import rand_error
        >>> labels, reference = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 2]])
        >>> rand_error(labels, reference)
        0.5
    """
    return 1.0 - rand_index(labels, reference)


def adapted_rand_f_score(labels: Labels, reference: Labels) -> float:
    """Return the F-score of same-segment pixel pairs, over the pixels where the reference is not 0.

    Equal to ``1 - skimage.metrics.adapted_rand_error(reference, labels)[0]``: a pair consists of two different pixels,
    and the predicted label 0 is a segment like any other. `v_rand` differs in both respects.

    Args:
        labels: predicted segments, integer (H, W).
        reference: true segments, integer, same shape; pixels of label 0 do not count.

    Returns:
        0 to 1, higher is better; NaN if neither segmentation has a same-segment pair in the reference's foreground.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics",
    Frontiers in Neuroanatomy 2015, doi:10.3389/fnana.2015.00142.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import adapted_rand_f_score
        >>> labels, reference = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 2]])
        >>> adapted_rand_f_score(labels, reference)  # same-segment pairs: 2 and 3, 1 of them in both
        0.4
    """
    table = contingency_table(labels, reference)
    table = table.where(table.reference > 0)
    pixels = float(table.counts.sum())
    joined_by_both = sum_of_squares(table.counts) - pixels
    joined = sum_of_squares(table.label_sizes()) + sum_of_squares(table.reference_sizes()) - 2 * pixels
    return 2 * joined_by_both / joined if joined > 0 else math.nan


def v_rand(labels: Labels, reference: Labels) -> SplitMergeScore:
    """Return the foreground-restricted Rand score of ISBI 2012, V-Rand.

    With the fraction p of pixels that a pair of segments shares, and the fractions s and t of pixels in predicted and
    reference segments, the scores are split = Σp²/Σt², merge = Σp²/Σs² and f_score = Σp² / (½Σs² + ½Σt²). Only pixels
    inside reference segments count; each of them that the prediction labels 0 is a segment of its own. Predicted
    borders thicker than the reference's therefore lower the score; the challenge thins them first, see `thin_borders`.

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
        >>> from custom.metrics import v_rand
        >>> labels, reference = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 2]])
        >>> score = v_rand(labels, reference)  # in sixteenths: Σp² = 6, Σs² = 8, Σt² = 10
        >>> round(score.split, 3), round(score.merge, 3), round(score.f_score, 3)
        (0.6, 0.75, 0.667)
    """
    return v_rand_from_table(contingency_table(labels, reference))


def v_rand_from_table(table: ContingencyTable) -> SplitMergeScore:
    """Return `v_rand` for a precomputed contingency table."""
    probabilities = foreground_probabilities(table)
    if probabilities is None:
        return NO_SCORE
    singletons = probabilities.singletons / probabilities.pixels**2
    both = sum_of_squares(probabilities.pairs) + singletons
    prediction = sum_of_squares(probabilities.prediction) + singletons
    reference = sum_of_squares(probabilities.reference)
    return SplitMergeScore(both / reference, both / prediction, 2 * both / (prediction + reference))
