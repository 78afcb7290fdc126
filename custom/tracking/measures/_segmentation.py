"""Scores of the single frames that have segmentation truth."""

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
        frame: its number.
        seg: the Jaccard index of each true object, see `metrics.seg_scores`.
        of_pixels: further scores by name; none where not all cells are annotated.
    """

    frame: int
    seg: np.ndarray
    of_pixels: dict[str, float]


def score_frame(
    frame: int, labels: np.ndarray, reference: np.ndarray, markers: np.ndarray | None, warping: bool
) -> FrameScores:
    """Score a frame of a result.

    Args:
        frame: its number.
        labels: the result, (H, W) or (Z, H, W) unsigned integer.
        reference: the true objects, perhaps not all of them.
        markers: a mark for every cell, or None: where one has no object under it, not all cells are annotated.
        warping: whether to take the warping error too, of (H, W).
    """
    seg = metrics.seg_scores(labels, reference)
    if markers is not None and not _is_complete(reference, markers):
        return FrameScores(frame, seg, {})
    rand_index = metrics.rand_index(labels, reference)
    scores = {"IoU": metrics.iou(labels > 0, reference > 0), "rand_index": rand_index, "rand_error": 1 - rand_index}
    if warping:
        # Cells that touch get a ridge between them: without it, a foreground would not show that they were merged.
        scores["warping_error"] = metrics.warping_error(
            separate_touching(labels) > 0, separate_touching(reference) > 0
        ).error
    return FrameScores(frame, seg, scores)


def summarise(frames: Sequence[FrameScores]) -> dict[str, float]:
    """Return SEG over the objects of all frames, and the mean over the frames of the scores of pixels."""
    objects = np.concatenate([frame.seg for frame in frames])
    names = dict.fromkeys(name for frame in frames for name in frame.of_pixels)
    means = {name: mean([frame.of_pixels[name] for frame in frames if name in frame.of_pixels]) for name in names}
    return {"SEG": mean(objects.tolist())} | means


def _is_complete(reference: np.ndarray, markers: np.ndarray) -> bool:
    table = metrics.contingency_table((reference > 0).view(np.uint8), markers)
    marked, annotated = table.reference > 0, table.labels > 0
    return set(table.reference[marked]) == set(table.reference[marked & annotated])
