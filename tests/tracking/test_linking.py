"""Linking: known answers for moves, crossings, divisions, gaps and merges; invariances; edge cases; real truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_cells import Box, colony, draw, lines, link

from custom.errors import InputError
from custom.tracking import (
    Linker,
    LinkingSettings,
    Matcher,
    Merge,
    branching_correctness,
    compare_graphs,
    open_labels,
    read_tracks,
)

STILL: Box = (10, 10, 12, 12)
FAR: Box = (44, 44, 10, 10)


# ---------------------------------------------------------------------------------------------------------------- moves


def test_a_cell_that_moves_is_one_track() -> None:
    tracking = link([draw({5: (10, 10 + 4 * step, 12, 12)}) for step in range(4)])
    assert lines(tracking) == [(1, 0, 3, 0)]
    assert tracking.labels == {frame: {5: 1} for frame in range(4)}
    assert tracking.centroids[2] == {1: (15.5, 23.5)}
    assert [(*link[:4], link.kind) for link in tracking.links] == [(n, 1, n + 1, 1, "move") for n in range(3)]
    assert all(link.confidence > 0.9 for link in tracking.links)


def test_a_cell_that_jumps_too_far_is_another() -> None:
    assert lines(link([draw({1: STILL}), draw({1: FAR})])) == [(1, 0, 0, 0), (2, 1, 1, 0)]
    assert lines(link([draw({1: STILL}), draw({1: FAR})], LinkingSettings(max_distance=80))) == [(1, 0, 1, 0)]


def test_two_cells_pass_each_other() -> None:
    """Labels are swapped in every frame, and the cells pass one above the other."""
    right, left = (10, 18, 26, 34, 42), (42, 34, 26, 18, 10)
    movie = []
    for step, (first, second) in enumerate(zip(right, left, strict=True)):
        one, other = (1, 2) if step % 2 else (2, 1)
        movie.append(draw({one: (20, first, 10, 16), other: (30, second, 10, 16)}, (60, 90)))
    tracking = link(movie, LinkingSettings(max_distance=30))
    assert lines(tracking) == [(1, 0, 4, 0), (2, 0, 4, 0)]
    assert [tracking.centroids[frame][1][1] for frame in range(5)] == [column + 7.5 for column in right]


def test_cells_that_cross_are_told_apart_by_their_areas() -> None:
    """The large cell moves right, the small cell left; by distance alone they would be confused."""
    large, small = (4, 4, 20, 20), (12, 40, 6, 6)
    movie = [draw({1: large, 2: small}), draw({1: (4, 30, 20, 20), 2: (12, 14, 6, 6)})]
    settings = LinkingSettings(max_distance=40, overlap_weight=0, area_weight=3)
    assert link(movie, settings).labels[1] == {1: 1, 2: 2}
    assert link(movie, LinkingSettings(max_distance=40, overlap_weight=0, area_weight=0)).labels[1] == {1: 2, 2: 1}


def test_cells_are_told_apart_by_their_brightness() -> None:
    labels = draw({1: (10, 4, 10, 10), 2: (10, 24, 10, 10)})
    later = draw({1: (10, 14, 10, 10), 2: (10, 34, 10, 10)})  # the nearest cell is wrong for one of them
    noise = np.random.default_rng(0).normal(0, 1, labels.shape)
    image = np.where(labels == 1, 100, 20) + noise
    later_image = np.where(later == 1, 20, 100) + noise
    for weight, expected in ((0, {1: 1, 2: 2}), (5, {1: 2, 2: 1})):
        linker = Linker(LinkingSettings(max_distance=40, appearance_weight=weight))
        linker.add(0, labels, image)
        linker.add(1, later, later_image)
        assert linker.finish().labels[1] == expected


def test_an_ambiguous_link_has_low_confidence() -> None:
    """A cell at equal distance from two later cells has a link of low confidence; an isolated cell has not."""
    before = draw({1: (25, 25, 10, 10), 2: (48, 2, 10, 10)})
    after = draw({1: (25, 19, 10, 6), 2: (25, 35, 10, 6), 3: (48, 2, 10, 10)})
    tracking = link([before, after], LinkingSettings(division_threshold=1))
    by_source = {link.label: link.confidence for link in tracking.links}
    assert 0.3 < by_source[1] < 0.5
    assert by_source[2] > 0.95


# ------------------------------------------------------------------------------------------------------------ divisions

MOTHER: Box = (20, 20, 12, 20)
DAUGHTERS: dict[int, Box] = {3: (20, 14, 12, 10), 4: (20, 36, 12, 10)}


def test_a_division() -> None:
    movie = [draw({1: MOTHER}), draw({7: MOTHER}), draw(DAUGHTERS), draw(DAUGHTERS)]
    tracking = link(movie)
    assert lines(tracking) == [(1, 0, 1, 0), (2, 2, 3, 1), (3, 2, 3, 1)]
    divisions = [link for link in tracking.links if link.kind == "division"]
    assert [link[:4] for link in divisions] == [(1, 1, 2, 2), (1, 1, 2, 3)]
    assert all(link.confidence > 0.5 for link in divisions)
    assert lines(link(movie, LinkingSettings(division_threshold=1))) == [(1, 0, 3, 0), (2, 2, 3, 0)]


def test_daughters_of_a_mother_that_is_linked_to_neither() -> None:
    """Each daughter differs too much from the mother for a link, but together they resemble her."""
    movie = [draw({1: MOTHER}), draw(DAUGHTERS)]
    assert lines(link(movie, LinkingSettings(max_cost=0.2))) == [(1, 0, 0, 0), (2, 1, 1, 1), (3, 1, 1, 1)]


def test_a_newcomer_beside_a_cell_makes_no_division() -> None:
    """The cell keeps its area, and the new cell is outside it."""
    movie = [draw({1: MOTHER}), draw({1: MOTHER, 2: (20, 41, 12, 12)})]
    assert lines(link(movie)) == [(1, 0, 1, 0), (2, 1, 1, 0)]


def test_a_newcomer_beside_a_division_is_not_taken_for_a_daughter() -> None:
    movie = [draw({1: MOTHER}), draw(DAUGHTERS | {9: (36, 26, 10, 10)})]
    tracking = link(movie)
    daughters = {track.label for track in tracking.tracks if track.parent == 1}
    assert {label for label, name in tracking.labels[1].items() if name in daughters} == {3, 4}
    assert [track.parent for track in tracking.tracks if track.label not in daughters] == [0, 0]


def test_two_divisions_side_by_side() -> None:
    lower = {5: (34, 14, 12, 10), 6: (34, 36, 12, 10)}
    tracking = link([draw({1: MOTHER, 2: (34, 20, 12, 20)}), draw(DAUGHTERS | lower)])
    parents = {label: tracking.tracks[name - 1].parent for label, name in tracking.labels[1].items()}
    assert parents[3] == parents[4] != parents[5] == parents[6]
    assert set(parents.values()) == {1, 2}


def test_a_daughter_that_does_not_live_is_no_daughter() -> None:
    movie = [draw({1: MOTHER}), draw(DAUGHTERS), draw({3: DAUGHTERS[3]}), draw({3: DAUGHTERS[3]})]
    assert lines(link(movie)) == [(1, 0, 0, 0), (2, 1, 3, 1), (3, 1, 1, 1)]
    assert lines(link(movie, LinkingSettings(min_length=2))) == [(1, 0, 3, 0)]


def test_a_daughter_that_divides_at_once_lives() -> None:
    grand = {5: (20, 34, 12, 5), 6: (20, 43, 12, 5)}
    movie = [draw({1: MOTHER}), draw(DAUGHTERS), draw({3: DAUGHTERS[3]} | grand), draw({3: DAUGHTERS[3]} | grand)]
    expected = [(1, 0, 0, 0), (2, 1, 3, 1), (3, 1, 1, 1), (4, 2, 3, 3), (5, 2, 3, 3)]
    assert lines(link(movie, LinkingSettings(min_length=2))) == expected


# ---------------------------------------------------------------------------------------------------- gaps, lone frames


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_gap_is_closed_up_to_its_length(missing: int) -> None:
    movie = [draw({1: STILL}), *[draw({})] * missing, draw({4: STILL})]
    for max_gap in range(5):
        tracking = link(movie, LinkingSettings(max_gap=max_gap))
        closed = max_gap >= missing
        assert lines(tracking) == [(1, 0, 0, 0), (2, missing + 1, missing + 1, int(closed))]
        assert [link.kind for link in tracking.links] == ["gap"] * closed


def test_of_two_cells_that_come_back_each_goes_on_as_itself() -> None:
    movie = [draw({1: STILL, 2: FAR}), draw({}), draw({1: FAR, 2: STILL})]
    tracking = link(movie)
    assert {tracking.labels[2][1]: 2, tracking.labels[2][2]: 1} == {t.label: t.parent for t in tracking.tracks[2:]}


def test_a_lonely_frame_can_be_left_out() -> None:
    movie = [draw({1: STILL}), draw({1: STILL, 2: FAR}), draw({1: STILL}), draw({1: STILL, 2: FAR})]
    assert len(link(movie, LinkingSettings(max_gap=0)).tracks) == 3
    tracking = link(movie, LinkingSettings(max_gap=0, min_length=2))
    assert lines(tracking) == [(1, 0, 3, 0), (2, 3, 3, 0)]  # the second track is cut off by the last frame
    assert tracking.labels[1] == {1: 1}
    assert tracking.centroids[1].keys() == {1}
    assert len(link(movie, LinkingSettings(max_gap=1, min_length=2)).tracks) == 3  # with a child it is not isolated


# --------------------------------------------------------------------------------------------------------------- merges

LEFT: Box = (20, 10, 12, 12)
RIGHT: Box = (20, 24, 12, 10)
BOTH: Box = (20, 11, 12, 22)


def test_two_cells_that_are_one_for_two_frames() -> None:
    apart, together = draw({1: LEFT, 2: RIGHT}), draw({3: BOTH})
    tracking = link([apart, apart, together, together, apart, apart], LinkingSettings(max_gap=2))
    assert tracking.merges == [Merge(frame=2, labels=(1, 2), into=1, until=3)]
    assert lines(tracking) == [(1, 0, 5, 0), (2, 0, 1, 0), (3, 4, 5, 2)]  # a gap, not a division
    short = link([apart, apart, together, together, apart, apart], LinkingSettings(max_gap=0))
    assert short.merges == tracking.merges
    assert lines(short) == [(1, 0, 5, 0), (2, 0, 1, 0), (3, 4, 5, 0)]


def test_cells_that_merge_for_good_and_a_division_are_no_merges() -> None:
    apart, together = draw({1: LEFT, 2: RIGHT}), draw({3: BOTH})
    assert link([apart, together, together]).merges == []
    assert link([together, apart, apart]).merges == []
    assert [track.parent for track in link([together, apart]).tracks] == [0, 1, 1]


def test_a_fragment_that_was_seen_once_hides_no_division() -> None:
    split = draw({1: (20, 20, 12, 16), 2: (20, 36, 12, 4)})
    tracking = link([split, draw({1: MOTHER}), draw({1: MOTHER}), draw(DAUGHTERS)])
    assert tracking.merges == []
    assert [track.parent for track in tracking.tracks if track.begin == 3] == [1, 1]


# ---------------------------------------------------------------------------------------------------------- invariances


@pytest.mark.parametrize("seed", range(5))
def test_labels_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    movie = colony(seed)
    names = [np.concatenate(([0], rng.permutation(np.arange(1, 60000))[:11])).astype(np.uint16) for _ in movie]
    one, other = link(movie), link([name[labels] for name, labels in zip(names, movie, strict=True)])
    assert (other.tracks, other.links, other.merges, other.centroids) == (
        one.tracks,
        one.links,
        one.merges,
        one.centroids,
    )
    for frame, name in enumerate(names):
        assert {int(name[label]): track for label, track in one.labels[frame].items()} == other.labels[frame]


def test_labels_of_a_cell_and_one_around_it_do_not_matter() -> None:
    """Both have the same centroid; the smaller cell is the first track."""
    labels = draw({1: (10, 10, 30, 30)})
    labels[18:32, 18:32] = 2
    swapped = np.array([0, 2, 1], np.uint16)[labels]
    assert link([labels, swapped]).labels == {0: {2: 1, 1: 2}, 1: {1: 1, 2: 2}}
    assert link([swapped, labels]).labels == {0: {1: 1, 2: 2}, 1: {2: 1, 1: 2}}


def test_the_same_twice() -> None:
    assert link(colony(0)) == link(colony(0))


def test_the_colony_has_its_division_and_its_gap() -> None:
    tracking = link(colony(3))
    assert sorted(link.kind for link in tracking.links if link.kind != "move") == ["division", "division", "gap"]
    assert len(tracking.tracks) == 9 + 2 + 1


def test_frame_numbers_may_begin_anywhere() -> None:
    one, other = link(colony(1)), link(colony(1), first=7)
    assert [(t.label, t.begin + 7, t.end + 7, t.parent) for t in one.tracks] == lines(other)
    assert list(other.labels) == list(range(7, 13))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int64])
def test_types_do_not_matter(dtype: type) -> None:
    assert link([labels.astype(dtype) for labels in colony(2)]) == link(colony(2))


def test_volumes() -> None:
    """A cell moves by one slice; the slice distance is five times the pixel size."""
    first, second = np.zeros((2, 8, 30, 30), np.uint16)
    first[1:4, 5:15, 5:15], second[2:5, 5:15, 5:15] = 1, 9
    first[1:4, 20:28, 20:28], second[1:4, 20:28, 20:28] = 2, 5
    tracking = link([first, second], LinkingSettings(spacing=(5, 1, 1)))
    assert lines(tracking) == [(1, 0, 1, 0), (2, 0, 1, 0)]
    assert tracking.centroids[1] == {1: (3, 9.5, 9.5), 2: (2, 23.5, 23.5)}
    with pytest.raises(InputError, match=r"spacing: found 2 numbers, expected 3"):
        link([first], LinkingSettings(spacing=(5, 1)))


def test_points() -> None:
    rng = np.random.default_rng(0)
    places = rng.permutation(np.stack(np.meshgrid(np.arange(20), np.arange(20)), axis=-1).reshape(-1, 2)) * 30.0
    order = rng.permutation(400)
    linker = Linker(LinkingSettings(max_distance=20))
    linker.add_points(0, places)
    linker.add_points(1, places[order] + rng.uniform(-5, 5, places.shape))
    tracking = linker.finish()
    assert len(tracking.tracks) == 400
    first, second = tracking.labels[0], tracking.labels[1]
    assert all(second[place + 1] == first[source + 1] for place, source in enumerate(order.tolist()))


def test_points_without_areas_need_a_distance() -> None:
    with pytest.raises(ValueError, match="diameter"):
        Linker(LinkingSettings()).add_points(0, np.zeros((1, 2)))


# ---------------------------------------------------------------------------------------------------------------- edges


def test_nothing_at_all() -> None:
    assert Linker(LinkingSettings()).finish().tracks == []
    for count in (1, 3):
        tracking = link([draw({})] * count)
        assert (tracking.tracks, tracking.links, tracking.merges) == ([], [], [])
        assert tracking.labels == {frame: {} for frame in range(count)}


def test_one_frame() -> None:
    tracking = link([draw({4: STILL, 2: FAR})], LinkingSettings(min_length=5))
    assert lines(tracking) == [(1, 0, 0, 0), (2, 0, 0, 0)]
    assert tracking.labels == {0: {4: 1, 2: 2}}


def test_empty_frames_around_cells() -> None:
    assert lines(link([draw({}), draw({1: STILL}), draw({1: STILL}), draw({}), draw({})])) == [(1, 1, 2, 0)]


def test_cells_at_the_border_and_cells_in_parts() -> None:
    cells = draw({1: (0, 0, 10, 10), 2: (50, 50, 10, 10)})
    cells[0:10, 50:60] = 1  # second part of cell 1
    assert lines(link([cells, cells])) == [(1, 0, 1, 0), (2, 0, 1, 0)]


def test_invalid_frames() -> None:
    linker = Linker(LinkingSettings())
    linker.add(3, draw({1: STILL}))
    with pytest.raises(ValueError, match="frame 5 does not follow frame 3"):
        linker.add(5, draw({}))
    with pytest.raises(ValueError, match="shape"):
        linker.add(4, np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match="shape"):
        Linker(LinkingSettings()).add(0, draw({}), np.zeros((3, 3)))
    with pytest.raises(TypeError, match="float"):
        Linker(LinkingSettings()).add(0, np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_distance", 0),
        ("area_weight", -1),
        ("max_cost", 1.1),
        ("division_threshold", 2),
        ("max_gap", -1),
        ("min_length", 0),
        ("max_gap", 1.5),
        ("max_cost", "high"),
        ("overlap_weight", float("nan")),
        ("spacing", (1, 0)),
        ("spacing", [1]),
        ("solver", "magic"),
    ],
)
def test_settings_out_of_range(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{name}: found"):
        LinkingSettings(**{name: value})


# ----------------------------------------------------------------------------------------------------------- real truth


@pytest.mark.parametrize(
    ("truth", "masks", "least_lnk", "least_bc"),
    [
        ("DIC-C2DH-HeLa/01_GT", "DIC-C2DH-HeLa/01_ST", 0.965, 0.80),
        ("Fluo-N2DH-SIM+/01_GT", "Fluo-N2DH-SIM+/01_GT", 0.98, 0.80),
    ],
)
def test_linking_true_masks(real_data: Path, truth: str, masks: str, least_lnk: float, least_bc: float) -> None:
    """Labels are permuted in each frame and therefore uninformative."""
    rng = np.random.default_rng(0)
    reference, linker, permuted = open_labels(real_data / truth), Linker(LinkingSettings()), {}
    for frame, labels in open_labels(real_data / masks):
        permuted[frame] = rng.permutation(np.arange(1, 1 + labels.max())).astype(labels.dtype)
        permuted[frame] = np.concatenate(([0], permuted[frame])).astype(labels.dtype)[labels]
        linker.add(frame, permuted[frame])
    tracking, matcher = linker.finish(), Matcher()
    for frame, labels in permuted.items():
        table = np.zeros(int(labels.max()) + 1, np.uint16)
        table[list(tracking.labels[frame])] = list(tracking.labels[frame].values())
        matcher.add(frame, table[labels], reference.read(frame))
    tracks = read_tracks(real_data / truth / "TRA" / "man_track.txt")
    matching = matcher.finish((truth, tracks), ("result", tracking.tracks))
    assert compare_graphs(matching).lnk >= least_lnk
    assert branching_correctness(matching, 1) >= least_bc
