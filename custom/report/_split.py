"""The pictures of a split on a page: the worst first, then the best, all others folded."""

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
    """Pictures and names of the images of a split.

    Attributes:
        name: name of the split.
        images: number of images.
        worst: pictures of the worst images, worst first.
        best: pictures of the best images, best first.
        others: pictures of the images between, worst first.
        unscored: names of images without a score, separated by commas.
    """

    name: str
    images: int
    worst: Sequence[Comparison]
    best: Sequence[Comparison]
    others: Sequence[Comparison]
    unscored: str

    @property
    def drawn(self) -> int:
        """Number of images with a picture."""
        return len(self.worst) + len(self.best) + len(self.others)


def split_of(name: str, rows: Sequence[dict[str, Any]], measure: str, comparisons: Sequence[Comparison]) -> Split:
    """Return the content of a page about a split.

    Args:
        name: name of the split.
        rows: rows of its images, with ``image`` and scores.
        measure: name of the main score.
        comparisons: pictures, from worst to best.
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
    """Return at most a dozen names in a line, with the number of the others."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
