"""Colors of tracks that show the identity and the family of a cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from skimage.color import hsv2rgb

from ..ctc._format import Track
from ..ctc._lineage import Lineage

Color: TypeAlias = tuple[int, int, int]
"""Red, green and blue from 0 to 255."""

# Between families the hue changes by the golden ratio, which separates any number of hues. Saturation and value have
# other step sizes, because the hues of families 8, 13 or 21 labels apart are similar.
_HUE_STEP, _SATURATION_STEP, _VALUE_STEP = 0.618034, 0.494, 0.821
_DAUGHTER_HUE_SPREAD = 0.13  # fraction of the color circle between the daughters of a first division
_SPREAD_FACTOR = 0.7  # from one generation to the next


def track_colors(tracks: Iterable[Track]) -> dict[int, Color]:
    """Return the color of each track, derived from its label or from the color of its mother.

    A cell keeps its color over a gap. The hues of daughters are on both sides of the hue of the mother; one daughter is
    lighter, one darker.

    Args:
        tracks: all tracks of a sequence, in any order.

    Examples:
        >>> colors = track_colors([Track(1, 0, 3), Track(2, 6, 9, parent=1), Track(3, 0, 9)])
        >>> colors[1] == colors[2], colors[1] == colors[3]  # track 2 continues track 1 after a gap
        (True, False)
    """
    lineage = Lineage(tracks)
    hsv: dict[int, tuple[float, float, float]] = {}
    spreads: dict[int, float] = {}
    for label in lineage:
        parent = lineage.parent(label)
        if parent is None:
            hsv[label], spreads[label] = _root_color(label), _DAUGHTER_HUE_SPREAD
        elif lineage.continues(label):
            hsv[label], spreads[label] = hsv[parent], spreads[parent]
        else:
            sisters = lineage.children[parent]
            position = sisters.index(label)
            side = position / (len(sisters) - 1) - 0.5
            saturation, value = ((1.0, 0.75), (0.5, 1.0))[position % 2]
            hsv[label] = ((hsv[parent][0] + side * spreads[parent]) % 1, saturation, value)
            spreads[label] = spreads[parent] * _SPREAD_FACTOR
    return {label: _rgb(hsv[label]) for label in sorted(hsv)}


def _root_color(label: int) -> tuple[float, float, float]:
    step = label - 1
    saturation = 1 - 0.4 * ((step * _SATURATION_STEP) % 1)
    value = 1 - 0.3 * ((step * _VALUE_STEP) % 1)
    return (0.07 + step * _HUE_STEP) % 1, saturation, value


def _rgb(hsv: tuple[float, float, float]) -> Color:
    red, green, blue = np.rint(hsv2rgb(np.array(hsv)) * 255).astype(int).tolist()
    return red, green, blue
