"""File names of a result in the form of the Cell Tracking Challenge, and what its masks can hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TRACK_LIST = "res_track.txt"

LARGEST_LABEL = 2**16 - 1
"""The masks of a result have 16 bits."""

_MASK = re.compile(r"mask(\d{3,})\.tif")


def mask_name(frame: int, digits: int = 3) -> str:
    """Return the file name of a frame's mask, ``mask007.tif``."""
    return f"mask{frame:0{digits}d}.tif"


def digits_for(frames: Sequence[int]) -> int:
    """Return how many digits the names of these frames' files have: three, or as many as the last frame needs."""
    return max(3, len(str(max(frames, default=0))))


def digits_of_mask(file: Path) -> str | None:
    """Return the digits in the name of a mask, or None where this is not the name of one."""
    match = _MASK.fullmatch(file.name)
    return None if match is None else match.group(1)
