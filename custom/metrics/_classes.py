"""Per-class overlap of two class maps, computed from their confusion matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._checks import Labels, Mask, check_labels, check_masks, check_same_shape

ConfusionMatrix = npt.NDArray[np.int64]

# Pixels per np.bincount call, which makes a 64-bit copy of its argument: eight times the memory of a uint8 montage.
_CHUNK = 2**20


def confusion_matrix(labels: Labels, reference: Labels, classes: int, valid: Mask | None = None) -> ConfusionMatrix:
    """Count the pixels for each pair of true and predicted class.

    The matrices of several images can be added.

    Args:
        labels: predicted classes, integer, any shape.
        reference: true classes, integer, same shape.
        classes: number of classes K; classes are 0 to K − 1.
        valid: pixels to count, bool, same shape; None counts all pixels. Other pixels may have any value, such as 255
            for unannotated pixels.

    Returns:
        int64 (K, K): rows are reference classes, columns predicted classes.

    Raises:
        TypeError: A class map does not have an integer dtype, or ``valid`` is not boolean.
        ValueError: The shapes differ, or a counted pixel has a value outside 0 to K − 1.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import confusion_matrix
        >>> confusion_matrix(labels=np.array([0, 1, 1, 2]), reference=np.array([0, 0, 1, 1]), classes=3)
        array([[1, 1, 0],
               [0, 1, 1],
               [0, 0, 0]])
    """
    check_same_shape(labels=labels, reference=reference)
    if valid is not None:
        check_masks(valid=valid)
        check_same_shape(labels=labels, valid=valid)
        labels, reference = labels[valid], reference[valid]
    check_labels(labels=labels, reference=reference)
    for name, image in {"labels": labels, "reference": reference}.items():
        if image.size and int(image.max()) >= classes:
            raise ValueError(f"{name} holds class {image.max()}, but classes must be 0 to {classes - 1}.")
    predicted, true = labels.ravel(), reference.ravel()
    matrix = np.zeros(classes**2, np.int64)
    for start in range(0, predicted.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        pairs = true[chunk].astype(np.int64) * classes + predicted[chunk].astype(np.int64)
        matrix += np.bincount(pairs, minlength=classes**2)
    return matrix.reshape(classes, classes)


def class_dice(matrix: ConfusionMatrix) -> npt.NDArray[np.float64]:
    """Return the Dice coefficient of each class, 2·|P ∩ R| / (|P| + |R|).

    Use ``np.nanmean`` for the mean over the classes, so that classes absent from both maps do not count.

    Args:
        matrix: confusion matrix, int64 (K, K); see `confusion_matrix`.

    Returns:
        float64 (K,), 0 to 1, higher is better; NaN for a class absent from both prediction and reference, 0 for a class
        present in only one of them.

    Reference: Dice, "Measures of the amount of ecologic association between species", Ecology 1945,
    doi:10.2307/1932409.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import class_dice
        >>> class_dice(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])).round(3)
        array([0.667, 0.5  , 0.   ])
    """
    both, predicted, true = _counts(matrix)
    return _ratios(2 * both, predicted + true)


def class_iou(matrix: ConfusionMatrix) -> npt.NDArray[np.float64]:
    """Return the intersection over union (Jaccard index) of each class, |P ∩ R| / |P ∪ R|.

    Args:
        matrix: confusion matrix, int64 (K, K); see `confusion_matrix`.

    Returns:
        float64 (K,), 0 to 1, higher is better; NaN and 0 as in `class_dice`.

    Reference: Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 1912,
    doi:10.1111/j.1469-8137.1912.tb05611.x.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import class_iou
        >>> class_iou(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])).round(3)
        array([0.5  , 0.333, 0.   ])
    """
    both, predicted, true = _counts(matrix)
    return _ratios(both, predicted + true - both)


def _counts(matrix: ConfusionMatrix) -> tuple[ConfusionMatrix, ConfusionMatrix, ConfusionMatrix]:
    """Return the number of pixels of each class in both maps, in the prediction, and in the reference, each (K,)."""
    return np.diagonal(matrix), matrix.sum(axis=0), matrix.sum(axis=1)


def _ratios(numerator: npt.NDArray[np.int64], denominator: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    ratios = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=ratios, where=denominator > 0)
    return ratios
