"""Labels in files with outlines of objects, drawn with the size of their image: instance labels or class numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from os import PathLike

import numpy as np

from ..errors import InputError
from ..ground.wording import counted
from ..images import Shape, Shapes, pixels_inside, read_shapes


def draw_instances(
    path: str | PathLike[str], size: Sequence[int], page: int = 0
) -> tuple[np.ndarray, Counter[tuple[str, str]]]:
    """Draw a number for each object in a file, the later over the earlier.

    Objects in files of ImageJ keep the numbers at the end of their names, as this package writes them, if all differ.
    Others are numbered in their order, from 1.

    Args:
        path: a file of ImageJ, QuPath or labelme; see `custom.images.read_shapes`.
        size: (H, W) of the image, or (Z, H, W) of the stack.
        page: number of the page to draw, from 0.

    Returns:
        int32 (H, W), 0 outside of all objects, and the number of pixels in which objects cover others.

    Raises:
        InputError: the file cannot be read, has objects that cannot be drawn, or belongs to another image.

    Examples:
        >>> from pathlib import Path
        >>> square = '{"type": "Polygon", "coordinates": [[[1, 0], [3, 0], [3, 1], [1, 1], [1, 0]]]}'
        >>> _ = Path("cells.geojson").write_text(square)
        >>> draw_instances("cells.geojson", (1, 4))[0].tolist()
        [[0, 1, 1, 0]]
    """
    found = read_shapes(path)
    shapes = found.on_page(page, tuple(size))
    labels = np.zeros(size[-2:], np.int32)
    covered = 0
    for number, shape in zip(_numbers(found, shapes), shapes, strict=True):
        box, inside = pixels_inside(shape, labels.shape, found.file)
        covered += int(np.count_nonzero(labels[box][inside]))
        labels[box][inside] = number
    return labels, Counter({("an object", "another"): covered} if covered else {})


def draw_classes(
    path: str | PathLike[str], names: Sequence[str], size: Sequence[int], page: int = 0
) -> tuple[np.ndarray, Counter[tuple[str, str]]]:
    """Draw the classes of the objects in a file, the later over the earlier.

    The class of an object is its classification in QuPath, its label in labelme, or in files of ImageJ the beginning of
    its name, such as ``axon-0017``. With two classes, objects are of the second one if their file names no class, or
    one for all of them.

    Args:
        path: as in `draw_instances`.
        names: the name of each class, the background first.
        size: as in `draw_instances`.
        page: as in `draw_instances`.

    Returns:
        Class numbers, uint8 (H, W), and the number of pixels in which a class covers another one, by
        (class on top, class below).

    Raises:
        InputError: as in `draw_instances`, and for objects of other classes; the message counts them.

    Examples:
        >>> from pathlib import Path
        >>> square = '{"type": "Polygon", "coordinates": [[[1, 0], [3, 0], [3, 1], [1, 1], [1, 0]]]}'
        >>> _ = Path("cells.geojson").write_text(square)
        >>> draw_classes("cells.geojson", ["background", "cell"], (1, 4))[0].tolist()
        [[0, 1, 1, 0]]
    """
    found = read_shapes(path)
    numbers = dict(zip(map(id, found.shapes), _classes(found, names), strict=True))
    labels = np.zeros(size[-2:], np.uint8)
    covered: Counter[tuple[str, str]] = Counter()
    for shape in found.on_page(page, tuple(size)):
        number = numbers[id(shape)]
        box, inside = pixels_inside(shape, labels.shape, found.file)
        below = np.bincount(labels[box][inside], minlength=len(names))
        covered += Counter({(names[number], names[i]): int(below[i]) for i in range(1, len(names)) if i != number})
        labels[box][inside] = number
    return labels, covered


def mask_of_shapes(path: str | PathLike[str], size: Sequence[int], page: int = 0) -> np.ndarray:
    """Return the pixels inside any object in a file, bool (H, W); arguments and errors as in `draw_instances`."""
    return draw_instances(path, size, page)[0] > 0


def skipped_shapes(path: str | PathLike[str]) -> str:
    """Return what is left out of a file because it has no area, in words; empty if there is nothing.

    Examples:
        >>> from pathlib import Path
        >>> _ = Path("points.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}')
        >>> skipped_shapes("points.geojson")
        '1 point'
    """
    return ", ".join(counted(count, kind) for kind, count in read_shapes(path).skipped.items())


def _numbers(found: Shapes, shapes: list[Shape]) -> list[int]:
    ends = [re.search(r"\d{1,9}$", shape.name) for shape in shapes]
    numbers = [int(end[0]) for end in ends if end]
    usable = found.numbered and 0 not in numbers and len(set(numbers)) == len(shapes)
    return numbers if usable else list(range(1, len(shapes) + 1))


def _classes(found: Shapes, names: Sequence[str]) -> list[int]:
    """Return the class number of each object in a file."""
    kinds = [shape.kind or _kind_in_name(shape.name, names) for shape in found.shapes]
    if len(names) == 2 and len(set(kinds)) <= 1 and kinds[:1] != [names[0]]:
        return [1] * len(kinds)
    unknown = Counter(kind or "none" for kind in kinds if kind not in names)
    if unknown:
        counts = ", ".join(f"{kind} ({count})" for kind, count in unknown.most_common(5))
        more = ", …" if len(unknown) > 5 else ""
        raise InputError.about(found.file, f"objects of undeclared classes: {counts}{more}", ", ".join(names))
    return [names.index(kind) for kind in kinds if kind is not None]


def _kind_in_name(name: str, names: Sequence[str]) -> str | None:
    """Return the class in the name of an object of this package, such as ``0002-axon-0017``."""
    return next((kind for kind in names if re.fullmatch(rf"(\d+-)?{re.escape(kind)}(-\d+)?", name)), None)
