"""The plan of a tracking run: which movies, how they are linked, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...errors import InputError
from ..ctc._margin import check_margin, without_margin
from ..ctc._sequences import LabelSequence, open_labels
from ..linking._settings import Settings
from ._label_writer import instances_folder
from ._movies import Movie
from ._truth import open_movie_truth


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
            check_margin(self.margin, movie.read(first).shape, movie.items[0]["file"])
            if self.masks is not None:
                self.instances(movie)
            if self.truth is not None:
                open_movie_truth(movie, self.truth)

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
        return without_margin(LabelSequence(movie.frames, masks.paths, masks.read), self.margin)

    def result(self, movie: Movie) -> Path:
        """Return the folder of a movie's result."""
        return self.folder / f"{movie.name}_RES"

    def report(self, movie: Movie) -> Path:
        """Return the folder of a movie's tables and pictures."""
        return self.folder / f"{movie.name}_report"


def _demand_package(needed: bool, found: str, package: str) -> None:
    if needed and find_spec(package) is None:
        raise InputError(f"{found} without the package {package}, expected it installed: pip install {package}.")
