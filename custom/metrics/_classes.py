"""Overlap per class of two class maps, by way of their confusion matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._checks import Labels, Mask, check_labels, check_masks, check_same_shape

ConfusionMatrix = npt.NDArray[np.int64]

# Pixels counted at a time: np.bincount makes a 64-bit copy of its argument, eight times a montage of uint8.
_PIECE = 2**20


def confusion_matrix(labels: Labels, reference: Labels, classes: int, valid: Mask | None = None) -> ConfusionMatrix:
    """Count the pixels of each pair of true and predicted class.

    Matrices of several images may be added.

    Args:
        labels: predicted classes, integer, any shape.
        reference: true classes, integer, same shape.
        classes: their number K; classes are 0 to K − 1.
        valid: pixels that count, bool, same shape; all of them if None. Elsewhere any value may stand, such as 255
            for a pixel that nobody annotated.

    Returns:
        int64 (K, K): rows are the reference, columns the prediction.

    Raises:
        TypeError: a class map is not of an integer type, or `valid` is not boolean.
        ValueError: the shapes differ, or a pixel that counts is of no class.
    """
    check_same_shape(labels=labels, reference=reference)
    if valid is not None:
        check_masks(valid=valid)
        check_same_shape(labels=labels, valid=valid)
        labels, reference = labels[valid], reference[valid]
    check_labels(labels=labels, reference=reference)
    for name, image in {"labels": labels, "reference": reference}.items():
        if image.size and int(image.max()) >= classes:
            raise ValueError(f"{name} holds the class {image.max()}, but there are {classes} classes, from 0.")
    predicted, true = labels.ravel(), reference.ravel()
    matrix = np.zeros(classes**2, np.int64)
    for start in range(0, predicted.size, _PIECE):
        piece = slice(start, start + _PIECE)
        pairs = true[piece].astype(np.int64) * classes + predicted[piece].astype(np.int64)
        matrix += np.bincount(pairs, minlength=classes**2)
    return matrix.reshape(classes, classes)


def class_dice(matrix: ConfusionMatrix) -> npt.NDArray[np.float64]:
    """Return the Dice coefficient of each class, 2·|P ∩ R| / (|P| + |R|).

    The mean over the classes is ``np.nanmean``: a class that neither map has is no free score.

    Args:
        matrix: of `confusion_matrix`, int64 (K, K).

    Returns:
        float64 (K,), 0 to 1, 1 is best; nan for a class absent from both prediction and reference, 0 for one that only
        one of them has.

    Reference: Dice (1945), Measures of the amount of ecologic association between species, doi:10.2307/1932409.
    """
    both, predicted, true = _counts(matrix)
    return _ratios(2 * both, predicted + true)


def class_iou(matrix: ConfusionMatrix) -> npt.NDArray[np.float64]:
    """Return the intersection over union (the Jaccard index) of each class, |P ∩ R| / |P ∪ R|.

    Args:
        matrix: of `confusion_matrix`, int64 (K, K).

    Returns:
        float64 (K,), with nan and 0 as in `class_dice`; its mean over the classes is ``np.nanmean``.
    """
    both, predicted, true = _counts(matrix)
    return _ratios(both, predicted + true - both)


def _counts(matrix: ConfusionMatrix) -> tuple[ConfusionMatrix, ConfusionMatrix, ConfusionMatrix]:
    """Return the pixels of each class in both maps, in the prediction and in the reference, each (K,)."""
    return np.diagonal(matrix), matrix.sum(axis=0), matrix.sum(axis=1)


def _ratios(numerator: npt.NDArray[np.int64], denominator: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    ratios = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=ratios, where=denominator > 0)
    return ratios
