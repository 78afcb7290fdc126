"""Measures of tracks: known answers for small movies, literal definitions, properties, error messages."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from movies import sequence, two_divisions_in_a_row
from scipy.optimize import linear_sum_assignment

from custom import tracking
from custom.tracking import SequenceScores, Track, score_sequence, sequence_of
from custom.tracking.measures._acyclic import links
from custom.tracking.measures._identity import identities
from custom.tracking.measures._matching import MovieObjects, Overlaps, join_matchings


def masks(*rows: str) -> list[np.ndarray]:
    """Return a frame (1, W) for each row of one-digit labels."""
    return [np.array([[int(label) for label in row]], np.uint16) for row in rows]


def tracks_of(frames: Sequence[np.ndarray], parents: Mapping[int, int] | None = None) -> list[Track]:
    """Return a track for each label, from its first to its last frame."""
    tracks = []
    for label in sorted(set(np.unique(np.stack(frames)).tolist()) - {0}):
        there = [frame for frame, mask in enumerate(frames) if (mask == label).any()]
        tracks.append(Track(label, there[0], there[-1], (parents or {}).get(label, 0)))
    return tracks


def score(
    truth: Sequence[str],
    result: Sequence[str],
    true_parents: Mapping[int, int] | None = None,
    parents: Mapping[int, int] | None = None,
) -> SequenceScores:
    true_masks, found = masks(*truth), masks(*result)
    true_tracks, tracks = tracks_of(true_masks, true_parents), tracks_of(found, parents)
    return score_sequence(sequence_of(true_masks), true_tracks, sequence_of(found), tracks)


# ------------------------------------------------------------------------------------- known answers: DET, LNK and TRA

TWO_CELLS = ("111022200", "111022200", "111022200")  # 6 objects and 4 links: 60 and 6 to make them from nothing


@pytest.mark.parametrize(
    ("result", "parents", "det", "lnk", "tra", "kinds"),
    [
        (TWO_CELLS, {}, 1, 1, 1, {}),
        (("777055500",) * 3, {}, 1, 1, 1, {}),
        (("110022200",) * 3, {}, 1, 1, 1, {}),  # two thirds are covered
        (  # an object is missed, and with it the links to and from it
            ("111022200", "111000000", "111033300"),
            {},
            1 - 10 / 60,
            1 - 3 / 6,
            1 - 13 / 66,
            {"missed": 1, "missed link": 2},
        ),
        (("111022200", "111022203", "111022200"), {}, 1 - 1 / 60, 1, 1 - 1 / 66, {"extra": 1}),
        (  # the cells are merged in a frame: no unique match
            ("111022200", "111111100", "111033300"),
            {},
            1 - 5 / 60,
            0,
            1 - 11 / 66,
            {"merged": 1, "missed link": 4},
        ),
        (  # a cell in two parts, neither more than half of it
            ("111022200", "111022200", "014022200"),
            {},
            1 - 12 / 60,
            1 - 1.5 / 6,
            1 - 13.5 / 66,
            {"missed": 1, "extra": 2, "missed link": 1},
        ),
        (  # swapped in the last frame
            ("111022200", "111022200", "222011100"),
            {},
            1,
            1 - (2 * 1 + 2 * 1.5) / 6,
            1 - 5 / 66,
            {"wrong link": 2, "missed link": 2},
        ),
        (("111022200", "111022200", "111033300"), {}, 1, 1 - 1.5 / 6, 1 - 1.5 / 66, {"missed link": 1}),
        (("111022200", "111022200", "111033300"), {3: 2}, 1, 1 - 1 / 6, 1 - 1 / 66, {"wrong semantics": 1}),
        (("000000000",) * 3, {}, 0, 0, 0, {"missed": 6, "missed link": 4}),
    ],
)
def test_known_answers(
    result: tuple[str, ...], parents: dict[int, int], det: float, lnk: float, tra: float, kinds: dict[str, int]
) -> None:
    scores = score(TWO_CELLS, result, parents=parents)
    found = [scores.numbers[name] for name in ("DET", "LNK", "TRA")]
    np.testing.assert_allclose(found, [det, lnk, tra])
    counts = {kind: sum(error.kind == kind for error in scores.errors) for kind in tracking.ERROR_KINDS}
    assert {kind: count for kind, count in counts.items() if count} == kinds


def test_an_extra_link() -> None:
    scores = score(("110", "110", "220"), ("110", "110", "110"))
    assert scores.numbers["LNK"] == pytest.approx(1 - 1 / 1.5)
    assert [error.kind for error in scores.errors] == ["wrong link"]


def test_a_link_over_a_gap_is_one_to_a_child() -> None:
    gap = ("110", "000", "220")
    assert score(gap, gap, {2: 1}, {2: 1}).numbers["LNK"] == 1
    assert score(gap, gap, {2: 1}).numbers["LNK"] == 0
    assert score(gap, ("110", "110", "110"), {2: 1}).numbers["DET"] == pytest.approx(1 - 1 / 20)
    assert score(gap, ("110", "110", "110"), {2: 1}).numbers["LNK"] == 0  # links to the extra object do not count


def test_a_division_has_a_link_to_each_daughter() -> None:
    truth, parents = ("033330", "110022", "110022"), {1: 3, 2: 3}
    unlinked = score(truth, truth, parents)
    true_links = links(unlinked.matching.reference)
    assert (len(true_links), true_links.to_child.sum()) == (4, 2)
    assert unlinked.numbers["EA"] == 2
    one_goes_on = score(truth, ("011110", "110022", "110022"), parents)
    assert [one_goes_on.numbers[name] for name in ("EC", "EA", "ED")] == [1, 1, 0]


def test_costs_never_exceed_those_of_starting_from_nothing() -> None:
    scores = score(("1000000000", "1000000000"), ("0203040506", "0203040506"))
    assert (scores.numbers["DET"], scores.numbers["AOGM"]) == (0, 2 * 10 + 2 * 5 + 1.5)


def test_undefined_numbers_are_nan() -> None:
    numbers = score(("000", "000"), ("110", "000")).numbers
    assert all(math.isnan(numbers[name]) for name in ("DET", "LNK", "TRA", "TF", "BC(0)", "CCA", "MOTA"))
    assert (numbers["CT"], numbers["IDF1"], numbers["HOTA"], numbers["FP"]) == (0, 0, 0, 1)
    nothing = score(("000", "000"), ("000", "000")).numbers
    assert all(math.isnan(nothing[name]) for name in ("CT", "IDF1", "HOTA", "JSC_theta", "displacement_error"))


# ---------------------------------------------------------------------------------------------- known answers: lineages


def test_complete_tracks_and_track_fractions() -> None:
    whole = score(TWO_CELLS, TWO_CELLS).numbers
    assert (whole["CT"], whole["TF"]) == (1, 1)
    broken = score(TWO_CELLS, ("111022200", "111022200", "111033300")).numbers
    assert broken["CT"] == pytest.approx(2 * 1 / (2 + 3))
    assert broken["TF"] == pytest.approx((1 + 2 / 3) / 2)
    lost = score(TWO_CELLS, ("111000000",) * 3).numbers
    assert lost["CT"] == pytest.approx(2 * 1 / (2 + 1))
    assert lost["TF"] == 1  # an undetected track does not count
    assert score(TWO_CELLS, ("000000000",) * 3).numbers["TF"] == 0


def test_a_complete_track_begins_and_ends_with_its_match() -> None:
    longer = score(("110", "110", "000"), ("110", "110", "110")).numbers
    assert (longer["CT"], longer["TF"]) == (0, 1)


def test_a_complete_match_hides_matches_of_tracks_with_larger_labels() -> None:
    """Like the software of the challenge, TF stops at the first complete track, so labels matter."""
    result = ("110", "110", "110", "000")
    assert score(("110", "220", "220", "220"), result).numbers["TF"] == 1  # 2 is not detected
    assert score(("220", "110", "110", "110"), result).numbers["TF"] == pytest.approx((1 + 2 / 3) / 2)


def test_branching_correctness() -> None:
    truth, parents = ("011110000", "220033000", "220033000", "220033000"), {2: 1, 3: 1}
    right = score(truth, truth, parents, parents).numbers
    assert [right[f"BC({i})"] for i in range(4)] == [1, 1, 1, 1]
    none = score(truth, truth, parents).numbers
    assert [none[f"BC({i})"] for i in range(4)] == [0, 0, 0, 0]
    late = ("011110000", "111111000", "220033000", "220033000")
    numbers = score(truth, late, parents, parents).numbers
    assert [numbers[f"BC({i})"] for i in range(4)] == [0, 1, 1, 1]


def test_a_division_needs_all_daughters() -> None:
    truth, parents = ("11111111", "22033044"), {2: 1, 3: 1, 4: 1}
    assert score(truth, ("11111111", "22033000"), parents, {2: 1, 3: 1}).numbers["BC(0)"] == 0
    assert score(truth, truth, parents, parents).numbers["BC(0)"] == 1


def test_two_divisions_in_a_row_make_one_right() -> None:
    truth, result = two_divisions_in_a_row()
    labels = sequence_of(truth.masks), sequence_of(result.masks)
    numbers = score_sequence(labels[0], truth.tracks, labels[1], result.tracks).numbers
    assert [numbers[f"BC({i})"] for i in range(3)] == pytest.approx([0, 2 / 3, 2 / 3])


def test_an_extra_division_counts() -> None:
    truth = ("1111055555", "2203305555")
    result = ("1111055555", "2203306677")
    numbers = score(truth, result, {2: 1, 3: 1}, {2: 1, 3: 1, 6: 5, 7: 5}).numbers
    assert numbers["BC(0)"] == pytest.approx(2 * 1 / (1 + 2))


def test_cell_cycle_accuracy() -> None:
    truth = ("11111111", "22220333", "22220333", "44055333", "44055333")
    parents = {2: 1, 3: 1, 4: 2, 5: 2}
    assert score(truth, truth, parents, parents).numbers["CCA"] == 1
    longer = ("11111111", "22220333", "22220333", "22220333", "44055333")
    assert score(truth, longer, parents, parents).numbers["CCA"] == 0
    assert score(truth, truth, parents, {2: 1, 3: 1}).numbers["CCA"] == 0  # no complete cycle
    assert math.isnan(score(truth, truth, {2: 1, 3: 1}, parents).numbers["CCA"])
    assert math.isnan(score(truth, truth, {2: 1, 3: 1}, {2: 1, 3: 1}).numbers["CCA"])


def test_half_of_the_cell_cycles() -> None:
    reference = [Track(1, 0, 0), *(Track(label, 1, 2, 1) for label in (2, 3))]
    reference += [Track(label, 3, 3, 2 + (label > 5)) for label in (4, 5, 6, 7)]
    result = [Track(track.label, track.begin + (track.parent == 3), track.end, track.parent) for track in reference]
    result[2] = Track(3, 1, 3, 1)
    distance = 1 - tracking.cell_cycle_accuracy(without_objects(reference, result))
    assert distance == pytest.approx(0.5)


def without_objects(reference: Sequence[Track], result: Sequence[Track]) -> tracking.Matching:
    def side(tracks: Sequence[Track]) -> MovieObjects:
        nothing = np.zeros(0, np.int64)
        return MovieObjects(nothing, nothing, np.zeros(0), np.zeros((0, 2)), tuple(tracks))

    return tracking.Matching(side(reference), side(result), Overlaps(*np.zeros((2, 0), int), np.zeros(0)))


# -------------------------------------------------------------------------------------------- known answers: identities

CONFUSED = ("111022200", "111022200", "222011100")


def test_swapped_identities() -> None:
    numbers = score(TWO_CELLS, CONFUSED).numbers
    assert numbers["IDF1"] == pytest.approx(4 * 2 / 12)
    assert numbers["JSC"] == pytest.approx(4 / 8)
    assert numbers["JSC_theta"] == 1
    assert (numbers["IDSW"], numbers["MOTA"]) == (2, pytest.approx(1 - 2 / 6))
    association = (2 * 2 / 4 + 1 / 5) / 3
    assert numbers["HOTA"] == numbers["HOTA(coverage)"] == pytest.approx(math.sqrt(association))


def test_hota_averages_over_overlap_thresholds() -> None:
    numbers = score(("111100",) * 3, ("111000",) * 3).numbers  # IoU 0.75: enough at 15 of 19 thresholds
    assert numbers["HOTA"] == pytest.approx(15 / 19)
    assert numbers["HOTA(coverage)"] == 1


def test_a_cell_keeps_its_identity_over_a_gap() -> None:
    gap = ("110", "000", "220")
    numbers = score(gap, gap, {2: 1}, {2: 1}).numbers
    assert (numbers["IDF1"], numbers["HOTA"], numbers["IDSW"]) == (1, 1, 0)
    numbers = score(gap, gap, {2: 1}).numbers
    assert (numbers["IDF1"], numbers["IDSW"], numbers["JSC_theta"]) == (pytest.approx(2 / 4), 1, pytest.approx(1 / 2))


def test_daughters_are_new_identities() -> None:
    reference = score(("1111", "2033"), ("1111", "2033"), {2: 1, 3: 1}).matching.reference
    assert len(set(identities(reference).tolist())) == 3


def test_mota_counts_each_mistake() -> None:
    numbers = score(TWO_CELLS, ("111022200", "111111100", "111000000")).numbers
    assert numbers["IDSW"] == 1
    assert numbers["MOTA"] == pytest.approx(1 - (1 + 1 + 1) / 6)  # a surplus match, a missed object, the switch


def test_mostly_tracked_and_mostly_lost() -> None:
    numbers = score(TWO_CELLS, ("111000000",) * 3).numbers
    assert (numbers["MT"], numbers["ML"]) == (0.5, 0.5)


def test_displacement() -> None:
    numbers = score(("01110000",) * 3, ("00111000", "01110000", "01111100")).numbers
    assert numbers["displacement_error"] == pytest.approx((1 + 0 + 1) / 3)


# -------------------------------------------------------------------------------------------------------- by definition


def identity_maps(tracks: Sequence[Track]) -> dict[int, int]:
    """Return label → label of the first track of the same cell, before gaps."""
    cells: dict[int, int] = {}
    for track in sorted(tracks, key=lambda track: track.begin):
        only = sum(other.parent == track.parent for other in tracks) == 1
        cells[track.label] = cells[track.parent] if track.parent and only else track.label
    return cells


def with_identities(frames: Sequence[np.ndarray], tracks: Sequence[Track]) -> list[np.ndarray]:
    cells = {0: 0} | identity_maps(tracks)
    return [np.vectorize(cells.get)(mask) for mask in frames]


def objects(mask: np.ndarray) -> np.ndarray:
    return np.unique(mask[mask > 0]).astype(int)


def similarities(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the IoU of all objects of two masks."""
    iou = np.zeros((len(objects(first)), len(objects(second))))
    for row, one in enumerate(objects(first)):
        for column, other in enumerate(objects(second)):
            iou[row, column] = ((first == one) & (second == other)).sum() / ((first == one) | (second == other)).sum()
    return iou


def hota_by_definition(truth: list[np.ndarray], result: list[np.ndarray]) -> float:
    size = 1 + max(int(np.stack(truth).max()), int(np.stack(result).max()))
    potential, matches = np.zeros((size, size)), np.zeros((19, size, size))
    counts = [np.bincount(np.concatenate([objects(mask) for mask in side]), minlength=size) for side in (truth, result)]
    places = [np.ix_(objects(first), objects(second)) for first, second in zip(truth, result, strict=True)]
    ious = [similarities(first, second) for first, second in zip(truth, result, strict=True)]
    for place, iou in zip(places, ious, strict=True):
        whole = iou.sum(axis=0)[np.newaxis] + iou.sum(axis=1)[:, np.newaxis] - iou
        potential[place] += np.divide(iou, whole, out=np.zeros_like(iou), where=whole > 0)
    both = np.maximum(counts[0][:, np.newaxis] + counts[1][np.newaxis], 1)
    alignment = potential / (both - potential)
    for place, iou in zip(places, ious, strict=True):
        for row, column in zip(*linear_sum_assignment(alignment[place] * iou, maximize=True), strict=True):
            for level in range(19):
                found = iou[row, column] >= 0.05 * (level + 1) - 1e-12
                matches[level, place[0][row, 0], place[1][0, column]] += found
    association = (matches**2 / (both - matches)).sum(axis=(1, 2))
    return float(np.sqrt(association / (counts[0].sum() + counts[1].sum() - matches.sum(axis=(1, 2)))).mean())


def idf1_by_definition(truth: list[np.ndarray], result: list[np.ndarray]) -> float:
    size = 1 + max(int(np.stack(truth).max()), int(np.stack(result).max()))
    together, total = np.zeros((size, size)), 0
    for first, second in zip(truth, result, strict=True):
        total += len(objects(first)) + len(objects(second))
        for one in objects(first):
            for other in objects(second):
                together[one, other] += ((first == one) & (second == other)).sum() > 0.5 * (first == one).sum()
    return 2 * together[linear_sum_assignment(together, maximize=True)].sum() / total


@pytest.mark.parametrize("seed", range(12))
def test_identity_measures_equal_their_definitions(seed: int) -> None:
    truth, result = sequence(seed, frames=5)
    numbers = score_sequence(sequence_of(truth.masks), truth.tracks, sequence_of(result.masks), result.tracks).numbers
    frames = with_identities(truth.masks, truth.tracks), with_identities(result.masks, result.tracks)
    assert numbers["HOTA"] == pytest.approx(hota_by_definition(*frames))
    assert numbers["IDF1"] == pytest.approx(idf1_by_definition(*frames))
    assert numbers["JSC"] == pytest.approx(numbers["IDF1"] / (2 - numbers["IDF1"]))


# ----------------------------------------------------------------------------------------------------------- properties


def scored(seed: int) -> SequenceScores:
    truth, result = sequence(seed)
    return score_sequence(sequence_of(truth.masks), truth.tracks, sequence_of(result.masks), result.tracks)


@pytest.mark.parametrize("seed", range(20))
def test_penalties_add_up_to_the_costs(seed: int) -> None:
    scores = scored(seed)
    graphs = tracking.compare_graphs(scores.matching)
    by_kind = {kind: sum(one.penalty for one in scores.errors if one.kind == kind) for kind in tracking.ERROR_KINDS}
    assert by_kind["missed"] + by_kind["extra"] + by_kind["merged"] == graphs.object_costs
    assert by_kind["wrong link"] + by_kind["missed link"] + by_kind["wrong semantics"] == graphs.link_costs
    assert scores.numbers["AOGM"] == sum(error.penalty for error in scores.errors)


@pytest.mark.parametrize("seed", range(5))
def test_a_perfect_result_has_perfect_numbers_and_no_errors(seed: int) -> None:
    truth, _ = sequence(seed)
    labels = sequence_of(truth.masks)
    scores = score_sequence(labels, truth.tracks, labels, truth.tracks, labels)
    best = dict.fromkeys(scores.numbers, 1.0) | dict.fromkeys(("NS", "FN", "FP", "ED", "EA", "EC", "AOGM"), 0)
    best |= dict.fromkeys(("IDSW", "ML", "rand_error", "displacement_error"), 0)
    assert all(math.isnan(value) or value == best[name] for name, value in scores.numbers.items())
    assert scores.errors == []


@pytest.mark.parametrize("seed", range(5))
def test_numbers_do_not_depend_on_the_labels_of_the_result(seed: int) -> None:
    truth, result = sequence(seed)
    labels = np.random.default_rng(seed).permutation(len(result.tracks)) + 1
    lut = np.concatenate(([0], labels)).astype(np.uint16)
    tracks = [Track(int(lut[track.label]), track.begin, track.end, int(lut[track.parent])) for track in result.tracks]
    other = score_sequence(
        sequence_of(truth.masks), truth.tracks, sequence_of([lut[mask] for mask in result.masks]), tracks
    )
    assert scored(seed).numbers == pytest.approx(other.numbers, nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_a_sequence_twice_scores_as_once(seed: int) -> None:
    once = scored(seed)
    twice = join_matchings([once.matching, once.matching])
    assert tracking.compare_graphs(twice).tra == pytest.approx(once.numbers["TRA"])
    assert tracking.hota(twice) == pytest.approx(once.numbers["HOTA"])
    assert tracking.identity_scores(twice).jsc_theta == pytest.approx(once.numbers["JSC_theta"])
    assert tracking.mot_scores(twice).mota == pytest.approx(once.numbers["MOTA"])
    assert tracking.track_fractions(twice) == pytest.approx(once.numbers["TF"])
    assert tracking.branching_correctness(twice, 1) == pytest.approx(once.numbers["BC(1)"], nan_ok=True)
    assert tracking.cell_cycle_accuracy(twice) == pytest.approx(once.numbers["CCA"], nan_ok=True)


def test_volumes_are_scored_like_images() -> None:
    truth, result = sequence(3)
    volumes = [[np.stack((mask, mask)) for mask in side.masks] for side in (truth, result)]
    scores = score_sequence(sequence_of(volumes[0]), truth.tracks, sequence_of(volumes[1]), result.tracks)
    assert scores.numbers == pytest.approx(scored(3).numbers, nan_ok=True)
    assert {len(error.where) for error in scores.errors} == {3}


def test_measures_of_tracks_need_tracks() -> None:
    labels = sequence_of(masks(*TWO_CELLS))
    matching = score_sequence(labels, tracks_of(masks(*TWO_CELLS)), labels, None).matching
    for measure in (tracking.complete_tracks, tracking.hota, tracking.identity_scores, tracking.mot_scores):
        with pytest.raises(ValueError, match="not tracked"):
            measure(matching)


# --------------------------------------------------------------------------------------------------------------- errors


def test_position_and_reason_of_errors() -> None:
    missed, first, second = score(TWO_CELLS, ("111022200", "111000200", "111033300")).errors[:3]
    assert (missed.frame, missed.reference_label, missed.result_label, missed.kind) == (1, 2, 0, "missed")
    assert missed.where == (0, 5)
    assert missed.reason == "no object covers more than half of 2; 2 covers 33%"
    assert (first.kind, second.kind) == ("extra", "missed link")
    assert second.reason == "2 in frame 0 is 2, 2 is missed"


def test_errors_of_links_belong_to_the_frame_they_lead_to() -> None:
    errors = score(TWO_CELLS, CONFUSED).errors
    assert {error.frame for error in errors} == {2}
    wrong = next(error for error in errors if error.kind == "wrong link")
    assert (wrong.reference_label, wrong.result_label, wrong.where) == (2, 1, (0, 5))
    assert wrong.reason == "1 in frame 1 is linked to 1; 1 and 2, which they match, are not"
    missed = next(error for error in errors if error.kind == "missed link")
    assert missed.reason == "1 in frame 1 is 1, 1 is 2; these are not linked"


def test_the_smaller_share_of_a_merged_object_is_the_surplus() -> None:
    (merged,) = score(("1111022033",), ("1111111111",)).errors[:1]
    assert (merged.kind, merged.reference_label, merged.result_label) == ("merged", 2, 1)
    errors = score(("1111022033",), ("1111111111",)).errors
    assert [error.reference_label for error in errors] == [2, 3]
    assert merged.reason == "1 covers 3 objects of the reference, 2 among them"


def test_errors_on_disk(tmp_path: Path) -> None:
    errors = score(TWO_CELLS, ("111022200", "111022200", "111033300")).errors
    tracking.write_errors(tmp_path / "new" / "errors.csv", errors)
    with (tmp_path / "new" / "errors.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {
        "frame": "2",
        "reference_label": "2",
        "result_label": "3",
        "kind": "missed link",
        "penalty": "1.5",
        "row": "0.0",
        "column": "5.0",
        "reason": "2 in frame 1 is 2, 2 is 3; these are not linked",
    }
    tracking.write_errors(tmp_path / "none.csv", [])
    assert (tmp_path / "none.csv").read_text().startswith("frame,reference_label,result_label,kind,penalty,row,column")
