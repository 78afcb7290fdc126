"""The plan of a tracking run: movies, settings of the linking, truth and outputs, checked before the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...errors import InputError
from ..ctc._sequences import LabelSequence, check_margin, open_labels, without_margin
from ..linking._settings import LinkingSettings
from ._movies import Movie
from ._segmentation import instances_folder
from ._truth import MovieTruth, open_movie_truth


@dataclass(frozen=True)
class TrackingPlan:
    """What a run tracks, how, and what it writes. Errors that can be found before the run are raised at once.

    For a movie ``01`` a run writes ``01_RES`` with ``maskNNN.tif`` and ``res_track.txt``, and ``01_report`` with
    ``report.html``, ``links.csv``, ``merges.csv``, ``divisions.csv``, ``measurements.csv`` and the files of
    `write_pictures`. With truth it also writes ``errors.csv`` and ``comparison/frame_NNN.png``, and one ``scores.json``
    for all movies.

    Attributes:
        movies: the movies to track.
        folder: output folder.
        linking: settings of the linking.
        masks: folder or stack with the instance labels of a single movie; None: the output of `segment_movies`.
        truth: data set with ``01_GT`` and optionally ``01_ST`` for scoring, or None.
        margin: objects that are completely inside this margin are removed, in pixels; see `without_margin`.
        tail: number of previous positions in the tail of a cell in the overlay.
        frames_per_second: frame rate of the animations.
        geff: whether to write the graph as ``tracks.geff``.

    Raises:
        InputError: an option is out of range, a package that it needs is not installed, masks are given for several
            movies, or masks or truth do not match the movies.
    """

    movies: Sequence[Movie]
    folder: Path
    linking: LinkingSettings
    masks: Path | None = None
    truth: Path | None = None
    margin: int = 0
    tail: int = 10
    frames_per_second: float = 5.0
    geff: bool = False

    def __post_init__(self) -> None:
        """Check everything that can be checked before the run."""
        self._check_options()
        for movie in self.movies:
            check_margin(self.margin, movie.read(movie.frames[0]).shape, movie.items[0]["file"])
            if self.masks is not None:
                self.instances(movie)
            self.truth_of(movie)

    def _check_options(self) -> None:
        rate = self.frames_per_second
        if type(rate) not in (int, float) or not 0.01 <= rate <= 100:  # a GIF stores durations in steps of 0.01 s
            raise InputError(f"--frames_per_second: found {rate}, expected a number from 0.01 to 100.")
        if type(self.tail) is not int or self.tail < 0:
            raise InputError(f"--tail: found {self.tail}, expected a whole number of frames from 0 up.")
        if self.masks is not None and len(self.movies) > 1:
            raise InputError(f"--masks: found masks of one movie for {len(self.movies)} movies, expected one movie.")
        _check_package(self.linking.solver == "ilp", "--solver: found ilp", "motile")
        _check_package(self.geff, "--geff: found true", "geff")

    def instances(self, movie: Movie) -> LabelSequence:
        """Return the masks of the frames of a movie, without the objects in the margin.

        Raises:
            InputError: there are no masks, or the mask of a frame is missing.
        """
        source = self.masks or instances_folder(self.folder, movie.name)
        masks = open_labels(source)
        absent = sorted(set(movie.frames) - set(masks.frames))
        if absent:
            raise InputError.about(source, f"no mask of frame {absent[0]}", f"one for every frame of {movie.name}")
        return without_margin(LabelSequence(movie.frames, masks.paths, masks.read), self.margin)

    def truth_of(self, movie: Movie) -> MovieTruth | None:
        """Return the truth of a movie, None if the run has no truth.

        Raises:
            InputError: as `open_movie_truth`.
        """
        return None if self.truth is None else open_movie_truth(movie, self.truth)

    def margin_hides_truth(self) -> bool:
        """Return whether the truth of a movie has cells that are completely inside the margin."""
        truths = ((movie, self.truth_of(movie)) for movie in self.movies)
        return any(
            truth is not None and truth.has_cells_in_margin(movie.frames, self.margin) for movie, truth in truths
        )

    def result(self, movie: Movie) -> Path:
        """Return the folder of the result of a movie."""
        return self.folder / f"{movie.name}_RES"

    def report(self, movie: Movie) -> Path:
        """Return the folder of the tables and pictures of a movie."""
        return self.folder / f"{movie.name}_report"


def _check_package(needed: bool, found: str, package: str) -> None:
    if needed and find_spec(package) is None:
        raise InputError(f"{found} without the package {package}, expected it installed: pip install {package}.")
