"""What truth adds to a movie that was followed: scores, its errors, and what they look like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...errors import InputError
from ...ground.json_files import write_json
from ...ground.score_tables import filled, format_table
from ...images import write_png
from ..ctc._margin import without_margin
from ..ctc._names import TRACK_LIST
from ..ctc._sequences import LabelSequence, open_labels
from ..ctc._tracks import Track, read_tracks
from ..measures._sequence import SequenceScores, mean_scores, pool_scores, score_sequence
from ..measures._tracking_errors import write_errors
from ..measures._truth_files import open_truth
from ..pictures._comparison import comparison
from ..pictures._report import SequenceReport
from ..pictures._thumbnails import thumbnails
from ._movies import Movie

SCORES = "scores.json"


class Truth(NamedTuple):
    """Truth of a movie; None for what there is not.

    Attributes:
        markers: every cell, in every frame, by its track.
        tracks: those of the markers.
        outlines: gold truth: cells, perhaps not all of them, in some frames.
        silver: silver truth: cells in some frames or in all.
    """

    markers: LabelSequence | None
    tracks: list[Track]
    outlines: LabelSequence | None
    silver: LabelSequence | None


def open_movie_truth(movie: Movie, data_set: Path) -> Truth:
    """Return the truth of a movie: of ``01``, what is in ``01_GT`` and, if it is there, in ``01_ST``.

    Args:
        movie: the frames to score.
        data_set: the folder that holds both.

    Raises:
        InputError: there is no gold truth of these frames, there are markers of some of them only, or something cannot
            be read.
    """
    gold, silver = (data_set / f"{movie.name}_{kind}" for kind in ("GT", "ST"))
    markers, tracks, outlines = open_truth(gold)
    span = f"frames {movie.frames[0]} to {movie.frames[-1]}"
    if markers is not None:
        absent = sorted(set(movie.frames) - set(markers.frames))
        if absent:
            expected = f"an image of every frame to score, {span}; --frames takes a part of a movie"
            raise InputError.about(gold / "TRA", f"no markers of frame {absent[0]}", expected)
    elif not _reaches(outlines, movie):
        raise InputError.about(gold, f"no truth of {span}", "some to score")
    found_silver = open_labels(silver) if silver.is_dir() else None
    return Truth(markers, tracks, outlines, found_silver if _reaches(found_silver, movie) else None)


def _reaches(labels: LabelSequence | None, movie: Movie) -> bool:
    return labels is not None and not set(labels.frames).isdisjoint(movie.frames)


def marks_margin(truth: Truth, frames: range, margin: int) -> bool:
    """Return whether truth has cells that lie wholly in a margin, so that a result without them misses some.

    Args:
        truth: of a movie.
        frames: of the movie.
        margin: in pixels, as in `without_margin`.
    """
    labels = truth.outlines if truth.markers is None else truth.markers
    if labels is None or not margin:
        return False
    inside = without_margin(labels, margin)
    return any(
        labels.read(frame).astype(bool).sum() > inside.read(frame).astype(bool).sum()
        for frame in labels.frames
        if frame in frames
    )


def judge(movie: Movie, truth: Truth, result: Path, folder: Path, report: SequenceReport) -> dict[str, SequenceScores]:
    """Score the result of a movie, and add scores and errors to its report.

    Writes ``errors.csv`` where there are markers, and ``comparison/frame_NNN.png`` of each frame that has outlines.

    Args:
        movie: what was followed.
        truth: of it.
        result: folder of the result.
        folder: where the files go.
        report: of the same movie.

    Returns:
        ``gold`` → all measures of `score_sequence`; with silver truth, ``silver`` → those of the outlines.

    Raises:
        InputError: as in `score_sequence`.
    """
    labels, tracks = open_labels(result), read_tracks(result / TRACK_LIST)
    gold = score_sequence(truth.markers, truth.tracks, labels, tracks, truth.outlines, movie.frames, warping=True)
    scores = {"gold": gold}
    if truth.silver is not None:
        scores["silver"] = score_sequence(None, [], labels, None, truth.silver, movie.frames)
    warped = [frame for frame in gold.frames if "warping_error" in frame.of_pixels]
    report.scores = {kind: one.numbers for kind, one in scores.items()}
    report.warping_errors = {frame.frame: frame.of_pixels["warping_error"] for frame in warped}
    report.errors = gold.errors
    if truth.outlines is not None:
        report.comparisons = _compare(movie, gold, truth.outlines, truth.markers, labels, folder / "comparison")
    if truth.markers is not None:
        write_errors(folder / "errors.csv", gold.errors)
        report.thumbnails = thumbnails(gold.errors, movie.read, truth.markers, labels)
    return scores


def _compare(
    movie: Movie,
    scores: SequenceScores,
    truth: LabelSequence,
    markers: LabelSequence | None,
    result: LabelSequence,
    folder: Path,
) -> list[Path]:
    """Write the frames that have outlines side by side with truth and result."""
    files = []
    for frame in (scored.frame for scored in scores.frames):
        errors = [error for error in scores.errors if error.frame == frame]
        marked = None if markers is None else markers.read(frame)
        picture = comparison(movie.read(frame), truth.read(frame), result.read(frame), errors, marked)
        files.append(folder / f"frame_{frame:03d}.png")
        write_png(files[-1], picture)
    return files


def write_scores(file: Path, scores: Mapping[str, Mapping[str, SequenceScores]], told: Mapping[str, str]) -> None:
    """Print the scores of movies, and write them as JSON: kind of truth → movie, ``mean``, ``pooled`` → measure.

    Args:
        file: usually ``scores.json``.
        scores: movie → kind of truth → its scores.
        told: what else the file says.
    """
    tables = {}
    for kind in ("gold", "silver"):
        of_kind = {name: kinds[kind] for name, kinds in scores.items() if kind in kinds}
        if of_kind:
            tables[kind] = _columns(of_kind)
            print(f"\nAgainst {kind} truth:\n{format_table(tables[kind])}")
    write_json(file, dict(told) | tables)


def _columns(scores: Mapping[str, SequenceScores]) -> dict[str, dict[str, float]]:
    """Return the numbers of each movie and, of several, their mean, and pooled."""
    columns = {name: one.numbers for name, one in scores.items()}
    if len(scores) > 1:
        columns |= {"mean": mean_scores([*scores.values()]), "pooled": pool_scores([*scores.values()])}
    return filled(columns)
