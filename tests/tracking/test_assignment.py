"""Assignment compared with brute force and a dense solver; confidence of links."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from custom.tracking.linking._assignment import assign, confidences
from custom.tracking.linking._candidates import Candidates


def random_pairs(rng: np.random.Generator, largest: int) -> Candidates:
    """Return a random subset of the pairs of up to `largest` cells on each side."""
    sizes = rng.integers(1, largest + 1, 2)
    return Candidates(*np.nonzero(rng.random(sizes) < rng.choice([0.2, 0.5, 1.0])))


def cost(pairs: Candidates, costs: np.ndarray, chosen: np.ndarray, max_cost: float) -> float:
    """Return the total cost of all links and of all sources without a link."""
    return costs[chosen].sum() + max_cost * (np.unique(pairs.sources).size - chosen.sum())


def test_known_answers() -> None:
    pairs = Candidates(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    greedy_is_wrong = np.array([0.1, 0.2, 0.2, 0.9])  # the cheapest link leaves the dearest
    assert assign(pairs, greedy_is_wrong, 1.0).tolist() == [False, True, True, False]
    assert assign(pairs, greedy_is_wrong, 0.2).tolist() == [True, False, False, False]
    assert assign(pairs, greedy_is_wrong, 0.1).tolist() == [False] * 4
    assert assign(pairs, np.array([0.0, 0.0, 0.0, 0.0]), 1.0).sum() == 2


@pytest.mark.parametrize("seed", range(40))
def test_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs, max_cost = random_pairs(rng, 4), 0.7
    costs = rng.choice([0.0, 0.2, 0.4, 0.6, 0.8], len(pairs)) if seed % 2 else rng.random(len(pairs))
    table = np.full((4, 8), max_cost)  # four columns represent no link
    table[pairs.sources, pairs.targets] = costs
    rows = np.unique(pairs.sources)
    least = min((table[rows, list(way)].sum() for way in permutations(range(8), rows.size)), default=0)
    assert cost(pairs, costs, assign(pairs, costs, max_cost), max_cost) == pytest.approx(least)


@pytest.mark.parametrize("seed", range(40))
def test_a_dense_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs, max_cost = random_pairs(rng, 30), rng.choice([0.3, 0.8, 1.0])
    costs = rng.random(len(pairs))
    chosen = assign(pairs, costs, max_cost)
    gains = np.zeros((30, 30))
    gains[pairs.sources, pairs.targets] = np.maximum(max_cost - costs, 0)
    assert (max_cost - costs)[chosen].sum() == pytest.approx(gains[linear_sum_assignment(gains, maximize=True)].sum())
    for column in (pairs.sources, pairs.targets):
        assert np.unique(column[chosen]).size == chosen.sum()
    assert (costs[chosen] < max_cost).all()


def test_no_pairs() -> None:
    nothing = Candidates(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert assign(nothing, np.zeros(0), 1.0).shape == confidences(nothing, np.zeros(0), 1.0).shape == (0,)


def test_confidence() -> None:
    pairs = Candidates(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 3]))
    sure = confidences(pairs, np.array([0.0, 0.3, 0.3, 0.8]), 0.8)
    assert sure[0] > 0.999  # no alternatives
    assert sure[1] == sure[2] == pytest.approx(0.5, abs=0.001)  # two equal alternatives
    assert sure[3] == 0.5  # equal to no link
    shared = confidences(Candidates(np.array([0, 1]), np.array([0, 0])), np.array([0.3, 0.3]), 0.8)
    assert shared == pytest.approx([0.5, 0.5], abs=0.001)  # two sources of one target
