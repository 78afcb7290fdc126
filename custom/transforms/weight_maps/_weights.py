"""The weight map of the U-Net paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import find_objects

from ._labels import Labels, Numbers, Weights, check_labels, numbered

_NEGLIGIBLE = 1e-6  # smaller border terms are omitted


def weight_map(
    labels: Labels, w0: float = 10.0, sigma: float = 5.0, class_weights: Sequence[float] | None = None
) -> Weights:
    """Return the weight of each pixel in the loss, w(x) = wc(x) + w0 · exp(−(d1 + d2)² / 2σ²).

    d1 and d2 are the distances in pixels from a background pixel to the nearest and the second nearest cell, measured
    between pixel centers. The border term (the second term) applies to background pixels only, and is 0 if there are
    fewer than two cells. Touching cells have no background between them: separate them first by `separate_touching`.
    All pixels with the same label form one cell. Border terms below 1e-6 are omitted.

    The class weight wc is constant for each class. By default it is N / (K · n), for N annotated pixels in the image, K
    classes present (of background and cell), and n pixels of the class. Both classes then have the same total weight,
    and the mean of wc is 1.

    Args:
        labels: instance labels, integer (H, W); 0 is background, negative is unannotated, with weight 0.
        w0: height of the border term.
        sigma: width σ of the border term in pixels.
        class_weights: wc of background and of cells; None balances the classes.

    Returns:
        float32 (H, W).

    Raises:
        ValueError: ``labels`` is not an integer array (H, W), ``w0`` is negative, ``sigma`` is not above 0, or
            ``class_weights`` does not have two values.

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015, equation 2.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import weight_map
        >>> labels = np.array([[1, 0, 0, 0, 2]])  # d1 + d2 = 4: 5/6 + 10 · exp(−16 / 50); cells: 5/4
        >>> weight_map(labels, w0=10, sigma=5).round(2)
        array([[1.25, 8.09, 8.09, 8.09, 1.25]], dtype=float32)
    """
    check_labels(labels)
    if not (w0 >= 0 and sigma > 0):
        raise ValueError(f"w0 must be 0 or more and sigma above 0, not {w0} and {sigma}")
    if class_weights is not None and len(class_weights) != 2:
        raise ValueError(f"class_weights must be two values, for background and cells, not {class_weights}")
    background = labels == 0
    background_weight, cell_weight = _balance(labels) if class_weights is None else class_weights
    weight = np.where(background, np.float32(background_weight), np.float32(cell_weight))
    weight[labels < 0] = 0
    if w0 > _NEGLIGIBLE:
        # Beyond this d2 the term is negligible, because d1 is at least 1.
        reach = max(1, math.ceil(sigma * math.sqrt(2 * math.log(w0 / _NEGLIGIBLE))) - 1)
        nearest, second = _two_nearest(numbered(labels), reach)
        between = background & np.isfinite(second)
        total = _exact(nearest[between]) + _exact(second[between])
        weight[between] += w0 * np.exp(total**2 / (-2 * sigma**2))
    return weight


def _balance(labels: Labels) -> tuple[float, float]:
    """Return the weights of background and cells that balance the two; 1 and 1 if one of them is absent."""
    counts = np.count_nonzero(labels == 0), np.count_nonzero(labels > 0)
    if 0 in counts:
        return 1.0, 1.0
    return sum(counts) / (2 * counts[0]), sum(counts) / (2 * counts[1])


def _two_nearest(cells: Numbers, reach: int) -> tuple[Weights, Weights]:
    """Return the distances to the nearest and the second nearest cell, exact up to ``reach`` or infinite beyond it.

    Each cell is processed within its own bounding box, so that the time is proportional to the total area of the boxes,
    not to cells × pixels.
    """
    nearest = np.full(cells.shape, np.inf, np.float32)
    second = nearest.copy()
    for number, box in enumerate(find_objects(cells), start=1):
        if box is None:
            continue
        near = tuple(slice(max(side.start - reach, 0), side.stop + reach) for side in box)
        outside = (cells[near] != number).view(np.uint8)
        distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        np.minimum(second[near], np.maximum(nearest[near], distance), out=second[near])
        np.minimum(nearest[near], distance, out=nearest[near])
    return nearest, second


def _exact(distances: Weights) -> Weights:
    """Return distances between pixels without OpenCV's rounding error, whose last bit differs between calls."""
    return np.sqrt(np.rint(distances**2))  # their squares are whole numbers
