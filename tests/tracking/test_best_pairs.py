"""Best one-to-one pairing: known answers, edge cases, comparison with a dense solver."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from custom.tracking.linking._assignment import best_pairs


def choose(*pairs: tuple[int, int, float]) -> list[bool]:
    rows, columns, weights = zip(*pairs, strict=True)
    return best_pairs(np.array(rows), np.array(columns), np.array(weights, float)).tolist()


def test_known_answers() -> None:
    """Two good pairs beat the best single pair; indices are arbitrary, and some members stay unpaired."""
    assert choose((70, 5, 3.0), (70, 9, 2.0), (8, 5, 2.0)) == [False, True, True]
    assert choose((70, 5, 5.0), (70, 9, 2.0), (8, 5, 2.0)) == [True, False, False]
    assert choose((1, 1, 0.5), (2, 1, 0.6), (3, 1, 0.4)) == [False, True, False]


def test_no_pairs() -> None:
    nothing = np.zeros(0, np.int64)
    assert best_pairs(nothing, nothing, np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("seed", range(20))
def test_a_dense_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((12, 9)) < 0.4, rng.random((12, 9)), 0)
    rows, columns = np.nonzero(table)
    chosen = best_pairs(rows, columns, table[rows, columns])
    assert table[rows, columns][chosen].sum() == pytest.approx(table[linear_sum_assignment(-table)].sum())
    assert all(np.unique(side[chosen]).size == chosen.sum() for side in (rows, columns))
