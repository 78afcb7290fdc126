"""Scores of a membrane map as in ISBI 2012: threshold, label the cells, thin the borders, compare, take the maximum."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ._checks import Labels, Mask, check_labels, check_masks, check_same_shape
from ._contingency import contingency_table
from ._information import v_info_of_table
from ._rand import v_rand_of_table
from ._split_merge import SplitMergeScore

# The challenge cut the cells' probability above 0.0, 0.1, ..., 1.0; on the membrane's side that is below 1.0, ..., 0.0,
# and below 0.0 there is never a cell.
CHALLENGE_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class ThresholdScores:
    """One measure of one or more slices at every threshold.

    Attributes:
        thresholds: the T thresholds.
        slices: for every slice its T scores, in the order of the thresholds.
    """

    thresholds: tuple[float, ...]
    slices: tuple[tuple[SplitMergeScore, ...], ...]

    @property
    def curve(self) -> npt.NDArray[np.float64]:
        """The mean F-score over the slices at each threshold, float64 (T,); slices without a score do not count."""
        scores = np.array([[score.f_score for score in scores] for scores in self.slices]).reshape(-1, self._size)
        known = ~np.isnan(scores)
        means = np.full(self._size, np.nan)
        np.divide(np.where(known, scores, 0).sum(axis=0), known.sum(axis=0), out=means, where=known.any(axis=0))
        return means

    @property
    def maximum(self) -> float:
        """The largest value of `curve`, the score to publish; nan if no slice has a score."""
        return math.nan if self._best is None else float(self.curve[self._best])

    @property
    def best_threshold(self) -> float:
        """The threshold that reached the maximum, the first of them on a tie; nan if no slice has a score."""
        return math.nan if self._best is None else self.thresholds[self._best]

    @property
    def at_best(self) -> tuple[SplitMergeScore, ...]:
        """The score of each slice at the best threshold; empty if no slice has a score."""
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
    """V-Rand and V-Info of a membrane map; each has its own best threshold."""

    v_rand: ThresholdScores
    v_info: ThresholdScores


def label_cells(cells: Mask) -> npt.NDArray[np.int32]:
    """Return the 4-connected components of the cells, so that a border which is only 8-connected still parts them.

    Args:
        cells: True inside a cell, bool (H, W).

    Returns:
        int32 (H, W), 0 outside, 1 to N inside.

    Raises:
        TypeError: `cells` is not boolean.
        ValueError: `cells` is not (H, W).
    """
    check_masks(cells=cells)
    _check_image(cells)
    if cells.size == 0:
        return np.zeros(cells.shape, np.int32)
    _, labels = cv2.connectedComponents(np.ascontiguousarray(cells).view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return labels


def thin_borders(labels: Labels) -> npt.NDArray[np.int32]:
    """Grow the segments until the borders between them are one pixel thin.

    Every pixel of a border goes to its nearest segment, as if all were flooded at one speed; then one pixel of each
    two that touch and differ is border again. A border that ends inside a segment vanishes. No pixel of a segment
    changes, and segments that touch already stay without a border.

    Args:
        labels: segments, integer (H, W), below 2**31; 0 is border.

    Returns:
        int32 (H, W), with the labels of the input; a copy if there is nothing to grow or nowhere to grow.

    Raises:
        TypeError: the labels are not of an integer type.
        ValueError: `labels` is not (H, W), or a label is negative or too large.
    """
    check_labels(labels=labels)
    _check_image(labels)
    if labels.size and int(labels.max()) > np.iinfo(np.int32).max:
        raise ValueError(f"labels must be below 2**31, but their maximum is {labels.max()}.")
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
    """Score the membrane map of one slice by V-Rand and V-Info at every threshold, with thinned borders.

    At a threshold, the membrane is where ``membrane_probability >= threshold`` (in float32), and the cells are the
    4-connected components of the rest. The challenge thinned by a watershed; its lines can lie one pixel beside those
    of `thin_borders`, so a published score may differ in the third decimal.

    Args:
        membrane_probability: float (H, W), 0 to 1.
        reference_cells: True inside a cell, bool, same shape; its 4-connected components are the reference.
        thresholds: T thresholds, at least one.

    Returns:
        Both measures, each with its curve over the thresholds, its maximum, and where it is.

    Raises:
        TypeError: `reference_cells` is not boolean.
        ValueError: the shapes differ, are not (H, W), or there is no threshold.

    Reference: Arganda-Carreras et al. (2015), Crowdsourcing the creation of image segmentation algorithms for
    connectomics, doi:10.3389/fnana.2015.00142.
    """
    return membrane_stack_scores([membrane_probability], [reference_cells], thresholds)


def membrane_stack_scores(
    membrane_probabilities: Iterable[npt.NDArray[np.floating]],
    reference_cells: Iterable[Mask],
    thresholds: Sequence[float] = CHALLENGE_THRESHOLDS,
) -> MembraneScores:
    """Score the membrane maps of a stack, each slice by itself, by V-Rand and V-Info with thinned borders.

    One threshold holds for the whole stack: the F-scores are averaged over the slices at each threshold, and the
    maximum is taken of these means. A maximum per slice before the mean would be a little higher, and would choose
    each slice's threshold by its own reference.

    Args:
        membrane_probabilities: slices of float (H, W), 0 to 1; a (Z, H, W) array, or anything that yields slices.
        reference_cells: as many slices of bool (H, W), True inside a cell.
        thresholds: T thresholds, at least one.

    Returns:
        Both measures, each with its curve of means over the thresholds, the maximum, and the slices' scores there.

    Raises:
        TypeError: a reference slice is not boolean.
        ValueError: shapes or numbers of slices differ, a slice is not (H, W), or there is no threshold.

    Reference: Arganda-Carreras et al. (2015), Crowdsourcing the creation of image segmentation algorithms for
    connectomics, doi:10.3389/fnana.2015.00142.
    """
    limits = tuple(float(threshold) for threshold in thresholds)
    if not limits:
        raise ValueError("thresholds is empty, expected at least one.")
    rand, information = [], []
    for probability, cells in zip(membrane_probabilities, reference_cells, strict=True):
        scores = _slice_scores(probability, cells, limits)
        rand.append(tuple(score for score, _ in scores))
        information.append(tuple(score for _, score in scores))
    return MembraneScores(ThresholdScores(limits, tuple(rand)), ThresholdScores(limits, tuple(information)))


def _slice_scores(
    probability: npt.NDArray[np.floating], cells: Mask, thresholds: tuple[float, ...]
) -> list[tuple[SplitMergeScore, SplitMergeScore]]:
    """Return V-Rand and V-Info at every threshold."""
    check_same_shape(membrane_probability=probability, reference_cells=cells)
    reference = label_cells(cells)
    probability = probability.astype(np.float32, copy=False)
    scores = []
    for threshold in thresholds:
        labels = thin_borders(label_cells(~(probability >= np.float32(threshold))))
        table = contingency_table(labels, reference)
        scores.append((v_rand_of_table(table), v_info_of_table(table)))
    return scores


def _grow(segments: npt.NDArray[np.int32], border: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return for every pixel the label of the nearest segment (their Voronoi regions), and how far away that is."""
    # OpenCV numbers the pixels of the segments and says for every pixel which one is nearest. That takes a small part
    # of the time of a watershed over the same image.
    distance, nearest = cv2.distanceTransformWithLabels(
        border.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[~border]] = segments[~border]
    return label_of[nearest], distance


def _lines(grown: npt.NDArray[np.int32], distance: npt.NDArray[np.float32]) -> Mask:
    """Return the former border pixels that must be border again, so that no two segments have come to touch."""
    lines = np.zeros(grown.shape, np.bool_)
    everything = slice(None)
    for before, after in (
        ((slice(None, -1), everything), (slice(1, None), everything)),
        ((everything, slice(None, -1)), (everything, slice(1, None))),
    ):
        differ = grown[before] != grown[after]
        # Only the farther one of two becomes border: the line is thin, it lies in the middle of the former border, and
        # pixels of segments, at distance 0, stay.
        farther = distance[before] >= distance[after]
        lines[before] |= differ & farther & (distance[before] > 0)
        lines[after] |= differ & ~farther
    return lines


def _check_image(image: npt.NDArray[np.generic]) -> None:
    if image.ndim != 2:
        raise ValueError(f"expected an image of shape (H, W), found shape {image.shape}.")
