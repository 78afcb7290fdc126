"""Colours that stay with a cell, and show whose daughter it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from skimage.color import hsv2rgb

from ..ctc._tracks import Track
from ._lineage import Lineage

Color: TypeAlias = tuple[int, int, int]
"""Red, green and blue from 0 to 255."""

# From one family to the next, hue goes on by the golden ratio, which keeps any number of them apart; saturation and
# value go on by steps of their own, so that families 8, 13 or 21 apart, which come close in hue, differ too.
_HUE_STEP, _SATURATION_STEP, _VALUE_STEP = 0.618034, 0.494, 0.821
_FAN = 0.13  # of the colour circle, between the two daughters of a first division; less in each generation
_NARROWING = 0.7


def track_colors(tracks: Iterable[Track]) -> dict[int, Color]:
    """Return the colour of each track: by its label alone, or near to its mother's.

    A cell keeps its colour over a gap. Its daughters lie on both sides of its hue, one lighter, one darker.

    Args:
        tracks: of a whole sequence, in any order.
    """
    lineage = Lineage(tracks)
    hsv: dict[int, tuple[float, float, float]] = {}
    fans: dict[int, float] = {}
    for label in lineage:
        parent = lineage.parent(label)
        if parent is None:
            hsv[label], fans[label] = _of_root(label), _FAN
        elif lineage.continues(label):
            hsv[label], fans[label] = hsv[parent], fans[parent]
        else:
            sisters = lineage.children[parent]
            place = sisters.index(label)
            side = place / (len(sisters) - 1) - 0.5
            saturation, value = ((1.0, 0.75), (0.5, 1.0))[place % 2]
            hsv[label] = ((hsv[parent][0] + side * fans[parent]) % 1, saturation, value)
            fans[label] = fans[parent] * _NARROWING
    return {label: _rgb(hsv[label]) for label in sorted(hsv)}


def _of_root(label: int) -> tuple[float, float, float]:
    step = label - 1
    saturation = 1 - 0.4 * ((step * _SATURATION_STEP) % 1)
    value = 1 - 0.3 * ((step * _VALUE_STEP) % 1)
    return (0.07 + step * _HUE_STEP) % 1, saturation, value


def _rgb(hsv: tuple[float, float, float]) -> Color:
    red, green, blue = np.rint(hsv2rgb(np.array(hsv)) * 255).astype(int).tolist()
    return red, green, blue
