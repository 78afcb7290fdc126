"""The axes of a stored array, a letter each: those that its file declares, or those that the user gives instead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError

LETTERS = "TZQICSYX"
"""As in tifffile: time, depth, two more for slices of any kind, channels, color samples, rows, columns."""


class View(NamedTuple):
    """What to read of a file, see `read_image`."""

    axes: str | None = None
    channel: int | None = None


def axes_of(file: Path, shape: Sequence[int], declared: str, axes: str | None) -> str:
    """Return the axes that were given for an array, or else the declared ones; raise InputError if they do not fit."""
    if axes is None:
        return declared
    fits = len(axes) == len(shape) == len(set(axes)) and {"Y", "X"} <= set(axes) <= set(LETTERS)
    if not fits:
        size = " × ".join(map(str, shape))
        found = f"the axes {axes} for an array of {size} (axes in the file: {declared or 'none'})"
        expected = f"{len(shape)} different letters of {LETTERS}, Y and X among them (--axes, or axes in a manifest)"
        raise InputError.about(file, found, expected)
    return axes


def pages_of_array(file: Path, shape: Sequence[int], axes: str, channel: int | None) -> int:
    """Return the number of pages of an array; raise InputError if it is no image or stack, or has no such channel."""
    size = dict(zip(axes, shape, strict=True))
    stacked = [n for axis, n in size.items() if axis not in "YXSC" and n > 1]
    channels = size.get("C", 1)
    if len(stacked) > 1 or not {"Y", "X"} <= size.keys() or min(channels, size.get("S", 1)) > 1:
        found = f"the shape {tuple(shape)} with axes {axes}"
        raise InputError.about(file, found, "an image or a stack along one axis; --axes corrects wrong axes")
    if channels > 1 and channel is None:
        raise InputError.about(file, f"{channels} channels (axes {axes})", f"one channel: {any_channel(channels)}")
    if channels > 1:
        check_channel(file, channel or 0, channels)
    return math.prod(stacked)


def any_channel(count: int) -> str:
    """Return how to read one of several channels."""
    return f"`--channel 0` to `--channel {count - 1}` reads one of an image (in a manifest: `channel`)"


def check_channel(file: Path, channel: int, count: int) -> None:
    """Raise InputError unless there is a channel of this number, counted from 0."""
    if not 0 <= channel < count:
        expected = f"a channel from 0 to {count - 1}"
        raise InputError.about(file, f"no channel {channel} among {count} channel(s)", expected)


def to_zyxs(array: np.ndarray, axes: str) -> np.ndarray:
    """Return (Z, H, W, S) from axes in any order, of which at most one besides Y, X, C and S is longer than 1."""
    rest = [i for i, axis in enumerate(axes) if axis not in "YXCS"]
    samples = [axes.index(axis) for axis in "CS" if axis in axes]
    array = array.transpose(*rest, axes.index("Y"), axes.index("X"), *samples)
    before, after = array.shape[: len(rest)], array.shape[len(rest) + 2 :]
    return array.reshape(math.prod(before), *array.shape[len(rest) : len(rest) + 2], math.prod(after))


def size_along(size: tuple[float, float] | None, declared: str, axes: str) -> tuple[float, float] | None:
    """Return a declared pixel size (row, column) for other axes; None if one of them had none in the file."""
    known = {} if size is None else dict(zip("YX", size, strict=True))
    row, column = (known.get(declared[axes.index(axis)]) for axis in "YX")
    return None if row is None or column is None else (row, column)
