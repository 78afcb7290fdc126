"""Confusion matrix, Dice and IoU of classes."""

from __future__ import annotations

import numpy as np
import pytest

from custom import metrics
from custom.metrics import class_dice, class_iou, confusion_matrix

REFERENCE = np.array([[0, 0, 1], [1, 1, 2]], np.uint8)
LABELS = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
# Class 0: both 1, predicted 3, true 2. Class 1: both 2, predicted 3, true 3. Class 2: never predicted. Class 3: absent.
MATRIX = [[1, 1, 0, 0], [1, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def random_maps(classes: int, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, classes, (size, 3), np.uint8), rng.integers(0, classes, (size, 3), np.uint8)


# --------------------------------------------------------------------------------------------------------------- matrix


def test_matrix_by_hand() -> None:
    matrix = confusion_matrix(LABELS, REFERENCE, 4)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == MATRIX


def test_matrix_equals_its_definition() -> None:
    labels, reference = random_maps(5)
    expected = [[int(((reference == true) & (labels == found)).sum()) for found in range(5)] for true in range(5)]
    assert confusion_matrix(labels, reference, 5).tolist() == expected


def test_matrix_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, reference = random_maps(3)
    whole = confusion_matrix(labels, reference, 3)
    monkeypatch.setattr("custom.metrics._classes._CHUNK", 7)
    assert np.array_equal(confusion_matrix(labels, reference, 3), whole)


@pytest.mark.parametrize("dtypes", [(np.uint8, np.uint8), (np.int64, np.uint8), (np.uint8, np.int32)])
def test_integer_types(dtypes: tuple[type, type]) -> None:
    assert confusion_matrix(LABELS.astype(dtypes[0]), REFERENCE.astype(dtypes[1]), 4).tolist() == MATRIX


def test_more_than_sixteen_classes_do_not_overflow() -> None:
    matrix = confusion_matrix(np.array([199], np.uint8), np.array([200], np.uint8), 201)
    assert np.argwhere(matrix).tolist() == [[200, 199]]


def test_only_valid_pixels_count() -> None:
    reference = REFERENCE.copy()
    reference[0] = 255
    assert confusion_matrix(LABELS, reference, 3, valid=reference != 255).tolist() == [[0, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert confusion_matrix(LABELS, REFERENCE, 2, valid=np.zeros((2, 3), bool)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint64, np.int64])
def test_any_integer_type(kind: type) -> None:
    labels, reference = random_maps(4)
    expected = confusion_matrix(labels, reference, 4)
    assert np.array_equal(confusion_matrix(labels.astype(kind), reference.astype(kind), 4), expected)


def test_matrices_of_images_add_up() -> None:
    labels, reference = random_maps(4)
    parts = [confusion_matrix(labels[part], reference[part], 4) for part in (slice(0, 100), slice(100, None))]
    assert np.array_equal(sum(parts), confusion_matrix(labels, reference, 4))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"labels": LABELS + 3}, ValueError, "labels holds class 4, but classes must be 0 to 3"),
        ({"reference": np.full((2, 3), 255, np.uint8)}, ValueError, "reference holds class 255"),
        ({"reference": REFERENCE[:1]}, ValueError, "has shape"),
        ({"valid": np.ones((3, 2), bool)}, ValueError, "has shape"),
        ({"valid": np.ones((2, 3))}, TypeError, "valid must be a boolean array"),
        ({"labels": LABELS.astype(float)}, TypeError, "labels must hold integer labels"),
        ({"labels": LABELS.astype(np.int8) - 1}, ValueError, "must hold non-negative labels"),
    ],
)
def test_invalid_input_is_rejected(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        confusion_matrix(**{"labels": LABELS, "reference": REFERENCE, "classes": 4, **arguments})


# --------------------------------------------------------------------------------------------------------------- scores


def test_scores_by_hand() -> None:
    matrix = np.array(MATRIX)
    np.testing.assert_allclose(class_dice(matrix), [2 / 5, 4 / 6, 0, np.nan])
    np.testing.assert_allclose(class_iou(matrix), [1 / 4, 2 / 4, 0, np.nan])
    assert np.nanmean(class_dice(matrix)) == pytest.approx((2 / 5 + 4 / 6) / 3)


@pytest.mark.parametrize("score", [class_dice, class_iou])
def test_an_absent_class_has_no_score(score: object) -> None:
    one_found, one_missed, neither = np.array([[3, 1], [0, 0]]), np.array([[3, 0], [1, 0]]), np.array([[3, 0], [0, 0]])
    assert score(one_found)[1] == score(one_missed)[1] == 0
    assert np.isnan(score(neither)[1])
    assert score(neither)[0] == 1
    assert np.isnan(score(np.zeros((2, 2), np.int64))).all()


def test_scores_of_each_class_equal_those_of_its_mask() -> None:
    labels, reference = random_maps(4)
    matrix = confusion_matrix(labels, reference, 4)
    masks = [(labels == number, reference == number) for number in range(4)]
    np.testing.assert_allclose(class_dice(matrix), [metrics.dice(*pair) for pair in masks])
    np.testing.assert_allclose(class_iou(matrix), [metrics.iou(*pair) for pair in masks])
