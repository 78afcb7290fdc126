"""All scores of a tracked sequence, with one pair of masks in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import InputError
from ...ground.progress import shown
from ...ground.score_tables import mean
from ..ctc._format import Track
from ..ctc._sequences import LabelSequence
from ._errors import TrackingError, tracking_errors
from ._matcher import Matcher
from ._matching import Matching, join_matchings
from ._numbers import all_numbers
from ._segmentation import FrameScores, score_frame


@dataclass(frozen=True, eq=False)
class SequenceScores:
    """The scores of a sequence.

    Attributes:
        numbers: measure → value, NaN if undefined. Measures for which truth or tracks are missing are absent.
        errors: all errors that DET, LNK and TRA count; empty without tracking truth.
        matching: the objects and their matches, needed to pool several sequences; None without tracking truth.
        frames: scores of the frames with segmentation truth.
    """

    numbers: dict[str, float]
    errors: list[TrackingError]
    matching: Matching | None
    frames: list[FrameScores]


def score_sequence(
    truth: LabelSequence | None,
    truth_tracks: Sequence[Track],
    result: LabelSequence,
    result_tracks: Sequence[Track] | None,
    seg: LabelSequence | None = None,
    frames: range | None = None,
    warping: bool = False,
) -> SequenceScores:
    """Compare a tracked sequence with its truth.

    - SEG, over all objects of `seg`; and the mean foreground ``IoU``, ``rand_index`` and ``rand_error`` over the frames
      of `seg` in which all cells are annotated. Annotations are incomplete if a marker of `truth` has no object in
      `seg`.
    - DET, LNK, TRA, their total penalty AOGM, and the number of errors of each kind (NS, FN, FP, ED, EA, EC).
    - CT, TF, BC(0) to BC(3), CCA, and BIO(i), the mean of CT, TF, BC(i) and CCA as far as they are defined.
    - OP_CSB = (SEG + DET)/2, OP_CTB = (SEG + TRA)/2, OP_CLB(i) = (LNK + BIO(i))/2.
    - IDF1, JSC and JSC_theta (see `identity_scores`); HOTA (see `hota`) and HOTA(coverage) (see `coverage_hota`);
      MOTA, identity switches IDSW, MT and ML (see `mot_scores`).
    - ``displacement_error``: mean centroid distance of matches, in pixels.

    As in the challenge, the result must have a mask for every frame of the truth and no other masks. `frames` limits
    both to a part of the movie and cuts the tracks to it.

    Args:
        truth: masks of all cells, or markers, with the labels of their tracks; None if there is only `seg`.
        truth_tracks: the tracks of `truth`.
        result: the masks to score.
        result_tracks: their tracks; None if the result was not tracked: DET is computed, measures of tracks are not.
        seg: segmentation truth of some frames, or of some slices of volumes, in which cells may be missing.
        frames: the frames to score; None for all.
        warping: whether to compute ``warping_error``, the mean over the frames that have an IoU.

    Raises:
        InputError: there is no truth for any frame, the frames of truth and result do not agree or differ in size,
            tracks and masks contradict each other, or `warping` is set for volumes.

    Reference: Maška et al. (2023), The Cell Tracking Challenge: 10 years of objective benchmarking,
    doi:10.1038/s41592-023-01879-y.

    Examples:
        >>> from custom.tracking import sequence_of
        >>> cells = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 2)
        >>> tracks = [Track(1, 0, 1), Track(2, 0, 1)]
        >>> scores = score_sequence(cells, tracks, cells, tracks)
        >>> scores.numbers["TRA"], scores.numbers["IDF1"], scores.errors
        (1.0, 1.0, [])
    """
    matcher, frame_scores = _read_all(truth, result, seg, frames, warping)
    if matcher is None:
        return SequenceScores(all_numbers(None, frame_scores), [], None, frame_scores)
    tracks = None if result_tracks is None else _cut_to_frames(result_tracks, frames)
    matching = matcher.finish(
        (_name(truth, "truth"), _cut_to_frames(truth_tracks, frames)), (_name(result, "result"), tracks)
    )
    return SequenceScores(all_numbers(matching, frame_scores), tracking_errors(matching), matching, frame_scores)


def pool_scores(scores: Sequence[SequenceScores]) -> dict[str, float]:
    """Return the pooled scores of several sequences: their objects, links, divisions and frames are counted together.

    Args:
        scores: at least one.

    Raises:
        InputError: some sequences are 2-D and some are 3-D.

    Examples:
        >>> from custom.tracking import sequence_of
        >>> cells = sequence_of([np.array([[1, 1, 0, 2, 2]])])
        >>> one = score_sequence(cells, [Track(1, 0, 0), Track(2, 0, 0)], cells, [Track(1, 0, 0), Track(2, 0, 0)])
        >>> half = sequence_of([np.array([[1, 1, 0, 0, 0]])])
        >>> other = score_sequence(half, [Track(1, 0, 0)], sequence_of([np.zeros((1, 5), int)]), [])
        >>> pool_scores([one, other])["DET"]  # one of three cells is missed
        0.6666666666666667
    """
    frame_scores = [frame for one in scores for frame in one.frames]
    matchings = [one.matching for one in scores if one.matching is not None]
    if len({matching.reference.centroids.shape[1] for matching in matchings}) > 1:
        raise InputError("The sequences: found images and volumes, expected only one of both for pooled scores.")
    return all_numbers(join_matchings(matchings) if matchings else None, frame_scores)


def mean_scores(scores: Sequence[SequenceScores]) -> dict[str, float]:
    """Return the mean of each score over the sequences in which it is defined.

    Examples:
        >>> scores = [SequenceScores({"TRA": value}, [], None, []) for value in (0.5, 1.0, float("nan"))]
        >>> mean_scores(scores)
        {'TRA': 0.75}
    """
    names = dict.fromkeys(name for one in scores for name in one.numbers)
    return {name: mean([one.numbers[name] for one in scores if name in one.numbers]) for name in names}


# ------------------------------------------------------------------------------------------------------------- reading


def _read_all(
    truth: LabelSequence | None, result: LabelSequence, seg: LabelSequence | None, frames: range | None, warping: bool
) -> tuple[Matcher | None, list[FrameScores]]:
    """Read every mask once and keep only measurements. Without tracking truth there is no matcher."""
    with_truth, with_outlines = _frames_of(truth, frames), _frames_of(seg, frames)
    _check_frames(with_truth, with_outlines, result, frames)
    matcher, frame_scores = Matcher(), []
    every = sorted(with_truth | with_outlines)
    for frame in shown(every, len(every), "scoring"):
        labels, markers = result.read(frame), None
        if truth is not None and frame in with_truth:
            markers = _read_truth(truth, frame, labels, result)
            matcher.add(frame, labels, markers)
        if seg is not None and frame in with_outlines:
            if warping and labels.ndim == 3:
                raise InputError("--warping: found volumes, expected images; the warping error is defined in 2-D only.")
            shown_slices = _slices_of(seg, frame, labels, result)
            outlines = _read_truth(seg, frame, labels[shown_slices], result)
            marked = None if markers is None else markers[shown_slices]
            frame_scores.append(score_frame(frame, labels[shown_slices], outlines, marked, warping))
            del outlines, marked  # only one pair of masks is in memory
    return matcher if with_truth else None, frame_scores


def _frames_of(labels: LabelSequence | None, frames: range | None) -> set[int]:
    every = set() if labels is None else set(labels.frames)
    return every if frames is None else every & set(frames)


def _check_frames(with_truth: set[int], with_outlines: set[int], result: LabelSequence, frames: range | None) -> None:
    present = _frames_of(result, frames)
    absent, beyond = sorted((with_truth | with_outlines) - present), sorted(present - with_truth)
    advice = "`--frames FIRST-LAST` limits the scores to a part of the movie"
    if not with_truth | with_outlines:
        raise InputError.about(_name(result, "result"), "no frame to compare", f"at least one with truth; {advice}")
    if absent:
        expected = f"a mask for every frame of the truth; {advice}"
        raise InputError.about(_name(result, "result"), f"no mask of frame {absent[0]}", expected)
    if with_truth and beyond:
        expected = f"masks only for frames with tracking truth; {advice}"
        raise InputError.about(_name(result, "result"), f"a mask of frame {beyond[0]}", expected)


def _slices_of(seg: LabelSequence, frame: int, labels: np.ndarray, result: LabelSequence) -> Any:
    """Return the index of the part of a frame that is annotated: all of it, or some slices of a volume."""
    slices = seg.slices.get(frame)
    if slices is None:
        return ...
    if labels.ndim != 3 or max(slices) >= len(labels):
        expected = f"a volume with slice {max(slices)}, as in the truth"
        raise InputError.about(result.name_of(frame), f"the shape {labels.shape}", expected)
    return list(slices)


def _read_truth(labels: LabelSequence, frame: int, like: np.ndarray, result: LabelSequence) -> np.ndarray:
    """Read a mask of the truth, which must have the shape of the mask of the result."""
    reference = labels.read(frame)
    if reference.shape != like.shape:
        found, expected = (" × ".join(map(str, shape)) for shape in (like.shape, reference.shape))
        file = result.paths.get(frame, f"the result in frame {frame}")
        raise InputError.about(file, f"{found} pixels", f"{expected}, as in the truth")
    return reference


def _name(labels: LabelSequence | None, default: str) -> str:
    """Return the folder of the masks for messages, or the default name."""
    paths = labels.paths if labels is not None else {}
    return str(next(iter(paths.values())).parent) if paths else default


def _cut_to_frames(tracks: Sequence[Track], frames: range | None) -> list[Track]:
    """Cut the tracks to a part of the movie; parents outside that part are dropped."""
    if frames is None:
        return list(tracks)
    first, last = frames[0], frames[-1]
    outside = {track.label for track in tracks if track.end < first or track.begin > last}
    return [
        replace(
            track,
            begin=max(track.begin, first),
            end=min(track.end, last),
            parent=0 if track.parent in outside else track.parent,
        )
        for track in tracks
        if track.label not in outside
    ]
