"""Result type of V-Rand and V-Info, which score splits and mergers separately, and their common terms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._contingency import ContingencyTable, Counts


@dataclass(frozen=True)
class SplitMergeScore:
    """Split score, merge score and F-score; each 0 to 1, higher is better, NaN if the reference has no foreground.

    Attributes:
        split: decreases when reference segments are split (V-Rand: recall of the pixel pairs).
        merge: decreases when reference segments are merged (V-Rand: precision of the pixel pairs).
        f_score: harmonic mean of both, the value to publish.
    """

    split: float
    merge: float
    f_score: float


NO_SCORE = SplitMergeScore(math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class ForegroundProbabilities:
    """Probabilities p (pairs), s (prediction) and t (reference) over the n pixels of the reference's foreground.

    Each pixel that the prediction labels 0 is a segment of its own, with probability 1/n in p and s. These singletons
    are stored as a number, not as entries, so that the arrays do not grow with the image.
    """

    pairs: Counts
    prediction: Counts
    reference: Counts
    singletons: float
    pixels: float


def foreground_probabilities(table: ContingencyTable) -> ForegroundProbabilities | None:
    """Return the probabilities over the pixels where the reference is above 0; None if there are none."""
    inside = table.where(table.reference > 0)
    pixels = float(inside.counts.sum())
    if pixels == 0:
        return None
    in_segments = inside.where(inside.labels > 0)
    return ForegroundProbabilities(
        pairs=in_segments.counts / pixels,
        prediction=in_segments.label_sizes() / pixels,
        reference=inside.reference_sizes() / pixels,
        singletons=pixels - float(in_segments.counts.sum()),
        pixels=pixels,
    )


def sum_of_squares(probabilities: Counts) -> float:
    """Return Σp²."""
    return float(np.dot(probabilities, probabilities))
