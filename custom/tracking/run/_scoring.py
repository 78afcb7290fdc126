"""Scoring of a tracking run: scores of each movie, its errors, and pictures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...ground.json_files import write_json
from ...ground.score_tables import filled, format_table
from ...images import write_png
from ..ctc._format import TRACK_LIST, read_tracks
from ..ctc._sequences import LabelSequence, open_labels
from ..measures._errors import write_errors
from ..measures._sequence import SequenceScores, mean_scores, pool_scores, score_sequence
from ..pictures._comparison import draw_comparison
from ..pictures._thumbnails import Thumbnail, draw_thumbnails
from ._movies import Movie
from ._truth import MovieTruth

SCORES = "scores.json"


@dataclass(frozen=True)
class MovieScores:
    """The scores of a movie and the pictures of its errors.

    Attributes:
        gold: scores against gold truth, with all measures of `score_sequence`.
        silver: scores against silver truth, measures of the segmentation only; None without silver truth.
        comparisons: pictures of frame, truth and result side by side.
        thumbnails: pictures of the errors with the largest penalties.
    """

    gold: SequenceScores
    silver: SequenceScores | None
    comparisons: Sequence[Path]
    thumbnails: Sequence[Thumbnail]

    @property
    def by_truth(self) -> dict[str, SequenceScores]:
        """Kind of truth, ``gold`` or ``silver`` → scores."""
        return {"gold": self.gold} | ({} if self.silver is None else {"silver": self.silver})

    @property
    def warping_errors(self) -> dict[int, float]:
        """Frame → warping error, for the frames that have one."""
        scores = {frame.frame: frame.pixel_scores for frame in self.gold.frames}
        return {frame: of_frame["warping_error"] for frame, of_frame in scores.items() if "warping_error" in of_frame}


def score_movie(movie: Movie, truth: MovieTruth, result: Path, folder: Path) -> MovieScores:
    """Score the result of a movie, and write its errors and comparisons.

    Writes ``errors.csv`` if there are markers, and ``comparison/frame_NNN.png`` for each frame with gold segmentation
    truth.

    Args:
        movie: the tracked movie.
        truth: its truth.
        result: folder of the result.
        folder: output folder.

    Raises:
        InputError: as `score_sequence`.
    """
    labels, tracks = open_labels(result), read_tracks(result / TRACK_LIST)
    gold = score_sequence(truth.markers, truth.tracks, labels, tracks, truth.outlines, movie.frames, warping=True)
    silver = None if truth.silver is None else score_sequence(None, [], labels, None, truth.silver, movie.frames)
    comparisons: list[Path] = []
    thumbnails: list[Thumbnail] = []
    if truth.outlines is not None:
        comparisons = _write_comparisons(movie, gold, truth.outlines, truth.markers, labels, folder / "comparison")
    if truth.markers is not None:
        write_errors(folder / "errors.csv", gold.errors)
        thumbnails = draw_thumbnails(gold.errors, movie.read, truth.markers, labels)
    return MovieScores(gold, silver, comparisons, thumbnails)


def _write_comparisons(
    movie: Movie,
    scores: SequenceScores,
    outlines: LabelSequence,
    markers: LabelSequence | None,
    result: LabelSequence,
    folder: Path,
) -> list[Path]:
    """Write the frames with gold segmentation truth side by side with truth and result."""
    files = []
    for frame in (scored.frame for scored in scores.frames):
        errors = [error for error in scores.errors if error.frame == frame]
        with_labels = None if markers is None else markers.read(frame)
        picture = draw_comparison(movie.read(frame), outlines.read(frame), result.read(frame), errors, with_labels)
        files.append(folder / f"frame_{frame:03d}.png")
        write_png(files[-1], picture)
    return files


def write_scores(file: Path, scores: Mapping[str, MovieScores], about: Mapping[str, str]) -> None:
    """Print the scores of all movies, and write them as JSON.

    The file contains `about`, and kind of truth → movie, ``mean`` or ``pooled`` → measure → value.

    Args:
        file: usually ``scores.json``.
        scores: movie → its scores.
        about: provenance, name → value.
    """
    tables = {}
    for kind in ("gold", "silver"):
        of_kind = {name: one.by_truth[kind] for name, one in scores.items() if kind in one.by_truth}
        if of_kind:
            tables[kind] = _columns(of_kind)
            print(f"\nAgainst {kind} truth:\n{format_table(tables[kind])}")
    write_json(file, dict(about) | tables)


def _columns(scores: Mapping[str, SequenceScores]) -> dict[str, dict[str, float]]:
    """Return the scores of each movie and, for several movies, their mean and the pooled scores."""
    columns = {name: one.numbers for name, one in scores.items()}
    if len(scores) > 1:
        columns |= {"mean": mean_scores([*scores.values()]), "pooled": pool_scores([*scores.values()])}
    return filled(columns)
