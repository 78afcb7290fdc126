"""The runs `tracking` and `evaluating_tracks`: from frames to a drawn, and with truth scored, result."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from ignite.engine import Engine
from monai.data import DataLoader

from . import judging, tracking
from .errors import InputError
from .evaluation import run_over
from .handlers.labels import instances_folder
from .locks import alone_in, release, wait_for
from .measurements import OBJECTS, region_table, write_table
from .movies import Movie
from .progress import Bar
from .provenance import command_line, sha256
from .tracking import LabelSequence, Settings, Tracking, open_labels

_PACKAGES = ("torch", "monai", "numpy", "scipy", "scikit-image")


@dataclass(frozen=True)
class Plan:
    """What is to be followed, how, and what is to come of it; refuses what could else fail after hours of work.

    Of a movie ``01`` there will be ``01_RES`` with ``maskNNN.tif`` and ``res_track.txt``, and ``01_report`` with
    ``report.html``, ``links.csv``, ``merges.csv``, ``divisions.csv``, ``measurements.csv`` and what
    `tracking.write_pictures` writes; with truth, there also are ``errors.csv`` and ``comparison/frame_NNN.png``, and
    for all movies together one ``scores.json``.

    Attributes:
        movies: what to follow.
        folder: where results go.
        linking: settings of the linking.
        masks: folder or stack of the instance labels of a single movie; None: what `segment` writes is linked.
        truth: data set with ``01_GT`` and perhaps ``01_ST`` to score the result, or None.
        margin: objects that lie wholly in it are left out, in pixels; see `tracking.without_margin`.
        tail: last positions of a cell that the overlay shows, in frames.
        frames_per_second: of the animations.
        geff: whether to write the graph as ``tracks.geff`` too.

    Raises:
        InputError: an option is out of its range, a package that it takes is not installed, or masks or truth do not
            belong to the movies.
    """

    movies: Sequence[Movie]
    folder: Path
    linking: Settings
    masks: Path | None = None
    truth: Path | None = None
    margin: int = 0
    tail: int = 10
    frames_per_second: float = 5.0
    geff: bool = False

    def __post_init__(self) -> None:
        """Check everything that can be checked before there is a result."""
        self._check_options()
        for movie in self.movies:
            first = movie.frames[0]
            tracking.check_margin(self.margin, movie.read(first).shape, movie.items[0]["file"])
            if self.masks is not None:
                self.instances(movie)
            if self.truth is not None:
                judging.open_truth(movie, self.truth)

    def _check_options(self) -> None:
        rate = self.frames_per_second
        if type(rate) not in (int, float) or not 0.01 <= rate <= 100:  # the GIF's clock has steps of 0.01 s
            raise InputError(f"--frames_per_second: found {rate}, expected a number from 0.01 to 100.")
        if type(self.tail) is not int or self.tail < 0:
            raise InputError(f"--tail: found {self.tail}, expected a whole number of frames from 0 up.")
        _demand_package(self.linking.solver == "ilp", "--solver: found ilp", "motile")
        _demand_package(self.geff, "--geff: found true", "geff")

    def instances(self, movie: Movie) -> LabelSequence:
        """Return the masks of the movie's frames, without what lies in the margin."""
        source = self.masks or instances_folder(self.folder, movie.name)
        masks = open_labels(source)
        absent = sorted(set(movie.frames) - set(masks.frames))
        if absent:
            raise InputError.about(source, f"no mask of frame {absent[0]}", f"one for every frame of {movie.name}")
        return tracking.without_margin(LabelSequence(movie.frames, masks.paths, masks.read), self.margin)

    def result(self, movie: Movie) -> Path:
        """Return the folder of a movie's result."""
        return self.folder / f"{movie.name}_RES"

    def report(self, movie: Movie) -> Path:
        """Return the folder of a movie's tables and pictures."""
        return self.folder / f"{movie.name}_report"


def _demand_package(needed: bool, found: str, package: str) -> None:
    if needed and find_spec(package) is None:
        raise InputError(f"{found} without the package {package}, expected it installed: pip install {package}.")


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
        (plan.folder / judging.SCORES).unlink(missing_ok=True)
        report = _draw(plan, movie, followed)
        report.about = told
        if plan.truth is not None:
            truth = judging.open_truth(movie, plan.truth)
            scores[movie.name] = judging.judge(movie, truth, plan.result(movie), plan.report(movie), report)
        tracking.write_report(plan.report(movie) / "report.html", report)
        _conclude(plan, movie, followed)
    if scores:
        judging.write_scores(plan.folder / judging.SCORES, scores, told)


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
    writer = tracking.ResultWriter(plan.result(movie), tracking.digits_for(movie.frames))
    with Bar(2 * len(movie.frames), f"linking {movie.name}") as bar:
        return tracking.track(plan.instances(movie), writer, plan.linking, movie.read, bar.update)


def _draw(plan: Plan, movie: Movie, followed: Tracking) -> tracking.SequenceReport:
    """Write tables and pictures, and return the report that shows them."""
    folder, labels = plan.report(movie), open_labels(plan.result(movie))
    tracking.write_links(folder / "links.csv", followed.links)
    tracking.write_merges(folder / "merges.csv", followed.merges)
    tracking.write_divisions(folder / "divisions.csv", tracking.divisions(followed.tracks))
    if plan.geff:
        tracking.write_geff(folder / "tracks.geff", followed)
    with Bar(2 * len(labels), f"measuring and drawing {movie.name}") as bar:
        shown, look = _counted(labels, bar), (plan.tail, plan.frames_per_second)
        _measure(movie, shown, folder)
        tracking.write_pictures(folder, followed.tracks, followed.centroids, shown, movie.read, *look)
    return tracking.SequenceReport(
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
    divisions = tracking.divisions(followed.tracks)
    counts = {"track": len(followed.tracks), "division": len(divisions), "frame": len(movie.frames)}
    found = [f"{count} {name}" + "s" * (count != 1) for name, count in counts.items()]
    print(f"{movie.name}: {found[0]} and {found[1]} in {found[2]}.")
    print(f"Result: {plan.result(movie)}")
    print(f"Look at: {plan.report(movie) / 'report.html'}", flush=True)
