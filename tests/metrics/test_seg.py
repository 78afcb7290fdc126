"""SEG: known answers, the definition in a loop, unannotated pixels, edge cases, real annotation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom.metrics import seg, seg_scores

REFERENCE = np.array([[1, 1, 1, 1, 0, 0, 2, 2]])


def by_definition(labels: np.ndarray, reference: np.ndarray) -> list[float]:
    """Return the score of each reference object, computed one by one."""
    scores = []
    for number in np.unique(reference[reference > 0]):
        true = reference == number
        scores.append(0.0)
        for candidate in np.unique(labels[labels > 0]):
            found = labels == candidate
            if (true & found).sum() > 0.5 * true.sum():
                scores[-1] = (true & found).sum() / (true | found).sum()
    return scores


# -------------------------------------------------------------------------------------------------------- known answers


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([[1, 1, 1, 1, 0, 0, 2, 2]], [1, 1]),
        ([[7, 7, 7, 7, 0, 0, 3, 3]], [1, 1]),  # label values do not matter
        ([[5, 5, 5, 0, 0, 0, 2, 2]], [3 / 4, 1]),
        ([[5, 5, 0, 0, 0, 0, 2, 2]], [0, 1]),  # exactly half is not enough
        ([[5, 5, 5, 5, 5, 5, 0, 0]], [4 / 6, 0]),
        ([[5, 5, 5, 5, 5, 5, 5, 5]], [4 / 8, 2 / 8]),  # one object may match two
        ([[4, 5, 6, 7, 0, 0, 2, 2]], [0, 1]),
        ([[1, 1, 1, 1, 9, 9, 2, 2]], [1, 1]),  # unmatched objects are not penalized
        ([[0, 0, 0, 0, 0, 0, 0, 0]], [0, 0]),
    ],
)
def test_known_answers(labels: list[list[int]], scores: list[float]) -> None:
    np.testing.assert_allclose(seg_scores(np.array(labels), REFERENCE), scores)
    assert seg(np.array(labels), REFERENCE) == pytest.approx(np.mean(scores))


def test_scores_are_in_the_order_of_the_labels() -> None:
    reference = np.array([[9, 9, 0, 4, 4, 0, 70000, 70000]])
    np.testing.assert_allclose(seg_scores(np.array([[1, 1, 1, 2, 2, 0, 0, 3]]), reference), [1, 2 / 3, 0])


def test_unannotated_pixels_are_outside_the_annotated_objects() -> None:
    reference = np.array([[1, 1, 1, -1, -1, -1, 0, 0]])
    assert seg(np.array([[1, 1, 1, 0, 2, 2, 2, 2]]), reference) == 1  # another object there is not penalized
    assert seg(np.array([[1, 1, 1, 1, 1, 0, 0, 0]]), reference) == pytest.approx(3 / 5)  # extending into them is


# ----------------------------------------------------------------------------------------------------------- properties


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = np.kron(rng.integers(-1, 5, (4, 5)), np.ones((3, 3), int))
    labels = np.where(rng.random(reference.shape) < 0.7, reference + 3, rng.integers(0, 9, reference.shape))
    np.testing.assert_allclose(seg_scores(labels, reference), by_definition(labels, reference))


def test_dtypes_do_not_matter() -> None:
    labels = np.array([[5, 5, 5, 0, 0, 0, 2, 0]])
    for one in (np.uint8, np.uint16, np.int32, np.int64):
        for other in (np.uint16, np.uint32, np.int16, np.int64):
            np.testing.assert_allclose(seg_scores(labels.astype(one), REFERENCE.astype(other)), [3 / 4, 0])


# ---------------------------------------------------------------------------------------------------------------- edges


@pytest.mark.parametrize("reference", [np.zeros((2, 3), int), np.full((2, 3), -1), np.zeros((0, 3), int)])
def test_no_reference_object_no_score(reference: np.ndarray) -> None:
    labels = np.ones(reference.shape, int)
    assert seg_scores(labels, reference).shape == (0,)
    assert math.isnan(seg(labels, reference))


def test_invalid_labels_are_rejected() -> None:
    with pytest.raises(ValueError, match="shape"):
        seg_scores(np.zeros((2, 3), int), np.zeros((3, 2), int))
    with pytest.raises(ValueError, match=r"reference .* -2"):
        seg_scores(np.zeros((1, 2), int), np.array([[-2, 1]]))
    with pytest.raises(ValueError, match="labels"):
        seg_scores(np.array([[-1, 1]]), np.array([[0, 1]]))
    with pytest.raises(TypeError, match="float"):
        seg_scores(np.zeros((1, 2)), np.zeros((1, 2), int))


# ------------------------------------------------------------------------------------------------------------ real data


def test_real_annotation(real_data: Path) -> None:
    """Gold truth scores 1 against itself; silver truth is close to it."""
    folder = real_data / "DIC-C2DH-HeLa"
    gold = tifffile.imread(folder / "01_GT" / "SEG" / "man_seg002.tif")
    silver = tifffile.imread(folder / "01_ST" / "SEG" / "man_seg002.tif")
    np.testing.assert_array_equal(seg_scores(gold, gold), np.ones(len(np.unique(gold)) - 1))
    np.testing.assert_allclose(seg_scores(silver, gold), by_definition(silver, gold.astype(int)))
    assert seg(silver, gold) > 0.8
