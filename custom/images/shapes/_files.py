"""Files with outlines of objects, of any program."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ...errors import InputError
from ._geojson import is_geojson, read_geojson
from ._imagej import read_rois
from ._labelme import is_labelme, read_labelme
from ._shape import Shapes

SHAPE_SUFFIXES = (".roi", ".zip", ".geojson", ".json")
"""Suffixes of files with outlines, in lower case: ImageJ, QuPath, labelme."""

_EXPECTED = "annotations of labelme, or GeoJSON as QuPath writes it"


def is_shape_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is named like a file with outlines: with one of ``SHAPE_SUFFIXES``.

    Examples:
        >>> is_shape_file("a_rois.zip"), is_shape_file("a.tif")
        (True, False)
    """
    return Path(path).name.lower().endswith(SHAPE_SUFFIXES)


def has_outlines(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is one of outlines: JSON of labelme or GeoJSON, or a file named as one of ImageJ.

    Examples:
        >>> _ = Path("a.json").write_text('{"PixelSize": [1, 1]}')
        >>> has_outlines("a.json"), has_outlines("a_rois.zip")
        (False, True)
    """
    file = Path(path)
    if file.suffix.lower() != ".json":
        return is_shape_file(file)
    try:
        content = _json(file)
    except InputError:
        return False
    return is_labelme(content) or is_geojson(content)


def read_shapes(path: str | os.PathLike[str]) -> Shapes:
    """Return the objects in a file of ImageJ (``.roi``, ``.zip``), QuPath (GeoJSON) or labelme (JSON).

    Raises:
        InputError: the file is missing, damaged, of another program, or has objects that cannot be drawn.

    Examples:
        >>> square = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
        >>> _ = Path("a.geojson").write_text(json.dumps(square))
        >>> len(read_shapes("a.geojson").shapes)
        1
    """
    file = Path(path)
    if not file.is_file():
        raise InputError.about(file, "no such file", "a file with outlines of objects")
    if file.suffix.lower() in (".roi", ".zip"):
        return read_rois(file)
    content = _json(file)
    if is_labelme(content):
        return read_labelme(file, content)
    if is_geojson(content):
        return read_geojson(file, content)
    raise InputError.about(file, "JSON of another kind", _EXPECTED)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError.about(file, f"a file that cannot be read ({error.strerror})", _EXPECTED) from error
    except (ValueError, RecursionError) as error:
        raise InputError.about(file, f"invalid JSON ({error})", _EXPECTED) from error
