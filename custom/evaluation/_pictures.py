"""The best and the worst images of an evaluation: pictures of a limited number, kept while it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..html import MOST_PICTURES, Comparison
from ._views import View


class Scored(NamedTuple):
    """A picture of an image, and what the image is worth."""

    score: float
    comparison: Comparison


class Pictures:
    """Keeps pictures of the best and of the worst images of every split.

    Two thirds of those that are kept are the worst. An image without a score has no picture.

    Args:
        view: how they are shown and ordered.
        most: number of pictures of all splits.
    """

    def __init__(self, view: View, most: int = MOST_PICTURES) -> None:
        self.view = view
        self.most = most
        self._kept: dict[str, list[Scored]] = {}

    def offer(self, split: str, name: str, score: float, output: Mapping[str, Any]) -> None:
        """Draw an image and keep the picture, if it is among the best or the worst so far.

        Args:
            split: its split.
            name: of the image.
            score: the main score.
            output: of the evaluator, with ``image``, ``pred`` and ``label``.
        """
        kept = self._kept.setdefault(split, [])
        worst = _worst(self.most)
        full = len(kept) >= self.most
        if not math.isfinite(score) or (full and kept[worst - 1].score <= score <= kept[worst].score):
            return
        kept.append(Scored(score, self.view.show(name, output, score)))
        kept.sort(key=lambda one: one.score)
        if full:
            del kept[worst]

    def chosen(self) -> dict[str, list[Comparison]]:
        """Return the pictures of every split, from the worst to the best; altogether no more than `most`."""
        left, chosen = self.most, {}
        for number, (split, kept) in enumerate(sorted(self._kept.items(), key=lambda item: len(item[1]))):
            share = left // (len(self._kept) - number)  # small splits leave of theirs to large ones
            ends = kept if len(kept) <= share else [*kept[: _worst(share)], *kept[_worst(share) - share :]]
            chosen[split] = [one.comparison for one in ends]
            left -= len(ends)
        return chosen


def _worst(most: int) -> int:
    """Return how many of so many pictures are of the worst images."""
    return most * 2 // 3
