"""The runs `tracking` and `evaluating_tracks`: from frames to tracks, pictures, tables and, with truth, scores."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ignite.engine import Engine
from monai.data import DataLoader

from ...ground.command_line import command_line
from ...ground.engines import run_over
from ...ground.files import sha256
from ...ground.growing_table import write_table
from ...ground.locks import alone_in, release, wait_for
from ...ground.progress import Bar
from ...measurements import OBJECTS, region_table
from ..ctc._names import digits_for
from ..ctc._sequences import LabelSequence, open_labels
from ..ctc._writing import ResultWriter
from ..exports._geff import write_geff
from ..exports._tables import write_divisions, write_links, write_merges
from ..linking._result import Tracking
from ..linking._two_passes import track
from ..pictures._division_times import divisions
from ..pictures._pictures import write_pictures
from ..pictures._report import SequenceReport, write_report
from ._label_writer import instances_folder
from ._movies import Movie
from ._plan import Plan
from ._truth import SCORES, judge, open_movie_truth, write_scores

_PACKAGES = ("torch", "monai", "numpy", "scipy", "scikit-image")


def segment(evaluator: Engine, loaders: Mapping[str, DataLoader], folder: Path) -> None:
    """Write the cells of each frame of each movie, ``NN_instances/maskNNNN.tif``; those of an earlier run go first.

    While another run is at work in the folder, it waits for its end; `follow` gives the folder back.

    Args:
        evaluator: with a `handlers.LabelWriter` on ``folder`` among its handlers.
        loaders: name of a movie → its frames.
        folder: where the results go.
    """
    wait_for(folder)
    with ExitStack() as failed:
        failed.callback(release, folder)
        for name, loader in loaders.items():
            shutil.rmtree(instances_folder(folder, name), ignore_errors=True)
            run_over(evaluator, loader)
        failed.pop_all()


def follow(plan: Plan, weights: Path, threshold: float | None) -> None:
    """Carry out a plan: link the cells, and write results, tables, pictures, reports and scores.

    Tables, pictures and scores of an earlier result go with it.

    Args:
        plan: what to do. Without masks of its own, `segment` has written them.
        weights: of the network that made the masks, which are named in what is written.
        threshold: of its probability.

    Raises:
        InputError: as in `tracking.track` and `score.score_sequence`.
    """
    with alone_in(plan.folder):
        _follow(plan, _about(plan, weights, threshold))


def _follow(plan: Plan, told: dict[str, str]) -> None:
    scores = {}
    for movie in plan.movies:
        followed = _link(plan, movie)
        shutil.rmtree(plan.report(movie), ignore_errors=True)
        (plan.folder / SCORES).unlink(missing_ok=True)
        report = _draw(plan, movie, followed)
        report.about = told
        if plan.truth is not None:
            truth = open_movie_truth(movie, plan.truth)
            scores[movie.name] = judge(movie, truth, plan.result(movie), plan.report(movie), report)
        write_report(plan.report(movie) / "report.html", report)
        _conclude(plan, movie, followed)
    if scores:
        write_scores(plan.folder / SCORES, scores, told)


def _about(plan: Plan, weights: Path, threshold: float | None) -> dict[str, str]:
    """Return what reports and scores say of their making: command, masks, settings, versions, machine."""
    told = {"command": command_line()}
    if plan.masks is not None:
        told["masks"] = str(plan.masks)
    else:
        told |= {"weights": f"{weights}, SHA-256 {sha256(weights)}", "threshold": f"{threshold}"}
    told["margin"] = f"{plan.margin} pixels"
    told["linking"] = ", ".join(f"{name} {value}" for name, value in asdict(plan.linking).items())
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return told | {"versions": f"Python {platform.python_version()}, {packages}", "machine": platform.machine()}


def _link(plan: Plan, movie: Movie) -> Tracking:
    writer = ResultWriter(plan.result(movie), digits_for(movie.frames))
    with Bar(2 * len(movie.frames), f"linking {movie.name}") as bar:
        return track(plan.instances(movie), writer, plan.linking, movie.read, bar.update)


def _draw(plan: Plan, movie: Movie, followed: Tracking) -> SequenceReport:
    """Write tables and pictures, and return the report that shows them."""
    folder, labels = plan.report(movie), open_labels(plan.result(movie))
    write_links(folder / "links.csv", followed.links)
    write_merges(folder / "merges.csv", followed.merges)
    write_divisions(folder / "divisions.csv", divisions(followed.tracks))
    if plan.geff:
        write_geff(folder / "tracks.geff", followed)
    with Bar(2 * len(labels), f"measuring and drawing {movie.name}") as bar:
        shown, look = _counted(labels, bar), (plan.tail, plan.frames_per_second)
        _measure(movie, shown, folder)
        write_pictures(folder, followed.tracks, followed.centroids, shown, movie.read, *look)
    return SequenceReport(
        title=f"Cells of {movie.name}",
        movie=folder / "overlay.gif",
        cells=folder / "cells.png",
        lineage=folder / "lineage.png",
        links=followed.links,
        merges=followed.merges,
    )


def _measure(movie: Movie, labels: LabelSequence, folder: Path) -> None:
    """Write ``measurements.csv``, a row for every cell of every frame."""
    tables = ((frame, region_table(masks, movie.read(frame), movie.pixel_size(frame))) for frame, masks in labels)
    rows = ((movie.name, {"frame": np.full(len(table["label"]), frame)} | table) for frame, table in tables)
    write_table(folder / OBJECTS, rows)


def _counted(labels: LabelSequence, bar: Bar) -> LabelSequence:
    """Return the same labels; each frame that is read moves the bar."""

    def read(frame: int) -> np.ndarray:
        bar.update()
        return labels.read(frame)

    return LabelSequence(labels.frames, labels.paths, read)


def _conclude(plan: Plan, movie: Movie, followed: Tracking) -> None:
    divided = divisions(followed.tracks)
    counts = {"track": len(followed.tracks), "division": len(divided), "frame": len(movie.frames)}
    found = [f"{count} {name}" + "s" * (count != 1) for name, count in counts.items()]
    print(f"{movie.name}: {found[0]} and {found[1]} in {found[2]}.")
    print(f"Result: {plan.result(movie)}")
    print(f"Look at: {plan.report(movie) / 'report.html'}", flush=True)
