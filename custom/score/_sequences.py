"""Scores of tracked sequences on disk: measures of the Cell Tracking Challenge and of identity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..ground.json_files import write_json
from ..ground.score_tables import filled, format_table
from ..tracking import (
    SequenceScores,
    find_track_list,
    mean_scores,
    open_labels,
    open_truth,
    pool_scores,
    read_tracks,
    score_sequence,
    write_errors,
)


def score_folders(truth: Path, result: Path, frames: range | None = None, warping: bool = False) -> SequenceScores:
    """Score one sequence on disk.

    Args:
        truth: folder NN_GT with TRA, SEG or both, or NN_ST.
        result: folder NN_RES with maskNNN.tif and res_track.txt, or another truth. Without a track list, the tracks are
            not scored.
        frames: as in `score_sequence`.
        warping: as in `score_sequence`.

    Raises:
        InputError: as `score_sequence`; or a folder or file is missing.
    """
    markers, true_tracks, outlines = open_truth(truth)
    labels, track_list = open_labels(result), find_track_list(result)
    tracks = None if track_list is None else read_tracks(track_list)
    if tracks is None and markers is not None:
        print(f"{result}: no res_track.txt, so only the objects are scored, not the tracks.")
    return score_sequence(markers, true_tracks, labels, tracks, outlines, frames, warping)


def print_sequence_scores(
    truths: Sequence[Path],
    results: Sequence[Path],
    frames: range | None,
    warping: bool,
    json: str | None,
    errors: Path | None,
) -> None:
    """Print the scores of sequences; for several also their mean and the pooled scores.

    Args:
        truths: as in `score_folders`.
        results: as in `score_folders`, as many.
        frames: as in `score_sequence`.
        warping: as in `score_sequence`.
        json: output file for the scores, or None.
        errors: CSV output file for the errors, or None.
    """
    scores = [score_folders(truth, result, frames, warping) for truth, result in zip(truths, results, strict=True)]
    columns = {name: one.numbers for name, one in zip(_names(results), scores, strict=True)}
    summaries = {} if len(scores) == 1 else {"mean": mean_scores(scores), "pooled": pool_scores(scores)}
    print(format_table(filled(columns | summaries)))
    if json is not None:
        part = None if frames is None else f"{frames[0]}-{frames[-1]}"
        write_json(json, {"gt_dir": truths, "res_dir": results, "frames": part, "sequences": columns} | summaries)
    if errors is not None:
        _write_errors(errors, dict(zip(columns, scores, strict=True)))


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the names of the folders, or their paths if names are not unique."""
    names = [folder.name for folder in folders]
    return names if len(set(names)) == len(names) else [str(folder) for folder in folders]


def _write_errors(file: Path, scores: Mapping[str, SequenceScores]) -> None:
    for name, one in scores.items():
        suffix = "" if len(scores) == 1 else "_" + re.sub(r"[^\w.-]+", "_", name)
        target = file.with_name(f"{file.stem}{suffix}{file.suffix}")
        write_errors(target, one.errors)
        print(f"Errors: {target} ({len(one.errors)})")
