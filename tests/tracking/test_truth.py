"""Cells of the truth in the margin that a tracking run leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from custom.tracking import LabelSequence
from custom.tracking.run._truth import MovieTruth


def labels(*corners: tuple[int, int]) -> LabelSequence:
    """Return a movie (40 × 30 pixels) of a cell of 4 × 4 pixels, given its upper left corner in each frame."""

    def read(frame: int) -> np.ndarray:
        page = np.zeros((40, 30), np.uint16)
        top, left = corners[frame]
        page[top : top + 4, left : left + 4] = 1
        return page

    return LabelSequence(range(len(corners)), {}, read)


@pytest.mark.parametrize(
    ("corners", "frames", "margin", "expected"),
    [
        ([(10, 10), (20, 12)], range(2), 5, False),
        ([(10, 10), (20, 1)], range(2), 5, True),
        ([(10, 10), (36, 12)], range(2), 5, True),
        ([(10, 10), (20, 2)], range(2), 5, False),  # part of it is further inside
        ([(10, 10), (20, 1)], range(1), 5, False),  # another part of the movie
        ([(0, 0)], range(1), 0, False),
    ],
)
def test_cells_in_the_margin(corners: list[tuple[int, int]], frames: range, margin: int, expected: bool) -> None:
    cells = labels(*corners)
    assert MovieTruth(cells, [], None, None).has_cells_in_margin(frames, margin) == expected
    assert MovieTruth(None, [], cells, None).has_cells_in_margin(frames, margin) == expected
