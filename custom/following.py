"""The runs `tracking` and `evaluating_tracks`: from frames to a scored and drawn Cell Tracking Challenge result."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.data import DataLoader
from tqdm import tqdm

from . import tracking
from .errors import InputError
from .evaluation import format_table, run_over
from .metrics import write_errors
from .movies import Movie
from .provenance import command_line, sha256
from .score import SequenceScores, mean_scores, pool_scores, score_folders, score_sequence, write_json
from .tracking import LabelSequence, Settings, Tracking, open_labels
from .writers import write_png

_PACKAGES = ("torch", "monai", "numpy", "scipy", "scikit-image")


def segment(evaluator: Engine, loaders: Mapping[str, DataLoader], folder: Path) -> None:
    """Write the cells of each frame of each movie, ``NN_instances/maskNNNN.tif``; those of an earlier run go first.

    Args:
        evaluator: with a `handlers.LabelWriter` on ``folder`` among its handlers.
        loaders: name of a movie → its frames.
        folder: where the results go.
    """
    for name, loader in loaders.items():
        shutil.rmtree(folder / f"{name}_instances", ignore_errors=True)
        run_over(evaluator, loader)


def about(weights: Path | None, threshold: float | None, settings: Settings) -> dict[str, str]:
    """Return what a report says of its making: command, weights, settings, versions, machine."""
    told = {"command": command_line()}
    if weights is not None:
        told |= {"weights": f"{weights}, SHA-256 {sha256(weights)}", "threshold": f"{threshold}"}
    told["linking"] = ", ".join(f"{name} {value}" for name, value in asdict(settings).items())
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return told | {"versions": f"Python {platform.python_version()}, {packages}", "machine": platform.machine()}


def follow(
    movies: Sequence[Movie],
    folder: Path,
    settings: Settings,
    told: Mapping[str, str],
    *,
    masks: Path | None = None,
    margin: int = 0,
    truth: Path | None = None,
    geff: bool = False,
    **look: float,
) -> None:
    """Link the cells of movies, and write results, tables, pictures and reports; with truth, scores too.

    Of the movie ``01`` there are then ``01_RES`` with ``maskNNN.tif`` and ``res_track.txt``, and ``01_report`` with
    ``report.html``, ``links.csv``, ``merges.csv`` and everything that `tracking.write_pictures` writes. With truth
    there are also ``errors.csv`` beside each report, and one ``scores.json``: against gold truth all measures of
    `score.score_sequence`, against silver truth those of the outlines.

    Args:
        movies: what to follow.
        folder: where results go; in it are the instances that `segment` wrote.
        settings: of the linking.
        told: what reports and scores say of their making.
        masks: folder or stack of instance labels to take instead, for a single movie.
        margin: objects that lie wholly in it are left out; see `tracking.without_margin`.
        truth: the data set with ``01_GT`` and, if there is silver truth, ``01_ST``.
        geff: whether to write the graph as ``tracks.geff`` too.
        look: ``tail`` and ``frames_per_second`` of `tracking.write_pictures`.

    Raises:
        InputError: as in `tracking.track` and `score.score_sequence`; or masks that are not of the movie's frames.
    """
    scores: dict[str, dict[str, SequenceScores]] = {"gold": {}, "silver": {}}
    for movie in movies:
        sequence = _matching_frames(open_labels(masks or folder / f"{movie.name}_instances"), movie)
        followed = _link(movie, tracking.without_margin(sequence, margin), folder, settings)
        report = _draw(movie, followed, folder, geff, look)
        report.about = told
        if truth is not None:
            for kind, one in _score(movie, truth, folder, report).items():
                scores[kind][movie.name] = one
        tracking.write_report(_report_folder(movie, folder) / "report.html", report)
        _conclude(movie, followed, folder)
    if truth is not None:
        _write_scores({kind: _columns(of_kind) for kind, of_kind in scores.items() if of_kind}, folder, told)


def _link(movie: Movie, sequence: LabelSequence, folder: Path, settings: Settings) -> Tracking:
    writer = tracking.ResultWriter(_result_folder(movie, folder), digits=3 if movie.frames[-1] < 1000 else 4)
    with tqdm(total=2 * len(sequence), desc="linking", disable=None) as bar:
        return tracking.track(sequence, writer, settings, movie.read, bar.update)


def _matching_frames(masks: LabelSequence, movie: Movie) -> LabelSequence:
    """Return the masks of the movie's frames."""
    absent = sorted(set(movie.frames) - set(masks.frames))
    if absent:
        where = next(iter(masks.paths.values())).parent
        raise InputError.about(where, f"no mask of frame {absent[0]}", f"one for every frame of {movie.name}")
    return LabelSequence(movie.frames, masks.paths, masks.read)


def _draw(
    movie: Movie, followed: Tracking, folder: Path, geff: bool, look: Mapping[str, Any]
) -> tracking.SequenceReport:
    """Write tables and pictures, and return the report that shows them."""
    target = _report_folder(movie, folder)
    tracking.write_links(target / "links.csv", followed.links)
    tracking.write_merges(target / "merges.csv", followed.merges)
    if geff:
        tracking.write_geff(target / "tracks.geff", followed)
    labels = open_labels(_result_folder(movie, folder))
    with tqdm(total=len(labels), desc="pictures", disable=None) as bar:
        shown = _counted(labels, bar)
        tracking.write_pictures(target, followed.tracks, followed.centroids, shown, movie.read, **look)
    return tracking.SequenceReport(
        title=f"Cells of {movie.name}",
        movie=target / "overlay.gif",
        cells=target / "cells.png",
        lineage=target / "lineage.png",
        links=followed.links,
        merges=followed.merges,
    )


def _counted(labels: LabelSequence, bar: tqdm) -> LabelSequence:
    """Return the same labels; each frame that is read moves the bar."""

    def read(frame: int) -> Any:
        bar.update()
        return labels.read(frame)

    return LabelSequence(labels.frames, labels.paths, read)


def _score(movie: Movie, truth: Path, folder: Path, report: tracking.SequenceReport) -> dict[str, SequenceScores]:
    """Return the scores by kind of truth, add them to the report, and write ``errors.csv``."""
    frames = range(movie.frames[0], movie.frames[-1] + 1)
    gold_truth, silver_truth = truth / f"{movie.name}_GT", truth / f"{movie.name}_ST"
    gold = score_folders(gold_truth, _result_folder(movie, folder), frames, warping=True)
    result = open_labels(_result_folder(movie, folder))
    scores = {"gold": gold}
    if silver_truth.is_dir():
        scores["silver"] = score_sequence(None, [], result, None, open_labels(silver_truth), frames)
    report.scores = {kind: one.numbers for kind, one in scores.items()}
    warped = [frame for frame in gold.frames if "warping_error" in frame.of_pixels]
    report.warping_errors = {frame.frame: frame.of_pixels["warping_error"] for frame in warped}
    report.errors = gold.errors
    report.comparisons = _compare(movie, gold, open_labels(gold_truth / "SEG"), result, _report_folder(movie, folder))
    report.thumbnails = tracking.thumbnails(gold.errors, movie.read, open_labels(gold_truth), result)
    write_errors(_report_folder(movie, folder) / "errors.csv", gold.errors)
    return scores


def _compare(
    movie: Movie, scores: SequenceScores, truth: LabelSequence, result: LabelSequence, folder: Path
) -> list[Path]:
    """Write the frames that have outlines side by side with truth and result."""
    files = []
    for frame in (scored.frame for scored in scores.frames):
        errors = [error for error in scores.errors if error.frame == frame]
        picture = tracking.comparison(movie.read(frame), truth.read(frame), result.read(frame), errors)
        files.append(folder / "comparison" / f"frame_{frame:03d}.png")
        write_png(files[-1], picture)
    return files


def _write_scores(tables: Mapping[str, dict[str, dict[str, float]]], folder: Path, told: Mapping[str, str]) -> None:
    for kind, columns in tables.items():
        print(f"\nAgainst {kind} truth:\n{format_table(columns)}")
    write_json(folder / "scores.json", dict(told) | dict(tables))


def _columns(scores: Mapping[str, SequenceScores]) -> dict[str, dict[str, float]]:
    """Return the numbers of each sequence and, of several, their mean, and pooled."""
    columns = {name: one.numbers for name, one in scores.items()}
    if len(scores) == 1:
        return columns
    return columns | {"mean": mean_scores([*scores.values()]), "pooled": pool_scores([*scores.values()])}


def _conclude(movie: Movie, followed: Tracking, folder: Path) -> None:
    divisions = len({link.label for link in followed.links if link.kind == "division"})
    print(f"{movie.name}: {len(followed.tracks)} tracks, {divisions} divisions, in {len(movie.frames)} frames.")
    print(f"Result: {_result_folder(movie, folder)}")
    print(f"Look at: {_report_folder(movie, folder) / 'report.html'}", flush=True)


def _result_folder(movie: Movie, folder: Path) -> Path:
    return folder / f"{movie.name}_RES"


def _report_folder(movie: Movie, folder: Path) -> Path:
    return folder / f"{movie.name}_report"
