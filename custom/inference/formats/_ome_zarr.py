"""OME-Zarr: the image and what was found in it, in several resolutions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ...images import Colors, distinct_colors
from ...measurements import PixelSize
from .._file_result import FOREGROUND, FileResult
from ._folders import atomic_folder

if TYPE_CHECKING:
    from zarr import Group

VERSION = "0.5"
CHUNK = 1024
"""Pixels, both sides of a chunk at most."""
SMALLEST = 256
"""Pixels: there are half as large copies until both sides are at most so long."""


_Halve: TypeAlias = Callable[[np.ndarray], np.ndarray]


class OmeZarr:
    """Writes ``x.ome.zarr``, OME-Zarr 0.5: the image, gray values as in its file, and below ``labels`` what was found.

    ``labels/mask`` is 1 in the foreground, or ``labels/classes`` holds class numbers, with their names;
    ``labels/instances`` holds the numbers of ``x_labels.tif``, where there are instances. Colors are those of the
    overlays. Everything comes in the size of the result and in half, quarter, … of it, as means of pixels or every
    second label. Pages are the axis z, whose step is not known. The scale is the pixel size in µm where it is known,
    else 1 without a unit.

    Source: https://ngff.openmicroscopy.org/0.5.

    Args:
        folder: where the files go.
        classes: names in the order of the numbers in a mask of classes, the background first.
        colors: (C, 3) from 0 to 255, of the classes.
    """

    def __init__(self, folder: str | Path, classes: Sequence[str] = (), colors: Colors = ()) -> None:
        self.folder = Path(folder)
        self.classes = classes
        self.colors = colors

    def __call__(self, result: FileResult) -> list[Path]:
        """Write the image and labels of a file, and return the path of the folder that they are."""
        import zarr

        target = self.folder / f"{result.name}.ome.zarr"
        with atomic_folder(target) as path:
            image = zarr.open_group(path, mode="w", zarr_format=3)
            _write(image, result.name, _pages(result.stored), result.pixel_size, _mean_of_four)
            labels = image.create_group("labels")
            layers = self._layers(result)
            for name, (array, about) in layers.items():
                group = labels.create_group(name)
                _write(group, name, array, result.pixel_size, _every_second, {"image-label": about})
            labels.attrs["ome"] = {"version": VERSION, "labels": list(layers)}
        return [target]

    def _layers(self, result: FileResult) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
        """Return the name of each label image, the image, and what is to be said of it."""
        masks = _pages(result.masks)
        if self.classes:
            layers = {"classes": (masks, _about(range(len(self.classes)), self.colors) | self._names())}
        else:
            layers = {"mask": ((masks > 0).astype(np.uint8), _about([0, 1], FOREGROUND))}
        if result.labels is not None:
            labels = _pages(result.labels)
            numbers = np.unique(labels[labels > 0])
            colors = np.vstack([FOREGROUND[:1], distinct_colors(numbers)])
            layers["instances"] = (labels, _about([0, *numbers.tolist()], colors))
        return layers

    def _names(self) -> dict[str, Any]:
        return {"properties": [{"label-value": number, "class": name} for number, name in enumerate(self.classes)]}


def _about(numbers: Sequence[int], colors: Colors) -> dict[str, Any]:
    """Return what is to be said of a label image: the colors of its numbers, of which the first is the background."""
    shown = [
        {"label-value": number, "rgba": [*map(int, color), 0 if index == 0 else 255]}
        for index, (number, color) in enumerate(zip(numbers, colors, strict=True))
    ]
    return {"version": VERSION, "source": {"image": "../../"}, "colors": shown}


def _pages(pages: list[np.ndarray]) -> np.ndarray:
    """Return (H, W) for one page, (Z, H, W) for several."""
    array = pages[0] if len(pages) == 1 else np.stack(pages)
    return array.astype(np.uint8) if array.dtype == bool else array


def _write(
    group: Group,
    name: str,
    array: np.ndarray,
    pixel_size: PixelSize | None,
    halve: _Halve,
    more: dict[str, Any] | None = None,
) -> None:
    """Write (H, W) or (Z, H, W) in several resolutions, and say what they are; ``more`` belongs to it."""
    axes = ["z", "y", "x"][-array.ndim :]
    datasets = []
    for level, smaller in enumerate(_pyramid(array, halve)):
        chunks = (1,) * (array.ndim - 2) + tuple(min(side, CHUNK) for side in smaller.shape[-2:])
        group.create_array(str(level), data=smaller, chunks=chunks, dimension_names=axes)
        datasets.append({"path": str(level), "coordinateTransformations": _placed(level, array.ndim, pixel_size)})
    multiscale = {"name": name, "axes": [_axis(axis, pixel_size) for axis in axes], "datasets": datasets}
    group.attrs["ome"] = {"version": VERSION, "multiscales": [multiscale]} | (more or {})


def _pyramid(array: np.ndarray, halve: _Halve) -> Iterator[np.ndarray]:
    yield array
    while max(array.shape[-2:]) > SMALLEST:
        array = halve(array)
        yield array


def _mean_of_four(array: np.ndarray) -> np.ndarray:
    """Return (…, H, W) at half the size, rounded up; the last row or column of an odd number counts twice."""
    height, width = array.shape[-2:]
    even = np.pad(array, [(0, 0)] * (array.ndim - 2) + [(0, height % 2), (0, width % 2)], mode="edge")
    blocks = even.reshape(*array.shape[:-2], (height + 1) // 2, 2, (width + 1) // 2, 2)
    mean = blocks.mean(axis=(-3, -1), dtype=np.float64)
    return (np.rint(mean) if array.dtype.kind in "iu" else mean).astype(array.dtype)


def _every_second(labels: np.ndarray) -> np.ndarray:
    return labels[..., ::2, ::2]


def _axis(name: str, pixel_size: PixelSize | None) -> dict[str, str]:
    known = name != "z" and pixel_size is not None
    return {"name": name, "type": "space"} | ({"unit": "micrometer"} if known else {})


def _placed(level: int, dimensions: int, pixel_size: PixelSize | None) -> list[dict[str, Any]]:
    """Return the size of a level's pixels, and where the middle of its first one is, from that of the image's."""
    size = (1.0, 1.0) if pixel_size is None else pixel_size
    before = (1.0,) * (dimensions - 2)
    scale = [*before, *(side * 2**level for side in size)]
    middle = [*(0.0 for _ in before), *(side * (2**level - 1) / 2 for side in size)]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": middle}]
