"""Scores of a membrane map as in ISBI 2012: the best V-Rand and V-Info over thresholds, after border thinning."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ._checks import Labels, Mask, check_labels, check_masks, check_same_shape
from ._contingency import contingency_table
from ._information import v_info_from_table
from ._rand import v_rand_from_table
from ._split_merge import SplitMergeScore

# The challenge thresholded the cell probability at > 0.0, 0.1, …, 1.0, which is a membrane probability < 1.0, …, 0.0;
# the last one (no pixel is below 0.0) gives no cells.
CHALLENGE_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class ThresholdScores:
    """One metric for one or more slices at each threshold.

    Attributes:
        thresholds: T thresholds.
        slices: T scores for each slice, in the order of the thresholds.
    """

    thresholds: tuple[float, ...]
    slices: tuple[tuple[SplitMergeScore, ...], ...]

    @property
    def curve(self) -> npt.NDArray[np.float64]:
        """Mean F-score over the slices at each threshold, float64 (T,), ignoring slices without a score."""
        scores = np.array([[score.f_score for score in scores] for scores in self.slices]).reshape(-1, self._size)
        known = ~np.isnan(scores)
        means = np.full(self._size, np.nan)
        np.divide(np.where(known, scores, 0).sum(axis=0), known.sum(axis=0), out=means, where=known.any(axis=0))
        return means

    @property
    def maximum(self) -> float:
        """Largest value of `curve`, the score to publish; NaN if no slice has a score."""
        return math.nan if self._best is None else float(self.curve[self._best])

    @property
    def best_threshold(self) -> float:
        """Threshold of the maximum, the first one in case of a tie; NaN if no slice has a score."""
        return math.nan if self._best is None else self.thresholds[self._best]

    @property
    def at_best(self) -> tuple[SplitMergeScore, ...]:
        """Score of each slice at the best threshold; empty if no slice has a score."""
        return () if self._best is None else tuple(scores[self._best] for scores in self.slices)

    @property
    def _size(self) -> int:
        return len(self.thresholds)

    @property
    def _best(self) -> int | None:
        curve = self.curve
        return None if np.isnan(curve).all() else int(np.nanargmax(curve))


@dataclass(frozen=True)
class MembraneScores:
    """V-Rand and V-Info of a membrane map, each with its own best threshold."""

    v_rand: ThresholdScores
    v_info: ThresholdScores


def label_cells(cells: Mask) -> npt.NDArray[np.int32]:
    """Label the 4-connected components of the cells, so that an 8-connected border separates them.

    Args:
        cells: True inside a cell, bool (H, W).

    Returns:
        int32 (H, W): 1 to N inside cells, 0 elsewhere.

    Raises:
        TypeError: ``cells`` is not boolean.
        ValueError: ``cells`` is not (H, W).

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import label_cells
        >>> label_cells(np.array([[True, False], [False, True]]))
        array([[1, 0],
               [0, 2]], dtype=int32)
    """
    check_masks(cells=cells)
    _check_image(cells)
    if cells.size == 0:
        return np.zeros(cells.shape, np.int32)
    _, labels = cv2.connectedComponents(np.ascontiguousarray(cells).view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return labels


def thin_borders(labels: Labels) -> npt.NDArray[np.int32]:
    """Grow the segments until the borders between them are one pixel thick.

    Each border pixel is assigned to the nearest segment; then one pixel of each pair of adjacent pixels with different
    labels becomes border again. A border that ends inside a segment vanishes. Pixels of segments do not change, and no
    border is added between segments that already touch.

    Args:
        labels: segments, integer (H, W), below 2**31; 0 is border.

    Returns:
        int32 (H, W), with the labels of the input; a copy if there are no segments or no borders.

    Raises:
        TypeError: ``labels`` does not have an integer dtype.
        ValueError: ``labels`` is not (H, W), or a label is negative or too large.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import thin_borders
        >>> thin_borders(np.array([[1, 1, 0, 0, 0, 2, 2]]))
        array([[1, 1, 1, 0, 2, 2, 2]], dtype=int32)
    """
    check_labels(labels=labels)
    _check_image(labels)
    if labels.size and int(labels.max()) > np.iinfo(np.int32).max:
        raise ValueError(f"labels must be below 2**31, but the maximum is {labels.max()}.")
    segments = labels.astype(np.int32, order="C")
    border = segments == 0
    if border.all() or not border.any():
        return segments
    grown, distance = _grow(segments, border)
    grown[_lines(grown, distance)] = 0
    return grown


def membrane_scores(
    membrane_probability: npt.NDArray[np.floating],
    reference_cells: Mask,
    thresholds: Sequence[float] = CHALLENGE_THRESHOLDS,
) -> MembraneScores:
    """Compute V-Rand and V-Info of the membrane map of one slice at each threshold, with thinned borders.

    At each threshold, the membrane is where ``membrane_probability >= threshold`` (in float32), and the cells are the
    4-connected components of the remaining pixels. The challenge thinned borders by a watershed, whose lines can be one
    pixel off those of `thin_borders`, so that published scores may differ in the third decimal.

    Args:
        membrane_probability: float (H, W), 0 to 1.
        reference_cells: True inside a cell, bool, same shape; its 4-connected components are the reference segments.
        thresholds: T thresholds, at least one.

    Returns:
        Both metrics, each with its curve over the thresholds, its maximum, and the threshold of the maximum.

    Raises:
        TypeError: ``reference_cells`` is not boolean.
        ValueError: The shapes differ or are not (H, W), or ``thresholds`` is empty.

    Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics",
    Frontiers in Neuroanatomy 2015, doi:10.3389/fnana.2015.00142.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import membrane_scores
        >>> reference = np.array([[True, True, False, True, True]])
        >>> scores = membrane_scores(np.array([[0.0, 0.1, 0.4, 0.1, 0.0]]), reference)
        >>> scores.v_rand.maximum, scores.v_rand.best_threshold
        (1.0, 0.1)
    """
    return membrane_stack_scores([membrane_probability], [reference_cells], thresholds)


def membrane_stack_scores(
    membrane_probabilities: Iterable[npt.NDArray[np.floating]],
    reference_cells: Iterable[Mask],
    thresholds: Sequence[float] = CHALLENGE_THRESHOLDS,
) -> MembraneScores:
    """Compute V-Rand and V-Info of a stack of membrane maps, slice by slice, with thinned borders.

    One threshold applies to the whole stack: the F-scores are averaged over the slices at each threshold, and the
    maximum of these means is the score. Taking the maximum per slice first would give slightly higher scores, but would
    choose each slice's threshold by its own reference.

    Args:
        membrane_probabilities: slices of float (H, W), 0 to 1; a (Z, H, W) array or any iterable of slices.
        reference_cells: the same number of slices of bool (H, W), True inside a cell.
        thresholds: T thresholds, at least one.

    Returns:
        Both metrics, each with its mean curve over the thresholds, its maximum, and the scores of the slices there.

    Raises:
        TypeError: A reference slice is not boolean.
        ValueError: The shapes or the numbers of slices differ, a slice is not (H, W), or ``thresholds`` is empty.

    Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics",
    Frontiers in Neuroanatomy 2015, doi:10.3389/fnana.2015.00142.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import membrane_stack_scores
        >>> probabilities = np.array([[[0.0, 0.0, 0.9, 0.0, 0.0]], [[0.0, 0.0, 0.4, 0.0, 0.0]]])
        >>> reference = np.array([[[True, True, False, True, True]]] * 2)
        >>> scores = membrane_stack_scores(probabilities, reference, thresholds=(0.3, 0.8))
        >>> scores.v_rand.curve.round(3)  # at 0.8 the cells of the second slice are merged
        array([1.   , 0.833])
    """
    limits = tuple(float(threshold) for threshold in thresholds)
    if not limits:
        raise ValueError("thresholds is empty, but at least one is required.")
    rand, information = [], []
    for probability, cells in zip(membrane_probabilities, reference_cells, strict=True):
        scores = _slice_scores(probability, cells, limits)
        rand.append(tuple(score for score, _ in scores))
        information.append(tuple(score for _, score in scores))
    return MembraneScores(ThresholdScores(limits, tuple(rand)), ThresholdScores(limits, tuple(information)))


def _slice_scores(
    probability: npt.NDArray[np.floating], cells: Mask, thresholds: tuple[float, ...]
) -> list[tuple[SplitMergeScore, SplitMergeScore]]:
    """Return V-Rand and V-Info at each threshold."""
    check_same_shape(membrane_probability=probability, reference_cells=cells)
    reference = label_cells(cells)
    probability = probability.astype(np.float32, copy=False)
    scores = []
    for threshold in thresholds:
        labels = thin_borders(label_cells(~(probability >= np.float32(threshold))))
        table = contingency_table(labels, reference)
        scores.append((v_rand_from_table(table), v_info_from_table(table)))
    return scores


def _grow(segments: npt.NDArray[np.int32], border: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the label of the nearest segment (Voronoi regions) and the distance to it for each pixel."""
    # OpenCV numbers the segment pixels and returns the nearest one for each pixel, in a small fraction of the time of a
    # watershed.
    distance, nearest = cv2.distanceTransformWithLabels(
        border.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[~border]] = segments[~border]
    return label_of[nearest], distance


def _lines(grown: npt.NDArray[np.int32], distance: npt.NDArray[np.float32]) -> Mask:
    """Return the former border pixels that must become border again, so that grown segments do not touch."""
    lines = np.zeros(grown.shape, np.bool_)
    everything = slice(None)
    for before, after in (
        ((slice(None, -1), everything), (slice(1, None), everything)),
        ((everything, slice(None, -1)), (everything, slice(1, None))),
    ):
        differ = grown[before] != grown[after]
        # Only the pixel farther from its segment becomes border. This keeps the line thin and in the middle of the
        # former border, and leaves pixels of segments, at distance 0, unchanged.
        farther = distance[before] >= distance[after]
        lines[before] |= differ & farther & (distance[before] > 0)
        lines[after] |= differ & ~farther
    return lines


def _check_image(image: npt.NDArray[np.generic]) -> None:
    if image.ndim != 2:
        raise ValueError(f"expected an image of shape (H, W), found shape {image.shape}.")
