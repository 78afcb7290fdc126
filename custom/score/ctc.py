"""The measures of the Cell Tracking Challenge, and those of identity, of any tool's result folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from fire.decorators import SetParseFn

from ..errors import InputError
from ..ground.json_files import write_json
from ..ground.option_values import flag, frame_range
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
from ._announcing import announce


@SetParseFn(str, "gt_dir", "res_dir", "json", "errors", "frames")
def ctc(
    gt_dir: str,
    res_dir: str,
    json: str | None = None,
    errors: str | None = None,
    frames: str | None = None,
    warping: bool | str = False,
) -> None:
    """Print every measure of tracked sequences; of several, also their mean, and pooled: all counted as one.

    What the measures are says `score_sequence`. Without TRA in the truth, only those of the outlines are taken; without
    res_track.txt in the result, none of those that ask for tracks.

    Args:
        gt_dir: folder NN_GT with TRA, SEG or both, or NN_ST; of several sequences a list, "['01_GT','02_GT']".
        res_dir: folder NN_RES with maskNNN.tif and res_track.txt, or another truth, NN_GT; or a list of as many.
        json: file to write the numbers to.
        errors: CSV file to write every error to, with its place, penalty and reason; of several sequences, the name of
            the result is added to that of the file.
        frames: part of the movie that is scored, first to last, such as 0-35; all of it if not given.
        warping: true to take the warping error too.
    """
    truths, results = _folders(gt_dir), _folders(res_dir)
    if len(truths) != len(results):
        raise InputError(f"res_dir: found {len(results)} folders, expected {len(truths)}, one for each of gt_dir.")
    part, with_warping = frame_range("frames", frames), flag("warping", warping)
    for truth, result in zip(truths, results, strict=True):
        announce(result, truth, "all frames" if part is None else f"frames {frames}")
    scores = [score_folders(truth, result, part, with_warping) for truth, result in zip(truths, results, strict=True)]
    columns = {name: one.numbers for name, one in zip(_names(results), scores, strict=True)}
    summaries = {} if len(scores) == 1 else {"mean": mean_scores(scores), "pooled": pool_scores(scores)}
    print(format_table(filled(columns | summaries)))
    if json is not None:
        write_json(json, {"gt_dir": truths, "res_dir": results, "frames": frames, "sequences": columns} | summaries)
    if errors is not None:
        _write_errors(Path(errors), dict(zip(columns, scores, strict=True)))


def score_folders(truth: Path, result: Path, frames: range | None = None, warping: bool = False) -> SequenceScores:
    """Return the scores of one sequence on disk.

    Args:
        truth: as ``gt_dir`` of `ctc`.
        result: as ``res_dir`` of `ctc`.
        frames: as in `score_sequence`.
        warping: as in `score_sequence`.

    Raises:
        InputError: as `score_sequence`, or there is nothing to read.
    """
    markers, true_tracks, outlines = open_truth(truth)
    labels, track_list = open_labels(result), find_track_list(result)
    tracks = None if track_list is None else read_tracks(track_list)
    if tracks is None and markers is not None:
        print(f"{result}: there is no res_track.txt, so that only the objects are scored, not their tracks.")
    return score_sequence(markers, true_tracks, labels, tracks, outlines, frames, warping)


def _folders(text: str) -> list[Path]:
    """Return the folders of a list, or the one that is named."""
    names = re.findall(r"[^\[\]'\",]+", text) if text.startswith("[") else [text]
    return [Path(name.strip()) for name in names if name.strip()]


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the names of the folders, with those of the folders above where they are not enough."""
    names = [folder.name for folder in folders]
    return names if len(set(names)) == len(names) else [str(folder) for folder in folders]


def _write_errors(file: Path, scores: Mapping[str, SequenceScores]) -> None:
    for name, one in scores.items():
        ending = "" if len(scores) == 1 else "_" + re.sub(r"[^\w.-]+", "_", name)
        target = file.with_name(f"{file.stem}{ending}{file.suffix}")
        write_errors(target, one.errors)
        print(f"Errors: {target} ({len(one.errors)})")
