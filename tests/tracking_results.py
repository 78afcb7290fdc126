"""Small results on disk for the tests: every label has its own two pixels, in the given frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tifffile

from custom.tracking import Track, write_tracks

Lives = Mapping[int, Iterable[int]]

SOUND: dict[int, list[int]] = {1: [0, 1, 2], 2: [0, 1, 2, 3, 4, 5], 3: [3, 4, 5], 4: [3, 4], 5: [5]}
"""Label → its frames: 1 divides into 3 and 4, and 4 continues as 5; 2 has no relatives."""

TRACKS = [Track(1, 0, 2), Track(2, 0, 5), Track(3, 3, 5, 1), Track(4, 3, 4, 1), Track(5, 5, 5, 4)]


def page(labels: Iterable[int], dtype: type = np.uint16) -> np.ndarray:
    """Return a mask (3, 20) with two pixels of each label."""
    mask = np.zeros((3, 20), dtype)
    for label in labels:
        mask[1, 2 * (label % 9) : 2 * (label % 9) + 2] = label
    return mask


def write_masks(folder: Path, lives: Lives, frames: Iterable[int] = range(6), dtype: type = np.uint16) -> None:
    """Write a mask for each frame."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        there = [label for label, own in lives.items() if frame in own]
        tifffile.imwrite(folder / f"mask{frame:03d}.tif", page(there, dtype), photometric="minisblack")


def sound_result(folder: Path) -> Path:
    """Write a valid result."""
    write_masks(folder, SOUND)
    write_tracks(folder / "res_track.txt", TRACKS)
    return folder
