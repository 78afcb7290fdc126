"""The result of a measure that tells splits from mergers, and what its two forms share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._contingency import ContingencyTable, Counts


@dataclass(frozen=True)
class SplitMergeScore:
    """A score with its two parts; each is 0 to 1, 1 is best, and nan where the reference has no foreground.

    Attributes:
        split: lower where segments of the reference were split (for Rand: the recall of its pixel pairs).
        merge: lower where segments of the reference were merged (for Rand: the precision).
        f_score: the harmonic mean of both, the value that is published.
    """

    split: float
    merge: float
    f_score: float


NO_SCORE = SplitMergeScore(math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class ForegroundProbabilities:
    """The probabilities p, s and t of the pixels inside the reference's foreground, and its n pixels.

    A proposal pixel labelled 0 belongs to no segment: it is a segment of its own, of probability 1/n, in p and in s.
    These `singletons` are kept as a number and not as entries, else the table would be as long as the image.
    """

    pairs: Counts
    proposal: Counts
    reference: Counts
    singletons: float
    pixels: float


def foreground_probabilities(table: ContingencyTable) -> ForegroundProbabilities | None:
    """Return the probabilities inside the reference's foreground (reference > 0); None if it is empty."""
    inside = table.where(table.reference > 0)
    pixels = float(inside.counts.sum())
    if pixels == 0:
        return None
    in_segments = inside.where(inside.labels > 0)
    return ForegroundProbabilities(
        pairs=in_segments.counts / pixels,
        proposal=in_segments.label_sizes() / pixels,
        reference=inside.reference_sizes() / pixels,
        singletons=pixels - float(in_segments.counts.sum()),
        pixels=pixels,
    )


def sum_of_squares(probabilities: Counts) -> float:
    """Return Σp²."""
    return float(np.dot(probabilities, probabilities))
