"""Rand index and its relatives: pairs of pixels that two segmentations both join or both part."""

from __future__ import annotations

import math

from ._checks import Labels
from ._contingency import ContingencyTable, contingency_table
from ._split_merge import NO_SCORE, SplitMergeScore, foreground_probabilities, sum_of_squares


def rand_index(labels: Labels, reference: Labels) -> float:
    """Return the fraction of all pixel pairs that both segmentations join or both part.

    Label 0 is a segment like any other, and all pixels count.

    Args:
        labels: proposed segments, integer (H, W).
        reference: true segments, integer, same shape.

    Returns:
        0 to 1, 1 is best; nan for fewer than two pixels.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.

    Reference: Rand (1971), Objective criteria for the evaluation of clustering methods, doi:10.2307/2284239.
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
    """Return 1 − `rand_index`.

    The "Rand error" in the table of Ronneberger et al. (2015, U-Net) is another measure: 1 − the F-score of `v_rand`
    with the borders left thick, at the threshold where it is largest.

    Args:
        labels: proposed segments, integer (H, W).
        reference: true segments, integer, same shape.

    Returns:
        0 to 1, 0 is best; nan for fewer than two pixels.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.
    """
    return 1.0 - rand_index(labels, reference)


def adapted_rand_f_score(labels: Labels, reference: Labels) -> float:
    """Return the F-score of the pixel pairs that are joined, over the pixels where the reference is not 0.

    Equal to ``1 - skimage.metrics.adapted_rand_error(reference, labels)[0]``: pairs are of two different pixels, and
    label 0 of the proposal is a segment like any other. `v_rand` differs in both.

    Args:
        labels: proposed segments, integer (H, W).
        reference: true segments, integer, same shape; pixels of label 0 do not count.

    Returns:
        0 to 1, 1 is best; nan where neither segmentation joins any two pixels of the reference's foreground.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.

    Reference: Arganda-Carreras et al. (2015), Crowdsourcing the creation of image segmentation algorithms for
    connectomics, doi:10.3389/fnana.2015.00142.
    """
    table = contingency_table(labels, reference)
    table = table.where(table.reference > 0)
    pixels = float(table.counts.sum())
    joined_by_both = sum_of_squares(table.counts) - pixels
    joined = sum_of_squares(table.label_sizes()) + sum_of_squares(table.reference_sizes()) - 2 * pixels
    return 2 * joined_by_both / joined if joined > 0 else math.nan


def v_rand(labels: Labels, reference: Labels) -> SplitMergeScore:
    """Return the foreground-restricted Rand score of ISBI 2012, V-Rand.

    With p the fraction of pixels that a pair of segments shares, s and t the sizes of the proposal's and the
    reference's segments: split = Σp²/Σt², merge = Σp²/Σs², f_score = Σp² / (½Σs² + ½Σt²). Only pixels inside the
    reference's segments count; a pixel that the proposal labels 0 is a segment of its own. Borders of the proposal
    that are thicker than the reference's cost; the challenge thins them first, see `thin_borders`.

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
    return v_rand_of_table(contingency_table(labels, reference))


def v_rand_of_table(table: ContingencyTable) -> SplitMergeScore:
    """Return `v_rand` from a contingency table that is already there."""
    found = foreground_probabilities(table)
    if found is None:
        return NO_SCORE
    alone = found.singletons / found.pixels**2
    both = sum_of_squares(found.pairs) + alone
    proposal = sum_of_squares(found.proposal) + alone
    reference = sum_of_squares(found.reference)
    return SplitMergeScore(both / reference, both / proposal, 2 * both / (proposal + reference))
