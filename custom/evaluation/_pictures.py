"""Pictures of the best and worst images, collected while an evaluation runs; their number is limited."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..html import MOST_PICTURES, Comparison
from ._views import View


class Scored(NamedTuple):
    """A picture of an image, and the score of the image."""

    score: float
    comparison: Comparison


class Pictures:
    """Keeps pictures of the best and worst images of every split: one third best, two thirds worst.

    Images without a score have no picture.

    Args:
        view: how images are shown and ordered.
        most: maximum number of pictures of all splits together.
    """

    def __init__(self, view: View, most: int = MOST_PICTURES) -> None:
        self.view = view
        self.most = most
        self._kept: dict[str, list[Scored]] = {}

    def offer(self, split: str, name: str, score: float, output: Mapping[str, Any]) -> None:
        """Draw an image if it is among the best or worst so far.

        Args:
            split: split of the image.
            name: name of the image.
            score: main score of the image.
            output: output of the evaluator, with ``image``, ``pred`` and ``label``.
        """
        kept = self._kept.setdefault(split, [])
        worst = _worst(self.most)
        full = len(kept) >= self.most
        if not math.isfinite(score) or (full and kept[worst - 1].score <= score <= kept[worst].score):
            return
        kept.append(Scored(score, self.view.show(name, output, score)))
        kept.sort(key=lambda scored: scored.score)
        if full:
            del kept[worst]

    def by_split(self) -> dict[str, list[Comparison]]:
        """Return the pictures of every split from worst to best, together at most ``most``."""
        left, pictures = self.most, {}
        for number, (split, kept) in enumerate(sorted(self._kept.items(), key=lambda item: len(item[1]))):
            share = left // (len(self._kept) - number)  # large splits get what small splits do not need
            ends = kept if len(kept) <= share else [*kept[: _worst(share)], *kept[_worst(share) - share :]]
            pictures[split] = [scored.comparison for scored in ends]
            left -= len(ends)
        return pictures


def _worst(most: int) -> int:
    """Return the number of pictures of worst images among ``most`` pictures."""
    return most * 2 // 3
