"""Border thinning, and scores of a membrane map over thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from custom.metrics import label_cells, membrane_scores, membrane_stack_scores, thin_borders, v_info, v_rand


def grid(thickness: int, size: int = 96, pitch: int = 24) -> np.ndarray:
    """Return square cells separated by borders of a given thickness, centered on fixed lines; True inside a cell."""
    cells = np.ones((size, size), bool)
    for line in range(pitch, size, pitch):
        start = line - thickness // 2
        cells[start : start + thickness] = False
        cells[:, start : start + thickness] = False
    return cells


def blobs(seed: int) -> np.ndarray:
    """Return random cells of irregular shape, with thick borders."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 64, (12, 2))
    rows, columns = np.mgrid[:64, :64]
    distances = np.sort(np.hypot(rows[..., None] - points[:, 0], columns[..., None] - points[:, 1]), axis=-1)
    return distances[..., 1] - distances[..., 0] > 4


def two_cells(border: float, false_border: float = 0.0) -> np.ndarray:
    """Return a membrane map of 9 × 21 with a true border in column 10 and a false one in column 5."""
    probability = np.zeros((9, 21), np.float32)
    probability[:, 10] = border
    probability[:, 5] = false_border
    return probability


class TestLabelCells:
    def test_a_diagonal_border_separates_cells(self) -> None:
        labels = label_cells(~np.eye(5, dtype=bool))
        assert labels.max() == 2
        assert labels[0, 4] != labels[4, 0]
        assert (labels[np.eye(5, dtype=bool)] == 0).all()

    def test_invalid_input_is_rejected(self) -> None:
        with pytest.raises(ValueError, match=r"\(2, 3, 4\)"):
            label_cells(np.ones((2, 3, 4), bool))
        with pytest.raises(TypeError, match="boolean"):
            label_cells(np.ones((3, 4)))


class TestThinBorders:
    def test_a_straight_border_becomes_one_line_in_its_middle(self) -> None:
        labels = np.array([[1, 1, 0, 0, 0, 2, 2]] * 4)
        np.testing.assert_array_equal(thin_borders(labels), [[1, 1, 1, 0, 2, 2, 2]] * 4)

    def test_thin_borders_do_not_move(self) -> None:
        labels = label_cells(grid(1))
        np.testing.assert_array_equal(thin_borders(labels)[labels > 0], labels[labels > 0])
        # Only crossings of two lines may fill in.
        assert np.count_nonzero((thin_borders(labels) == 0) != (labels == 0)) <= 9

    def test_a_border_that_ends_inside_a_cell_vanishes(self) -> None:
        labels = np.ones((7, 7), int)
        labels[:4, 3] = 0
        np.testing.assert_array_equal(thin_borders(labels), np.ones((7, 7)))

    @pytest.mark.parametrize("seed", range(5))
    def test_segments_grow_never_change_and_never_touch(self, seed: int) -> None:
        labels = label_cells(blobs(seed))
        thinned = thin_borders(labels)
        np.testing.assert_array_equal(thinned[labels > 0], labels[labels > 0])
        for a, b in ((thinned[1:], thinned[:-1]), (thinned[:, 1:], thinned[:, :-1])):
            assert not ((a != b) & (a > 0) & (b > 0)).any()
        assert np.count_nonzero(thinned == 0) < 0.5 * np.count_nonzero(labels == 0)
        np.testing.assert_array_equal(thin_borders(thinned)[thinned > 0], thinned[thinned > 0])

    @pytest.mark.parametrize("labels", [np.zeros((3, 4), int), np.full((3, 4), 7), np.zeros((0, 4), int)])
    def test_nothing_to_do(self, labels: np.ndarray) -> None:
        np.testing.assert_array_equal(thin_borders(labels), labels)

    def test_segments_that_touch_stay_as_they_are(self) -> None:
        labels = np.array([[1, 1, 2, 2, 0, 3], [1, 1, 2, 2, 0, 3]])
        np.testing.assert_array_equal(thin_borders(labels), labels)

    def test_memory_layout_does_not_matter(self) -> None:
        labels = label_cells(blobs(0))
        np.testing.assert_array_equal(thin_borders(np.asfortranarray(labels)), thin_borders(labels))

    def test_the_input_is_not_modified(self) -> None:
        labels = label_cells(blobs(0))
        before = labels.copy()
        thin_borders(labels)
        np.testing.assert_array_equal(labels, before)

    def test_too_large_labels_are_rejected(self) -> None:
        with pytest.raises(ValueError, match="4294967296"):
            thin_borders(np.array([[2**32, 0]]))

    @pytest.mark.parametrize("measure", [v_rand, v_info])
    def test_thick_borders_cost_nothing_once_thinned(self, measure) -> None:
        reference, proposal = label_cells(grid(1)), label_cells(grid(7))
        assert measure(proposal, reference).f_score < 0.85
        assert measure(thin_borders(proposal), reference).f_score > 0.999


class TestMembraneScores:
    def test_each_threshold_equals_the_steps_by_hand(self) -> None:
        probability, cells = two_cells(border=0.9, false_border=0.4), two_cells(1) == 0
        probability[:, 9:12] = 0.9  # three pixels thick: perfect only if it is thinned
        scores = membrane_scores(probability, cells, (0.2, 0.6, 0.95))
        reference = label_cells(cells)
        for measure, found in ((v_rand, scores.v_rand), (v_info, scores.v_info)):
            expected = [measure(thin_borders(label_cells(probability < t)), reference) for t in (0.2, 0.6, 0.95)]
            assert found.slices == (tuple(expected),)
            assert found.maximum == pytest.approx(1.0)
            assert found.best_threshold == 0.6
            assert found.at_best == (expected[1],)

    def test_known_answers(self) -> None:
        # Without a border both halves are merged: Σp² = ½, Σs² = 1, Σt² = ½, and the mutual information is 0.
        scores = membrane_scores(two_cells(border=0.5), two_cells(1) == 0, (0.4, 0.6))
        np.testing.assert_allclose(scores.v_rand.curve, [1.0, 2 / 3])
        np.testing.assert_allclose(scores.v_info.curve, [1.0, 0.0])

    def test_a_probability_on_the_threshold_is_membrane(self) -> None:
        scores = membrane_scores(two_cells(border=0.1), two_cells(1) == 0, (0.1,))
        assert scores.v_rand.maximum == 1.0

    def test_a_perfect_binary_map_is_perfect_at_every_default_threshold(self) -> None:
        cells = blobs(1)
        scores = membrane_scores((~cells).astype(np.float32), cells)
        np.testing.assert_allclose(scores.v_rand.curve, np.ones(10))
        np.testing.assert_allclose(scores.v_info.curve, np.ones(10))

    def test_one_threshold_applies_to_the_whole_stack(self) -> None:
        cells = two_cells(1) == 0
        # The first slice is correct only at 0.3, the second only at 0.8: no threshold is correct for both.
        maps = np.stack([two_cells(border=0.4), two_cells(border=0.9, false_border=0.6)])
        thresholds = (0.3, 0.5, 0.8)
        stack = membrane_stack_scores(maps, np.stack([cells, cells]), thresholds)
        single = [membrane_scores(m, cells, thresholds).v_rand.curve for m in maps]
        np.testing.assert_allclose(stack.v_rand.curve, np.mean(single, axis=0))
        assert [curve.max() for curve in single] == pytest.approx([1.0, 1.0])
        assert stack.v_rand.maximum == pytest.approx(np.mean(single, axis=0).max())
        assert stack.v_rand.maximum < 1.0
        best = thresholds.index(stack.v_rand.best_threshold)
        assert [score.f_score for score in stack.v_rand.at_best] == [curve[best] for curve in single]

    def test_slices_without_cells_do_not_count(self) -> None:
        cells = two_cells(1) == 0
        maps = [two_cells(border=0.9), two_cells(border=0.9)]
        scores = membrane_stack_scores(maps, [cells, np.zeros_like(cells)], (0.5,))
        assert scores.v_rand.maximum == pytest.approx(1.0)
        assert math.isnan(scores.v_rand.at_best[1].f_score)

    def test_no_cells_at_all_no_score(self) -> None:
        scores = membrane_scores(two_cells(1), np.zeros((9, 21), bool))
        assert math.isnan(scores.v_rand.maximum)
        assert math.isnan(scores.v_rand.best_threshold)
        assert scores.v_rand.at_best == ()

    def test_invalid_input_is_rejected(self) -> None:
        with pytest.raises(ValueError, match=r"\(9, 21\).*\(9, 20\)"):
            membrane_scores(two_cells(1), np.ones((9, 20), bool))
        with pytest.raises(ValueError, match="thresholds is empty"):
            membrane_scores(two_cells(1), np.ones((9, 21), bool), ())
        with pytest.raises(ValueError, match="shorter"):
            membrane_stack_scores([two_cells(1)] * 2, [np.ones((9, 21), bool)])
        with pytest.raises(TypeError, match="boolean"):
            membrane_scores(two_cells(1), two_cells(1))
