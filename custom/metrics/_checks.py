"""Input checks shared by all metrics: equal shapes, boolean masks, integer labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.integer]


def check_same_shape(**arrays: npt.NDArray[np.generic]) -> None:
    """Raise ValueError, naming the first two arguments whose shapes differ."""
    (first, reference), *others = arrays.items()
    for name, array in others:
        if array.shape != reference.shape:
            raise ValueError(f"{first} has shape {reference.shape}, but {name} has shape {array.shape}.")


def check_masks(**masks: npt.NDArray[np.generic]) -> None:
    """Raise TypeError or ValueError unless all masks are boolean and have the same shape.

    Integers are rejected rather than cast, because a probability map or label image that was passed by mistake would
    silently be scored.
    """
    for name, mask in masks.items():
        if mask.dtype != np.bool_:
            raise TypeError(f"{name} must be a boolean array, not {mask.dtype}.")
    check_same_shape(**masks)


def check_labels(**labels: npt.NDArray[np.generic]) -> None:
    """Raise TypeError or ValueError unless all label images hold non-negative integers and have the same shape."""
    for name, image in labels.items():
        if not np.issubdtype(image.dtype, np.integer):
            raise TypeError(f"{name} must hold integer labels, not {image.dtype}.")
        if np.issubdtype(image.dtype, np.signedinteger) and image.size and image.min() < 0:
            raise ValueError(f"{name} must hold non-negative labels, but its minimum is {image.min()}.")
    check_same_shape(**labels)
