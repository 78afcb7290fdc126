"""The additional formats that the user requests for results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from ...errors import InputError
from ...ground.option_values import flag
from ...images import Colors
from .._file_result import FileResult

Format: TypeAlias = Callable[[FileResult], list[Path]]
"""Writes the result of a file, and returns the paths written."""


def result_formats(
    folder: str | Path,
    rois: bool | str = False,
    ome_zarr: bool | str = False,
    min_area: int = 0,
    classes: Sequence[str] = (),
    colors: Colors = (),
) -> list[Format]:
    """Return the writers of the requested formats.

    Args:
        folder: the output folder.
        rois: whether to write ``x_rois.zip``, see `Rois`.
        ome_zarr: whether to write ``x.ome.zarr``, see `OmeZarr`.
        min_area: in pixels; smaller components of a mask get no outline, but all instances have one.
        classes: for class masks, names of the classes by class number, the background first.
        colors: colors of the classes, (C, 3) from 0 to 255.

    Raises:
        InputError: an option is neither true nor false, or the package that writes OME-Zarr is not installed.

    Examples:
        >>> [type(writer).__name__ for writer in result_formats("results", rois="true")]
        ['Rois']
    """
    rois, ome_zarr = flag("rois", rois), flag("ome_zarr", ome_zarr)
    if ome_zarr and find_spec("zarr") is None:
        raise InputError("--ome_zarr: found true without the package zarr, expected it installed: pip install zarr.")
    formats: list[Format] = []
    if rois:
        from ._rois import Rois

        formats.append(Rois(folder, min_area, classes, colors))
    if ome_zarr:
        from ._ome_zarr import OmeZarr

        formats.append(OmeZarr(folder, classes, colors))
    return formats
