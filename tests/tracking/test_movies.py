"""Movies from folders and stacks: order of frames, parts of movies, invalid inputs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom.errors import InputError
from custom.tracking import movie_loaders, open_movie, open_sequences
from custom.transforms import ReadImaged


def frame(value: int) -> np.ndarray:
    """Return a frame (6, 8) of constant value."""
    return np.full((6, 8), value, np.uint8)


def write(folder: Path, numbers: Iterable[int], digits: int = 3) -> Path:
    """Write frames whose pixel value is the frame number, modulo 256."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        tifffile.imwrite(folder / f"t{number:0{digits}d}.tif", frame(number % 256))
    return folder


@pytest.mark.parametrize(
    ("numbers", "digits"),
    [(range(4), 3), (range(7, 12), 3), (range(998, 1003), 4), (range(8, 12), 1), ([5], 3)],
    ids=["from 0", "from 7", "four digits", "as many digits as it takes", "a single frame"],
)
def test_frames_of_a_folder(tmp_path: Path, numbers: Iterable[int], digits: int) -> None:
    movie = open_movie(write(tmp_path / "01", numbers, digits))
    assert (movie.name, movie.source) == ("01", tmp_path / "01")
    assert list(movie.frames) == list(numbers)
    for number in numbers:
        np.testing.assert_array_equal(movie.read(number), frame(number % 256))


def test_pages_of_a_stack(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "cells.tif", np.stack([frame(value) for value in (3, 1, 2)]), photometric="minisblack")
    movie = open_movie(tmp_path / "cells.tif")
    assert (movie.name, list(movie.frames)) == ("cells", [0, 1, 2])
    assert [movie.read(number)[0, 0] for number in movie.frames] == [3, 1, 2]
    part = open_movie(tmp_path / "cells.tif", frames="1-2")
    assert [part.read(number)[0, 0] for number in part.frames] == [1, 2]


@pytest.mark.parametrize(
    ("part", "found"), [("", range(3, 9)), ("4-6", range(4, 7)), ("0-4", range(3, 5)), ("8-8", range(8, 9))]
)
def test_a_part_of_a_movie(tmp_path: Path, part: str, found: range) -> None:
    movie = open_movie(write(tmp_path / "01", range(3, 9)), frames=part)
    assert movie.frames == found
    assert movie.read(found[-1])[0, 0] == found[-1]


@pytest.mark.parametrize("number", [2, 7, -1])
def test_a_frame_beyond_the_part_is_none(tmp_path: Path, number: int) -> None:
    movie = open_movie(write(tmp_path / "01", range(10)), frames="3-6")
    with pytest.raises(ValueError, match="range"):
        movie.read(number)


def test_a_missing_frame_matters_only_in_the_selected_part(tmp_path: Path) -> None:
    folder = write(tmp_path / "01", [0, 1, 2, 5, 6])
    with pytest.raises(InputError, match=r"t005.tif: found frame 5 after frame 2, expected an image of every frame"):
        open_movie(folder)
    assert list(open_movie(folder, frames="5-9").frames) == [5, 6]


def test_one_number_twice(tmp_path: Path) -> None:
    write(write(tmp_path / "01", [0, 1]), [1], digits=4)
    with pytest.raises(InputError, match=r"t001.tif: found the same frame number as .*t0001.tif, expected another"):
        open_movie(tmp_path / "01")


@pytest.mark.parametrize("part", ["5-2", "3", "a-b", "3-", "-3"])
def test_invalid_frame_ranges(tmp_path: Path, part: str) -> None:
    with pytest.raises(InputError, match=f"--frames: found '{part}', expected the first and the last frame"):
        open_movie(write(tmp_path / "01", range(2)), frames=part)


def test_invalid_movies(tmp_path: Path) -> None:
    folder = write(tmp_path / "01", range(2))
    with pytest.raises(InputError, match=r"--frames: found 5-9, expected some of 0-1 of .*01"):
        open_movie(folder, frames="5-9")
    with pytest.raises(InputError, match="nowhere: found nothing, expected a folder of frames, or a stack"):
        open_movie(tmp_path / "nowhere")
    with pytest.raises(InputError, match="found a folder without images"):
        open_movie(write(tmp_path / "empty", []))
    tifffile.imwrite(folder / "mean.tif", frame(0))
    with pytest.raises(InputError, match=r"mean.tif: found a name without a frame number"):
        open_movie(folder)
    tifffile.imwrite(folder / "mean.tif", np.stack([frame(0)] * 3), photometric="minisblack")
    with pytest.raises(InputError, match=r"mean.tif: found a stack of 3 pages in a folder of frames, .*--input"):
        open_movie(folder)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["02"], ["02"]),
        (["02", "01"], ["02", "01"]),
        ("01", ["01"]),
        (1, ["01"]),
        ([1, 2], ["01", "02"]),
        ("1", ["01"]),
        ("01,02", ["01", "02"]),
        ("[01, 02]", ["01", "02"]),
        ((1, "02"), ["01", "02"]),
    ],
)
def test_sequences_as_users_name_them(tmp_path: Path, names: str | int | list, found: list[str]) -> None:
    for name in ("01", "02"):
        write(tmp_path / name, range(3))
    movies = open_sequences(tmp_path, names, frames="1-2")
    assert [movie.name for movie in movies] == found
    assert all(list(movie.frames) == [1, 2] for movie in movies)


@pytest.mark.parametrize("names", [[], "", [1, "01"], "01,1"])
def test_invalid_sequence_names(tmp_path: Path, names: str | list) -> None:
    write(tmp_path / "01", range(2))
    with pytest.raises(InputError, match=r"--sequences: found .*, expected different names"):
        open_sequences(tmp_path, names)


def test_a_missing_sequence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"03: found nothing, expected the frames of a sequence"):
        open_sequences(tmp_path, ["03"])


def test_loaders(tmp_path: Path) -> None:
    movies = [open_movie(write(tmp_path / name, numbers)) for name, numbers in (("01", [4, 5]), ("02", [7]))]
    found = movie_loaders(movies, ReadImaged(keys="image"), num_workers=0)
    batches = {
        name: [(batch["frame"].item(), batch["image"].max().item()) for batch in it] for name, it in found.items()
    }
    assert batches == {"01": [(4, 4), (5, 5)], "02": [(7, 7)]}
