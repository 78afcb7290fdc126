"""Overlap, Rand, V-Rand and V-Info: known answers, brute force, properties, edge cases."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from skimage.metrics import adapted_rand_error

from custom.metrics import (
    SplitMergeScore,
    adapted_rand_f_score,
    contingency_table,
    dice,
    dice_per_threshold,
    iou,
    pixel_error,
    pixel_f_score_error,
    rand_error,
    rand_index,
    v_info,
    v_rand,
)

# Six pixels: two in both masks, one only predicted, one only true, two in neither.
PREDICTION = np.array([[1, 1, 1], [0, 0, 0]], bool)
REFERENCE = np.array([[1, 1, 0], [1, 0, 0]], bool)

# Four pixels: the reference joins 01, 02, 12; the prediction joins 01, 23; both join 01; both separate 03, 13.
LABELS = np.array([[1, 1, 2, 2]])
TRUE_LABELS = np.array([[1, 1, 1, 2]])


def random_labels(seed: int, shape: tuple[int, int] = (5, 6), highest: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, highest + 1, shape)


def dense(labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return p as a dense table over the reference's foreground, with a separate row for each pixel of label 0."""
    names = labels.astype(int).copy()
    alone = names == 0
    names[alone] = 1000 + np.arange(alone.sum())
    names, true = names[reference > 0], reference[reference > 0]
    table = [[np.sum((names == s) & (true == t)) for t in np.unique(true)] for s in np.unique(names)]
    return np.array(table) / names.size


def entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return -np.sum(p * np.log(p))


class TestOverlap:
    def test_known_answers(self) -> None:
        assert dice(PREDICTION, REFERENCE) == pytest.approx(2 * 2 / (3 + 3))
        assert iou(PREDICTION, REFERENCE) == pytest.approx(2 / 4)
        assert pixel_error(PREDICTION, REFERENCE) == pytest.approx(2 / 6)

    def test_only_valid_pixels_count(self) -> None:
        valid = np.array([[1, 1, 0], [0, 0, 1]], bool)  # two true positives and one true negative remain
        assert dice(PREDICTION, REFERENCE, valid) == iou(PREDICTION, REFERENCE, valid) == 1.0
        assert pixel_error(PREDICTION, REFERENCE, valid) == 0.0
        valid = np.array([[1, 0, 1], [0, 0, 0]], bool)  # a true positive and a false positive
        assert dice(PREDICTION, REFERENCE, valid) == pytest.approx(2 / 3)

    def test_empty_masks_get_no_score(self) -> None:
        empty = np.zeros((2, 3), bool)
        assert math.isnan(dice(empty, empty))
        assert math.isnan(iou(empty, empty))
        assert pixel_error(empty, empty) == 0.0
        assert math.isnan(pixel_error(PREDICTION, REFERENCE, empty))
        assert dice(PREDICTION, empty) == dice(empty, REFERENCE) == 0.0

    @pytest.mark.parametrize("measure", [dice, iou, pixel_error])
    def test_invalid_input_is_rejected(self, measure) -> None:
        with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
            measure(PREDICTION, REFERENCE.T)
        with pytest.raises(ValueError, match="valid has shape"):
            measure(PREDICTION, REFERENCE, np.ones((2, 2), bool))
        with pytest.raises(TypeError, match="prediction must be a boolean array, not float64"):
            measure(PREDICTION * 0.7, REFERENCE)

    @pytest.mark.parametrize("masked", [False, True])
    def test_all_thresholds_in_one_pass_equal_the_loop(self, masked: bool) -> None:
        rng = np.random.default_rng(0)
        # Tenths, so that many probabilities are equal to a threshold.
        probability = (rng.integers(0, 11, (40, 30)) / 10).astype(np.float32)
        reference = rng.random((40, 30)) < 0.3
        valid = rng.random((40, 30)) < 0.5 if masked else None
        thresholds = [0.5, 0.1, 0.3, 0.9, 1.0, 0.0, 1.5, 0.3, 0.7]
        expected = [dice(probability >= np.float32(t), reference, valid) for t in thresholds]
        np.testing.assert_array_equal(dice_per_threshold(probability, reference, thresholds, valid), expected)

    def test_float64_probabilities_are_compared_in_float32(self) -> None:
        reference = np.array([[True]])
        np.testing.assert_array_equal(dice_per_threshold(np.array([[0.7]]), reference, [np.float32(0.7)]), [1.0])

    def test_thresholds_without_any_foreground_are_nan(self) -> None:
        scores = dice_per_threshold(np.array([[0.2, 0.4]]), np.zeros((1, 2), bool), [0.3, 0.5])
        np.testing.assert_array_equal(scores, [0.0, np.nan])

    def test_nan_probability_is_rejected(self) -> None:
        with pytest.raises(ValueError, match="nan"):
            dice_per_threshold(np.array([[np.nan]]), np.array([[True]]), [0.5])

    def test_pixel_f_score_error_is_one_minus_the_best_dice(self) -> None:
        probability = np.array([[0.9, 0.6, 0.4, 0.1]])
        reference = np.array([[True, True, False, False]])
        # 0.3: Dice 2·2/(3+2) = 0.8; 0.8: 2·1/(1+2) = 0.67.
        assert pixel_f_score_error(probability, reference, [0.3, 0.8]) == pytest.approx(0.2)
        assert pixel_f_score_error(probability, reference, [0.3, 0.5, 0.8]) == 0.0
        assert math.isnan(pixel_f_score_error(probability, ~np.ones((1, 4), bool), [0.95]))


class TestContingencyTable:
    @pytest.mark.parametrize("scale", [1, 10**9])
    def test_counts_every_pair_once(self, scale: int) -> None:
        labels = np.array([[0, 7, 7], [7, 0, 7]]) * scale
        reference = np.array([[1, 1, 2], [1, 1, 1]]) * scale
        table = contingency_table(labels, reference)
        pairs = sorted(zip(table.labels.tolist(), table.reference.tolist(), table.counts.tolist(), strict=True))
        assert pairs == [(0, scale, 2.0), (7 * scale, scale, 3.0), (7 * scale, 2 * scale, 1.0)]
        assert table.label_sizes().tolist() == [2.0, 4.0]
        assert table.reference_sizes().tolist() == [5.0, 1.0]

    def test_memory_layout_does_not_matter(self) -> None:
        labels, reference = random_labels(0), random_labels(1)
        assert rand_index(np.asfortranarray(labels), reference) == rand_index(labels, reference)

    def test_invalid_input_is_rejected(self) -> None:
        with pytest.raises(TypeError, match="labels must hold integer labels, not float64"):
            contingency_table(LABELS * 1.0, TRUE_LABELS)
        with pytest.raises(ValueError, match="minimum is -1"):
            contingency_table(LABELS, -TRUE_LABELS // 2)
        with pytest.raises(ValueError, match=r"\(1, 4\).*\(4, 1\)"):
            contingency_table(LABELS, TRUE_LABELS.T)


class TestRand:
    def test_known_answer(self) -> None:
        assert rand_index(LABELS, TRUE_LABELS) == pytest.approx(3 / 6)
        assert rand_error(LABELS, TRUE_LABELS) == pytest.approx(3 / 6)

    @pytest.mark.parametrize("seed", range(10))
    def test_equals_counting_pairs(self, seed: int) -> None:
        labels, reference = random_labels(seed), random_labels(seed + 100)
        pairs = list(combinations(zip(labels.ravel(), reference.ravel(), strict=True), 2))
        agreements = sum((a[0] == b[0]) == (a[1] == b[1]) for a, b in pairs)
        assert rand_index(labels, reference) == pytest.approx(agreements / len(pairs))

    def test_is_symmetric_and_independent_of_label_values(self) -> None:
        labels, reference = random_labels(1), random_labels(2)
        renamed = np.array([3, 0, 9, 5])[labels]
        assert rand_index(labels, reference) == pytest.approx(rand_index(reference, labels))
        assert rand_index(labels, reference) == pytest.approx(rand_index(renamed, reference))
        assert rand_index(labels, renamed) == 1.0

    def test_needs_two_pixels(self) -> None:
        assert math.isnan(rand_index(np.array([[1]]), np.array([[1]])))
        assert math.isnan(rand_index(np.zeros((0, 3), int), np.zeros((0, 3), int)))

    def test_adapted_known_answer(self) -> None:
        # Joined by both 1, by the prediction 2, by the reference 3: 2·1/(2 + 3).
        assert adapted_rand_f_score(LABELS, TRUE_LABELS) == pytest.approx(0.4)
        # Pixels outside the reference's foreground change nothing.
        labels, reference = np.append(LABELS, [[2, 2]], axis=1), np.append(TRUE_LABELS, [[0, 0]], axis=1)
        assert adapted_rand_f_score(labels, reference) == pytest.approx(0.4)

    @pytest.mark.parametrize("seed", range(5))
    def test_adapted_equals_scikit_image(self, seed: int) -> None:
        labels, reference = random_labels(seed), random_labels(seed + 50)
        assert adapted_rand_f_score(labels, reference) == pytest.approx(1 - adapted_rand_error(reference, labels)[0])

    def test_adapted_without_foreground_is_nan(self) -> None:
        assert math.isnan(adapted_rand_f_score(LABELS, np.zeros_like(LABELS)))


class TestVRand:
    def test_known_answer(self) -> None:
        # In sixteenths: Σp² = 4+1+1, Σs² = 4+4, Σt² = 9+1.
        score = v_rand(LABELS, TRUE_LABELS)
        assert score == SplitMergeScore(pytest.approx(6 / 10), pytest.approx(6 / 8), pytest.approx(12 / 18))

    def test_unlabeled_pixels_are_separate_segments(self) -> None:
        # In sixteenths: Σp² = 4+1+1, Σs² = 4+1+1, Σt² = 9+1.
        score = v_rand(np.array([[1, 1, 0, 0]]), TRUE_LABELS)
        assert score == SplitMergeScore(pytest.approx(6 / 10), pytest.approx(1.0), pytest.approx(12 / 16))

    def test_split_and_merge_scores_differ(self) -> None:
        one, two = np.array([[1, 1, 1, 1]]), np.array([[1, 1, 2, 2]])
        assert v_rand(two, one).split == v_rand(one, two).merge == 0.5
        assert v_rand(two, one).merge == v_rand(one, two).split == 1.0


class TestVInfo:
    def test_known_answers(self) -> None:
        two, four = np.array([[1, 1, 2, 2]]), np.array([[1, 2, 3, 4]])
        # H(two) = 1 bit, H(four) = 2 bits, I = 1 bit.
        expected = SplitMergeScore(pytest.approx(0.5), pytest.approx(1.0), pytest.approx(2 / 3))
        assert v_info(four, two) == expected
        assert v_info(np.zeros_like(two), two) == expected
        assert v_info(two, four) == SplitMergeScore(pytest.approx(1.0), pytest.approx(0.5), pytest.approx(2 / 3))

    def test_one_segment(self) -> None:
        one, two = np.array([[1, 1, 1, 1]]), np.array([[1, 1, 2, 2]])
        assert v_info(one, one) == SplitMergeScore(1.0, 1.0, 1.0)
        assert v_info(one, two) == SplitMergeScore(1.0, 0.0, 0.0)
        assert v_info(two, one) == SplitMergeScore(0.0, 1.0, 0.0)


class TestBoth:
    @pytest.mark.parametrize("seed", range(10))
    def test_equal_the_dense_table(self, seed: int) -> None:
        labels, reference = random_labels(seed), random_labels(seed + 100)
        p = dense(labels, reference)
        s, t = p.sum(axis=1), p.sum(axis=0)
        rand, information = v_rand(labels, reference), v_info(labels, reference)
        squares = np.sum(p**2)
        assert rand.split == pytest.approx(squares / np.sum(t**2))
        assert rand.merge == pytest.approx(squares / np.sum(s**2))
        assert rand.f_score == pytest.approx(squares / (0.5 * np.sum(s**2) + 0.5 * np.sum(t**2)))
        mutual = entropy(s) + entropy(t) - entropy(p)
        assert information.split == pytest.approx(mutual / entropy(s))
        assert information.merge == pytest.approx(mutual / entropy(t))
        harmonic = 2 / (entropy(s) / mutual + entropy(t) / mutual)
        assert information.f_score == pytest.approx(harmonic)

    @pytest.mark.parametrize("measure", [v_rand, v_info])
    def test_identical_segments_are_perfect_for_any_label_values(self, measure) -> None:
        reference = random_labels(3)
        renamed = np.array([0, 8, 2, 5])[reference]
        score = measure(renamed, reference)
        assert score == SplitMergeScore(pytest.approx(1.0), pytest.approx(1.0), pytest.approx(1.0))

    @pytest.mark.parametrize("measure", [v_rand, v_info])
    def test_pixels_outside_the_reference_do_not_count(self, measure) -> None:
        reference = random_labels(4)
        labels = random_labels(5)
        changed = np.where(reference == 0, 77, labels)
        assert measure(labels, reference) == measure(changed, reference)

    @pytest.mark.parametrize("measure", [v_rand, v_info])
    def test_no_foreground_no_score(self, measure) -> None:
        score = measure(LABELS, np.zeros_like(LABELS))
        assert math.isnan(score.split)
        assert math.isnan(score.merge)
        assert math.isnan(score.f_score)
