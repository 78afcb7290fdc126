"""All measures of a tracked sequence: one pair of masks in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import InputError
from ...ground.progress import shown
from ...ground.score_tables import mean
from ..ctc._sequences import LabelSequence
from ..ctc._tracks import Track
from ._matcher import Matcher
from ._matching import Matching, join_matchings
from ._numbers import all_numbers
from ._segmentation import FrameScores, score_frame
from ._tracking_errors import TrackingError, tracking_errors


@dataclass(frozen=True, eq=False)
class SequenceScores:
    """What was measured of a sequence.

    Attributes:
        numbers: measure → its value, NaN where it is undefined. Measures without truth, or without tracks, are absent.
        errors: every error that DET, LNK and TRA count; none without tracking truth.
        matching: the objects and their matches, from which the numbers of several sequences are pooled; None without
            tracking truth.
        frames: the scores of the frames with segmentation truth.
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

    - SEG, over the frames of `seg`; of those in which all cells are annotated, the mean of ``IoU`` (of the foreground),
      ``rand_index`` and ``rand_error``. A frame is taken to be annotated in part where a marker of `truth` has no
      object of `seg` under it.
    - DET, LNK, TRA and their sum of penalties AOGM, with the number of errors of each kind (NS, FN, FP, ED, EA, EC).
    - CT, TF, BC(0) to BC(3), CCA, and BIO(i), the mean of those of these four that are defined.
    - OP_CSB = (SEG + DET)/2, OP_CTB = (SEG + TRA)/2, OP_CLB(i) = (LNK + BIO(i))/2.
    - IDF1, HOTA (over the IoU) and HOTA(coverage), MOTA with its switches IDSW, MT and ML, JSC and JSC_theta, as
      `metrics.identity_scores`, `metrics.hota` and `metrics.mot_scores` define them.
    - ``displacement_error``: mean distance of the centroids of matches, in pixels.

    The result has to have a mask for every frame of the truth, as in the challenge, and none beyond; `frames` limits
    both to a part of the movie, in which tracks then begin and end.

    Args:
        truth: every cell, or a marker in it, with the labels of its tracks; None where there is only `seg`.
        truth_tracks: the tracks of `truth`.
        result: the masks to score.
        result_tracks: their tracks; None where the result was not tracked: DET is measured, what asks for tracks not.
        seg: cells with their true outlines, in some frames, perhaps not all of them.
        frames: the part of the movie to score; all of it if None.
        warping: whether to measure ``warping_error`` too, the mean over the frames of which IoU is one.

    Raises:
        InputError: there is no truth for any frame, frames do not belong together or differ in size, tracks contradict
            masks, or the frames are volumes and `warping` is asked for.
    """
    matcher, frame_scores = _read_all(truth, result, seg, frames, warping)
    if matcher is None:
        return SequenceScores(all_numbers(None, frame_scores), [], None, frame_scores)
    tracks = None if result_tracks is None else _within(result_tracks, frames)
    matching = matcher.finish((_name(truth, "truth"), _within(truth_tracks, frames)), (_name(result, "result"), tracks))
    return SequenceScores(all_numbers(matching, frame_scores), tracking_errors(matching), matching, frame_scores)


def pool_scores(scores: Sequence[SequenceScores]) -> dict[str, float]:
    """Return the numbers of several sequences together: all objects, links, divisions and frames counted as one.

    Args:
        scores: at least one.

    Raises:
        InputError: some are of images, some of volumes.
    """
    frame_scores = [frame for one in scores for frame in one.frames]
    matchings = [one.matching for one in scores if one.matching is not None]
    if len({matching.reference.centroids.shape[1] for matching in matchings}) > 1:
        raise InputError("The sequences: found images and volumes, expected either to score them together.")
    return all_numbers(join_matchings(matchings) if matchings else None, frame_scores)


def mean_scores(scores: Sequence[SequenceScores]) -> dict[str, float]:
    """Return the mean over the sequences of each number, over those sequences in which it is defined."""
    names = dict.fromkeys(name for one in scores for name in one.numbers)
    return {name: mean([one.numbers[name] for one in scores if name in one.numbers]) for name in names}


# ------------------------------------------------------------------------------------------------------------- reading


def _read_all(
    truth: LabelSequence | None, result: LabelSequence, seg: LabelSequence | None, frames: range | None, warping: bool
) -> tuple[Matcher | None, list[FrameScores]]:
    """Read every mask once, and keep what is measured of it; no matcher without tracking truth."""
    with_truth, with_outlines = _frames_of(truth, frames), _frames_of(seg, frames)
    _check_frames(with_truth, with_outlines, result, frames)
    matcher, frame_scores = Matcher(), []
    every = sorted(with_truth | with_outlines)
    for frame in shown(every, len(every), "scoring"):
        labels, markers = result.read(frame), None
        if truth is not None and frame in with_truth:
            markers = _read_like(truth, frame, labels, result)
            matcher.add(frame, labels, markers)
        if seg is not None and frame in with_outlines:
            if warping and labels.ndim == 3:
                raise InputError("--warping: found volumes, expected images: the warping error is of two dimensions.")
            outlines = _read_like(seg, frame, labels, result)
            frame_scores.append(score_frame(frame, labels, outlines, markers, warping))
    return matcher if with_truth else None, frame_scores


def _frames_of(labels: LabelSequence | None, frames: range | None) -> set[int]:
    every = set() if labels is None else set(labels.frames)
    return every if frames is None else every & set(frames)


def _check_frames(with_truth: set[int], with_outlines: set[int], result: LabelSequence, frames: range | None) -> None:
    present = _frames_of(result, frames)
    absent, beyond = sorted((with_truth | with_outlines) - present), sorted(present - with_truth)
    advice = "`--frames FIRST-LAST` scores a part of a movie"
    if not with_truth | with_outlines:
        raise InputError.about(_name(result, "result"), "no frame to compare", f"truth for some; {advice}")
    if absent:
        expected = f"one for every frame of the truth; {advice}"
        raise InputError.about(_name(result, "result"), f"no mask of frame {absent[0]}", expected)
    if with_truth and beyond:
        expected = f"none without tracking truth; {advice}"
        raise InputError.about(_name(result, "result"), f"a mask of frame {beyond[0]}", expected)


def _read_like(labels: LabelSequence, frame: int, like: np.ndarray, result: LabelSequence) -> np.ndarray:
    """Read a true mask, which has to have the shape of the result's."""
    reference = labels.read(frame)
    if reference.shape != like.shape:
        found, expected = (" × ".join(map(str, shape)) for shape in (like.shape, reference.shape))
        file = result.paths.get(frame, f"the result in frame {frame}")
        raise InputError.about(file, f"{found} pixels", f"{expected}, as the truth has")
    return reference


def _name(labels: LabelSequence | None, default: str) -> str:
    """Return the folder that masks come from, for messages."""
    paths = labels.paths if labels is not None else {}
    return str(next(iter(paths.values())).parent) if paths else default


def _within(tracks: Sequence[Track], frames: range | None) -> list[Track]:
    """Return the tracks as they are in a part of the movie; a parent that ends before it is none."""
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
