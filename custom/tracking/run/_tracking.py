"""Tracking of movies as planned: tracks, tables, pictures, reports and, with truth, scores."""

from __future__ import annotations

import platform
import shutil
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...ground.command_line import command_line
from ...ground.files import sha256
from ...ground.growing_table import write_table
from ...ground.locks import alone_in
from ...ground.progress import Bar
from ...measurements import OBJECTS, region_table
from ..ctc._format import digits_for
from ..ctc._lineage import divisions
from ..ctc._sequences import LabelSequence, open_labels
from ..ctc._writing import ResultWriter
from ..exports._geff import write_geff
from ..exports._tables import write_divisions, write_links, write_merges
from ..linking._result import Tracking
from ..linking._two_passes import track
from ..pictures._pictures import write_pictures
from ..pictures._report import SequenceReport, write_report
from ._doubts import CellCounts
from ._movies import Movie
from ._plan import TrackingPlan
from ._scoring import SCORES, MovieScores, score_movie, write_scores

_PACKAGES = ("torch", "monai", "numpy", "scipy", "scikit-image")


def track_movies(plan: TrackingPlan, weights: Path, threshold: float | None) -> None:
    """Track the movies of a plan, and write results, tables, pictures, reports and scores.

    Tables, pictures and scores of an earlier run are deleted.

    Args:
        plan: what to do. If it has no masks, `segment_movies` must have written them.
        weights: weights of the network that made the masks, for the provenance.
        threshold: probability threshold of the network, for the provenance.

    Raises:
        InputError: as `track` and `score_sequence`.
    """
    with alone_in(plan.folder):
        about = _provenance(plan, weights, threshold)
        scores = {}
        for movie in plan.movies:
            tracking = _link(plan, movie)
            shutil.rmtree(plan.report(movie), ignore_errors=True)
            (plan.folder / SCORES).unlink(missing_ok=True)
            _write_outputs(plan, movie, tracking)
            if (truth := plan.truth_of(movie)) is not None:
                scores[movie.name] = score_movie(movie, truth, plan.result(movie), plan.report(movie))
            report = _report_of(plan, movie, tracking, about, scores.get(movie.name))
            write_report(plan.report(movie) / "report.html", report)
            _print_summary(plan, movie, tracking)
        if scores:
            write_scores(plan.folder / SCORES, scores, about)


def _provenance(plan: TrackingPlan, weights: Path, threshold: float | None) -> dict[str, str]:
    """Return the provenance of reports and scores: command, masks, settings, versions and machine."""
    about = {"command": command_line()}
    if plan.masks is not None:
        about["masks"] = str(plan.masks)
    else:
        about |= {"weights": f"{weights}, SHA-256 {sha256(weights)}", "threshold": f"{threshold}"}
    about["margin"] = f"{plan.margin} pixels"
    about["linking"] = ", ".join(f"{name} {value}" for name, value in asdict(plan.linking).items())
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return about | {"versions": f"Python {platform.python_version()}, {packages}", "machine": platform.machine()}


def _link(plan: TrackingPlan, movie: Movie) -> Tracking:
    writer = ResultWriter(plan.result(movie), digits_for(movie.frames))
    cells = CellCounts(plan.instances(movie))
    with Bar(2 * len(movie.frames), f"linking {movie.name}") as bar:
        tracking = track(cells.counted(), writer, plan.linking, movie.read, bar.update)
    for note in cells.notes(movie.name, tracking.links):
        warnings.warn(note, stacklevel=2)
    return tracking


def _write_outputs(plan: TrackingPlan, movie: Movie, tracking: Tracking) -> None:
    """Write the tables and pictures of a movie."""
    folder, labels = plan.report(movie), open_labels(plan.result(movie))
    write_links(folder / "links.csv", tracking.links)
    write_merges(folder / "merges.csv", tracking.merges)
    write_divisions(folder / "divisions.csv", divisions(tracking.tracks))
    if plan.geff:
        write_geff(folder / "tracks.geff", tracking)
    with Bar(2 * len(labels), f"measuring and drawing {movie.name}") as bar:
        counted = _with_progress(labels, bar)
        _write_measurements(movie, counted, folder)
        appearance = plan.tail, plan.frames_per_second
        write_pictures(folder, tracking.tracks, tracking.centroids, counted, movie.read, *appearance)


def _write_measurements(movie: Movie, labels: LabelSequence, folder: Path) -> None:
    """Write ``measurements.csv``, a row for every cell in every frame."""
    tables = ((frame, region_table(masks, movie.read(frame), movie.pixel_size(frame))) for frame, masks in labels)
    rows = ((movie.name, {"frame": np.full(len(table["label"]), frame)} | table) for frame, table in tables)
    write_table(folder / OBJECTS, rows)


def _with_progress(labels: LabelSequence, bar: Bar) -> LabelSequence:
    """Return the same labels; reading a frame advances the bar."""

    def read(frame: int) -> np.ndarray:
        bar.update()
        return labels.read(frame)

    return LabelSequence(labels.frames, labels.paths, read)


def _report_of(
    plan: TrackingPlan, movie: Movie, tracking: Tracking, about: dict[str, str], scores: MovieScores | None
) -> SequenceReport:
    folder = plan.report(movie)
    report = SequenceReport(
        title=f"Cells of {movie.name}",
        about=about,
        movie=folder / "overlay.gif",
        cells=folder / "cells.png",
        lineage=folder / "lineage.png",
        links=tracking.links,
        merges=tracking.merges,
    )
    if scores is not None:
        report.scores = {kind: one.numbers for kind, one in scores.by_truth.items()}
        report.warping_errors = scores.warping_errors
        report.comparisons = scores.comparisons
        report.errors = scores.gold.errors
        report.thumbnails = scores.thumbnails
    return report


def _print_summary(plan: TrackingPlan, movie: Movie, tracking: Tracking) -> None:
    counts = {"track": len(tracking.tracks), "division": len(divisions(tracking.tracks)), "frame": len(movie.frames)}
    found = [f"{count} {name}" + "s" * (count != 1) for name, count in counts.items()]
    print(f"{movie.name}: {found[0]} and {found[1]} in {found[2]}.")
    print(f"Result: {plan.result(movie)}")
    print(f"Look at: {plan.report(movie) / 'report.html'}", flush=True)
