"""The pictures of a split, as a page shows them: the worst first, then the best, all others folded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..html import Comparison

_WORST = 8
_BEST = 4
_MOST_NAMES = 12


@dataclass(frozen=True)
class Split:
    """What a page tells of the images of a split.

    Attributes:
        name: of the split.
        images: their number.
        worst: pictures of the worst, worst first.
        best: pictures of the best, best first.
        others: pictures of those between, worst first.
        unscored: names of images without a score, in a sentence; empty without any.
    """

    name: str
    images: int
    worst: Sequence[Comparison]
    best: Sequence[Comparison]
    others: Sequence[Comparison]
    unscored: str

    @property
    def drawn(self) -> int:
        """How many of the images have a picture."""
        return len(self.worst) + len(self.best) + len(self.others)


def split_of(name: str, rows: Sequence[dict[str, Any]], measure: str, comparisons: Sequence[Comparison]) -> Split:
    """Return what a page tells of a split.

    Args:
        name: of the split.
        rows: of its images, with ``image`` and scores.
        measure: name of the main score.
        comparisons: pictures, from the worst to the best.
    """
    best = min(_BEST, len(comparisons) // 3)
    worst = min(_WORST, len(comparisons) - best)
    end = len(comparisons) - best
    unscored = [row["image"] for row in rows if not math.isfinite(row[measure])]
    return Split(
        name,
        len(rows),
        comparisons[:worst],
        comparisons[end:][::-1],
        comparisons[worst:end],
        _some(unscored),
    )


def _some(names: Sequence[str]) -> str:
    """Return names in a line, no more than a dozen of them."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
