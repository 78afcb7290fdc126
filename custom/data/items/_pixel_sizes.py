"""Pixel sizes given by the user, and the printed line on how images are rescaled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...errors import InputError

_FAR = 4
"""Factor by which images are rescaled, from which the user is asked to check the pixel size."""


def given_pixel_size(value: Any) -> tuple[float, float] | None:
    """Return the value of ``--pixel_size`` as (row, column) in µm, or None if it was not given.

    Raises:
        InputError: the value is neither a number above 0 nor [row, column].

    Examples:
        >>> given_pixel_size(0.5), given_pixel_size([0.5, 0.25])
        ((0.5, 0.5), (0.5, 0.25))
    """
    if value is None:
        return None
    pair = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(pair) != 2 or not all(type(side) in (int, float) and 0 < side < math.inf for side in pair):
        raise InputError(f"--pixel_size: found {value!r}, expected a number above 0 or [row, column], in µm.")
    return (float(pair[0]), float(pair[1]))


def trained_scale(items: Sequence[dict[str, Any]], pixel_size: float | None) -> dict[str, Any]:
    """Return the settings of weights that tell at which scale they were trained.

    Args:
        items: items of the training images, from `datalist`.
        pixel_size: to which images of known pixel size were rescaled, in µm; None if none were.

    Returns:
        ``network_pixel_size``: None if no image was rescaled to it, as no size was known; ``usual_pixel_size``: that of
        all images, None if they differ or it is unknown.

    Examples:
        >>> trained_scale([{"pixel_size": (0.5, 0.5)}], 0.25)
        {'network_pixel_size': 0.25, 'usual_pixel_size': [0.5, 0.5]}
        >>> trained_scale([{"pixel_size": None}], 0.25)
        {'network_pixel_size': None, 'usual_pixel_size': None}
    """
    sizes = {tuple(size) for item in items if (size := item.get("pixel_size")) is not None}
    usual = list(sizes.pop()) if len(sizes) == 1 else None
    known = bool(sizes or usual)
    return {"network_pixel_size": pixel_size if known else None, "usual_pixel_size": usual}


def describe_scale(items: Sequence[dict[str, Any]], pixel_size: float | None) -> str:
    """Return the sentences on how the images of a run are rescaled.

    Args:
        items: items from `datalist` or `input_list`.
        pixel_size: pixel size of the network in µm; None if it was trained on images of any scale.

    Examples:
        >>> describe_scale([{"pixel_size": (0.5, 0.5)}], 0.25)
        'Pixel size 0.5 µm, rescaled to 0.25 µm for the network and back.'
    """
    if pixel_size is None:
        return "Images are not rescaled: the network has no fixed pixel size."
    sizes = [item["pixel_size"] for item in items if item.get("pixel_size") is not None]
    if not sizes:
        known = "--pixel_size 0.13, or pixel_size_um in the manifest"
        return f"No pixel size given: images are not rescaled to {pixel_size:.4g} µm. If it is known: {known}."
    sentence = f"Pixel size {_range(sizes)}, rescaled to {pixel_size:.4g} µm for the network and back."
    sentence += _far(sizes, pixel_size)
    if all(size == (pixel_size, pixel_size) for size in sizes):
        sentence = f"Pixel size {_range(sizes)}, the same as that of the network: no rescaling."
    if len(sizes) == len(items):
        return sentence
    return f"{sentence} {len(items) - len(sizes)} of {len(items)} images have no pixel size and are not rescaled."


def _far(sizes: Sequence[tuple[float, float]], pixel_size: float) -> str:
    """Return what to check if some images are rescaled by a large factor."""
    factor = max(max(side / pixel_size, pixel_size / side) for size in sizes for side in size)
    if factor <= _FAR:
        return ""
    return f" A factor of {factor:.0f} is a lot: check --pixel_size, or train with another --network_pixel_size."


def _range(sizes: Sequence[tuple[float, float]]) -> str:
    if len(set(sizes)) == 1 and sizes[0][0] != sizes[0][1]:
        return f"{sizes[0][0]:.4g} × {sizes[0][1]:.4g} µm"
    sides = [side for size in sizes for side in size]
    low, high = f"{min(sides):.4g}", f"{max(sides):.4g}"
    return f"{low} µm" if low == high else f"{low} to {high} µm"
