"""Annotations of labelme, https://github.com/wkentaro/labelme."""

from __future__ import annotations

import base64
import io
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...errors import InputError
from ._shape import Patch, Ring, Shape, Shapes, ellipse, ring_of

_WITHOUT_AREA = {"point": "point", "points": "point", "line": "line", "linestrip": "line"}


def is_labelme(content: Any) -> bool:
    """Return whether JSON is a file of labelme.

    Examples:
        >>> is_labelme({"shapes": [], "imagePath": "a.png"}), is_labelme({"PixelSize": [1, 1]})
        (True, False)
    """
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def read_labelme(file: Path, content: dict[str, Any]) -> Shapes:
    """Return the objects in a file of labelme; shapes with the same label and group are one object.

    Raises:
        InputError: a shape is not valid.
    """
    groups: dict[Any, Shape] = {}
    skipped = Counter[str]()
    for number, one in enumerate(content["shapes"], start=1):
        try:
            kind = one.get("shape_type") or "polygon"
            if kind in _WITHOUT_AREA:
                skipped[_WITHOUT_AREA[kind]] += 1
                continue
            key = number if one.get("group_id") is None else (one["label"], one["group_id"])
            before = groups[key].areas if key in groups else []
            groups[key] = Shape(str(number), str(one["label"]), [*before, _area(kind, one)])
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            expected = "a polygon, rectangle, circle or mask of labelme"
            raise InputError.about(file, f"the invalid shape {number} ({error})", expected) from error
    return Shapes(file, list(groups.values()), skipped, _size(content))


def _size(content: dict[str, Any]) -> tuple[int, int] | None:
    height, width = content.get("imageHeight"), content.get("imageWidth")
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _area(kind: str, shape: dict[str, Any]) -> Patch | list[Ring]:
    points = shape["points"]
    if kind in ("polygon", "oriented_rectangle"):
        return [ring_of(points)]
    (x, y), (right, bottom) = points
    if kind == "rectangle":
        return [ring_of([[x, y], [right, y], [right, bottom], [x, bottom]])]
    if kind == "circle":
        radius = math.hypot(right - x, bottom - y)
        return [ring_of(ellipse(x - radius, y - radius, 2 * radius, 2 * radius))]
    if kind == "mask":
        with Image.open(io.BytesIO(base64.b64decode(shape["mask"])), formats=["PNG"]) as picture:
            return Patch(round(y), round(x), np.asarray(picture.convert("L")) > 0)
    raise ValueError(f"type {kind!r}")
