"""The weight map of the U-Net's paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import find_objects

from ._labels import Labels, Numbers, Weights, check_labels, numbered

_NEGLIGIBLE = 1e-6  # border terms below are left out


def weight_map(
    labels: Labels, w0: float = 10.0, sigma: float = 5.0, class_weights: Sequence[float] | None = None
) -> Weights:
    """Return the weight of each pixel in the loss: w(x) = wc(x) + w0 · exp(−(d1 + d2)² / 2σ²).

    d1 and d2 are the distances, in pixels, from the centre of a background pixel to the nearest pixel of the nearest
    cell and of the second nearest. The second term, the border term, is for background pixels alone, and 0 where there
    are fewer than two cells. It stands on background: part cells that touch first (`part_touching`). A cell is all
    pixels with one label. Border terms below 1e-6 are left out.

    wc is the same for all pixels of a class. By default it is N / (K · n): N annotated pixels in the image, K of the
    two classes background and cell present in it, n pixels of the class. So each class has the same sum, and the mean
    of wc is 1.

    Args:
        labels: instance labels, integers (H, W); 0 is background, negative is not annotated: weight 0.
        w0: height of the border term.
        sigma: its width σ, in pixels.
        class_weights: wc of background and of cells, instead of the balance.

    Returns:
        (H, W) float32.

    Raises:
        ValueError: labels are not integers (H, W), w0 is negative, sigma is not above 0, or there are not two weights.

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    MICCAI 2015, equation 2.
    """
    check_labels(labels)
    if not (w0 >= 0 and sigma > 0):
        raise ValueError(f"w0 is 0 or more and sigma above 0, not {w0} and {sigma}")
    if class_weights is not None and len(class_weights) != 2:
        raise ValueError(f"class_weights are those of background and cells, not {class_weights}")
    background = labels == 0
    of_background, of_cells = _balance(labels) if class_weights is None else class_weights
    weight = np.where(background, np.float32(of_background), np.float32(of_cells))
    weight[labels < 0] = 0
    if w0 > _NEGLIGIBLE:
        # Beyond this d2 the term is negligible, because d1 is 1 at least.
        reach = max(1, math.ceil(sigma * math.sqrt(2 * math.log(w0 / _NEGLIGIBLE))) - 1)
        nearest, second = _two_nearest(numbered(labels), reach)
        between = background & np.isfinite(second)
        both = _exact(nearest[between]) + _exact(second[between])
        weight[between] += w0 * np.exp(both**2 / (-2 * sigma**2))
    return weight


def _balance(labels: Labels) -> tuple[float, float]:
    """Return the weights of background and cells that balance the two; 1 for a class that is alone or absent."""
    counts = np.count_nonzero(labels == 0), np.count_nonzero(labels > 0)
    if 0 in counts:
        return 1.0, 1.0
    return sum(counts) / (2 * counts[0]), sum(counts) / (2 * counts[1])


def _two_nearest(cells: Numbers, reach: int) -> tuple[Weights, Weights]:
    """Return the distances to the nearest and to the second nearest cell, exact up to ``reach``; or infinity beyond it.

    Each cell is looked at within a box of its own, so that the time is that of the boxes, not of cells × pixels.
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
    """Return distances between pixels without OpenCV's last bit, which is not the same in every call."""
    return np.sqrt(np.rint(distances**2))  # squared, they are whole numbers
