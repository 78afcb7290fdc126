"""Scores of single frames with segmentation truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ... import metrics
from ...ground.score_tables import mean
from ...transforms import separate_touching


@dataclass(frozen=True, eq=False)
class FrameScores:
    """Scores of a frame.

    Attributes:
        frame: frame number.
        seg: (N,) float64, the Jaccard index of each true object, see `custom.metrics.seg_scores`.
        pixel_scores: further scores by name; empty if not all cells of the frame are annotated.
    """

    frame: int
    seg: np.ndarray
    pixel_scores: dict[str, float]


def score_frame(
    frame: int, labels: np.ndarray, reference: np.ndarray, markers: np.ndarray | None, warping: bool
) -> FrameScores:
    """Score a frame of a result.

    Args:
        frame: frame number.
        labels: mask of the result, (H, W) or (Z, H, W) unsigned integer.
        reference: mask of the truth, same shape, in which cells may be missing.
        markers: a marker for every cell, or None; a marker without an object in `reference` shows that cells are
            missing there.
        warping: whether to compute the warping error, for (H, W) only.
    """
    seg = metrics.seg_scores(labels, reference)
    if markers is not None and not _is_complete(reference, markers):
        return FrameScores(frame, seg, {})
    rand_index = metrics.rand_index(labels, reference)
    scores = {"IoU": metrics.iou(labels > 0, reference > 0), "rand_index": rand_index, "rand_error": 1 - rand_index}
    if warping:
        # Touching cells are separated by a background ridge; otherwise the foreground would not show merged cells.
        masks = (separate_touching(one) > 0 for one in (labels, reference))
        scores["warping_error"] = metrics.warping_error(*masks).error
    return FrameScores(frame, seg, scores)


def summarize_frames(frames: Sequence[FrameScores]) -> dict[str, float]:
    """Return SEG, the mean over all objects, and the mean over the frames of all other scores."""
    objects = np.concatenate([frame.seg for frame in frames])
    names = dict.fromkeys(name for frame in frames for name in frame.pixel_scores)
    means = {name: mean([frame.pixel_scores[name] for frame in frames if name in frame.pixel_scores]) for name in names}
    return {"SEG": mean(objects.tolist())} | means


def _is_complete(reference: np.ndarray, markers: np.ndarray) -> bool:
    table = metrics.contingency_table((reference > 0).view(np.uint8), markers)
    marked, annotated = table.reference > 0, table.labels > 0
    return set(table.reference[marked]) == set(table.reference[marked & annotated])
