"""Movies to track: the frames of a folder or a stack, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import DataLoader

from ...data import PlainDataset, input_list
from ...data.pairing import number_of
from ...errors import InputError
from ...ground.option_values import frame_range
from ...images import describe_item, read_item


@dataclass(frozen=True)
class Movie:
    """The frames of a movie.

    Attributes:
        name: name of the movie and of its results; the result of ``01`` is ``01_RES``.
        source: the folder or the stack.
        items: an item of `custom.input_list` for each frame, in order, with the further keys ``movie`` and ``frame``.
    """

    name: str
    source: Path
    items: tuple[dict[str, Any], ...]

    @property
    def frames(self) -> range:
        """The frame numbers, without gaps."""
        first = self.items[0]["frame"]
        return range(first, first + len(self.items))

    def read(self, frame: int) -> np.ndarray:
        """Return a frame (H, W).

        Raises:
            InputError: it cannot be read.
            ValueError: the frame does not exist.
        """
        item = self.items[self.frames.index(frame)]
        return read_item(item["file"], item)

    def pixel_size(self, frame: int) -> tuple[float, float] | None:
        """Return the pixel size of a frame, (row, column) in µm, None if unknown."""
        item = self.items[self.frames.index(frame)]
        return item.get("pixel_size") or describe_item(item["file"], item).pixel_size


def open_movie(
    source: Path,
    channels: str = "equal",
    pixel_size: Any = None,
    usual_pixel_size: Any = None,
    frames: str = "",
    channel: int | None = None,
    axes: str | None = None,
) -> Movie:
    """Open a movie: a folder of images whose names end in the frame number, or a stack.

    Args:
        source: a folder or a file, whose name is the name of the movie; pages of a file are the frames 0, 1, ….
        channels: as in `custom.input_list`.
        pixel_size: as in `custom.input_list`.
        usual_pixel_size: as in `custom.input_list`.
        frames: first and last frame of the part to open, such as ``0-35``; empty for the whole movie.
        channel: as in `custom.input_list`.
        axes: as in `custom.input_list`.

    Raises:
        InputError: there are no images, a file name has no frame number, a frame number occurs twice or is missing
            between two others, or a folder contains a stack.
    """
    if not source.exists():
        raise InputError.about(source, "nothing", "a folder of frames, or a stack")
    part = frame_range("frames", frames)
    items = input_list(source, channels, pixel_size, usual_pixel_size, channel=channel, axes=axes)
    number = _page_of if source.is_file() else _number_in_name
    numbered = sorted(((number(item), item) for item in items), key=lambda pair: pair[0])
    chosen = [(frame, item) for frame, item in numbered if part is None or frame in part]
    if not chosen:
        raise InputError(f"--frames: found {frames}, expected some of {numbered[0][0]}-{numbered[-1][0]} of {source}.")
    _check_numbers(chosen)
    name = source.stem if source.is_file() else source.name
    return Movie(name, source, tuple(item | {"movie": name, "frame": frame} for frame, item in chosen))


def open_sequences(
    folder: Path, names: str | int | Sequence[str | int], refused_input: Any = None, **options: Any
) -> list[Movie]:
    """Open sequences of a data set of the Cell Tracking Challenge.

    Args:
        folder: the data set, with the folders ``01``, ``01_GT``, ….
        names: name or names of the sequences, such as ``01`` or ``01,02``; the integer 1 means ``01``.
        refused_input: value of ``--input``, which has no effect on a data set.
        options: further arguments of `open_movie`.

    Raises:
        InputError: as `open_movie`; or there are no names, one occurs twice, or ``--input`` was given.
    """
    if refused_input is not None:
        raise InputError(f"--input: found {refused_input}, expected --dataset_dir and --sequences for an evaluation.")
    texts = [text.zfill(2) for text in re.findall(r"[^\s,'\"\[\]()]+", str(names))]
    if not texts or len(set(texts)) < len(texts):
        raise InputError(f"--sequences: found {names}, expected different names, such as ['01','02'].")
    for text in texts:
        if not (folder / text).is_dir():
            raise InputError.about(folder / text, "nothing", "the frames of a sequence, which --sequences names")
    return [open_movie(folder / text, **options) for text in texts]


def movie_loaders(
    movies: Sequence[Movie], preprocessing: Callable[[Any], Any], num_workers: int
) -> dict[str, DataLoader]:
    """Return movie name → loader of its frames, with batch size 1."""
    return {
        movie.name: DataLoader(PlainDataset(movie.items, preprocessing), batch_size=1, num_workers=num_workers)
        for movie in movies
    }


def _page_of(item: dict[str, Any]) -> int:
    return item["page"]


def _number_in_name(item: dict[str, Any]) -> int:
    if item["pages"] > 1:
        found = f"a stack of {item['pages']} pages in a folder of frames"
        raise InputError.about(item["file"], found, "one frame per file, or the stack itself as --input")
    number = number_of(Path(item["file"]))
    if number is None:
        raise InputError.about(item["file"], "a name without a frame number", "a name such as t000.tif")
    return number


def _check_numbers(numbered: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Raise InputError unless there is exactly one image of every frame from the first to the last."""
    for (frame, item), (after, other) in pairwise(numbered):
        if after == frame:
            raise InputError.about(other["file"], f"the same frame number as {item['file']}", "another one")
        if after != frame + 1:
            raise InputError.about(other["file"], f"frame {after} after frame {frame}", "an image of every frame")
