"""Integer linear program: an advantage over the assignment, comparison with brute force, real truth."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from drawn_cells import colony, draw, lines, link

from custom.errors import InputError
from custom.tracking import LinkingSettings, open_labels
from custom.tracking._fitting import AnnotatedSequence
from custom.tracking.linking._candidates import Candidates

MOTHER = (20, 20, 12, 20)
DAUGHTERS = {3: (20, 14, 12, 10), 4: (20, 36, 12, 10)}


def test_without_motile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "motile", None)
    monkeypatch.delitem(sys.modules, "custom.tracking.linking._ilp", raising=False)
    with pytest.raises(InputError, match="ilp without the package motile"):
        link([draw(DAUGHTERS)] * 2, LinkingSettings(solver="ilp"))


def test_a_poor_link_takes_no_daughter_from_her_mother() -> None:
    """A cell vanishes next to a division; with one-to-one links first, it is linked to the second daughter."""
    pytest.importorskip("motile")
    movie = [draw({1: MOTHER, 2: (36, 42, 12, 10)}), draw(DAUGHTERS)]
    settings = LinkingSettings(max_distance=25, overlap_weight=0.5)
    assert lines(link(movie, settings)) == [(1, 0, 1, 0), (2, 0, 1, 0)]
    jointly = LinkingSettings(max_distance=25, overlap_weight=0.5, solver="ilp")
    assert lines(link(movie, jointly)) == [(1, 0, 0, 0), (2, 0, 0, 0), (3, 1, 1, 1), (4, 1, 1, 1)]


@pytest.mark.parametrize("seed", range(4))
def test_both_solvers_agree_on_simple_movies(seed: int) -> None:
    pytest.importorskip("motile")
    assert link(colony(seed), LinkingSettings(solver="ilp")) == link(colony(seed))


@pytest.mark.parametrize("seed", range(12))
def test_brute_force(seed: int) -> None:
    pytest.importorskip("motile")
    from custom.tracking.linking._ilp import maximize_gains

    rng = np.random.default_rng(seed)
    pairs = Candidates(*np.nonzero(rng.random((3, 3)) < 0.7))
    gains = rng.uniform(-0.5, 1, len(pairs))
    trios = [
        c for c in combinations(range(len(pairs)), 2) if len(set(pairs.sources[list(c)])) == 1 and rng.random() < 0.5
    ]
    trios_array = np.array(trios, np.int64).reshape(-1, 2)
    division_gains = rng.uniform(0, 2, len(trios))
    linked, divided = maximize_gains(pairs, gains, trios_array, division_gains)
    options = [((pair,), gain) for pair, gain in enumerate(gains)] + list(zip(trios, division_gains, strict=True))
    best = max(
        sum(gain for _, gain in chosen)
        for count in range(4)
        for chosen in combinations(options, count)
        if _compatible(pairs, [option for option, _ in chosen])
    )
    assert gains[linked].sum() + division_gains[divided].sum() == pytest.approx(best, abs=1e-5)
    assert _compatible(
        pairs, [(pair,) for pair in np.flatnonzero(linked)] + [trios[place] for place in np.flatnonzero(divided)]
    )


def _compatible(pairs: Candidates, options: list[tuple[int, ...]]) -> bool:
    """Return whether no cell is in two of the links or divisions."""
    sources = [pairs.sources[option[0]] for option in options]
    targets = [pairs.targets[pair] for option in options for pair in option]
    return len(set(sources)) == len(sources) and len(set(targets)) == len(targets)


def test_real_truth(real_data: Path) -> None:
    pytest.importorskip("motile")
    truth = real_data / "DIC-C2DH-HeLa" / "01_GT"
    masks = open_labels(real_data / "DIC-C2DH-HeLa" / "01_ST")
    sequence = AnnotatedSequence(masks, open_labels(truth), truth / "TRA" / "man_track.txt")
    assert sequence.lnk(LinkingSettings(solver="ilp")) >= 0.965
