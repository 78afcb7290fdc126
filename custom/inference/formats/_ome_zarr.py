"""OME-Zarr: image and labels at several resolutions."""

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
"""Maximum side of a chunk in pixels."""
SMALLEST = 256
"""Pixels; resolutions are halved until both sides are at most this long."""


_Halve: TypeAlias = Callable[[np.ndarray], np.ndarray]


class OmeZarr:
    """Writes ``x.ome.zarr``, OME-Zarr 0.5: the image with its stored gray values, and the results under ``labels``.

    ``labels/mask`` is 1 in the foreground; for class masks, ``labels/classes`` contains class numbers with their names.
    ``labels/instances`` contains the numbers of ``x_labels.tif``, if there are instances. Colors are those of the
    overlays. Each array has the size of the result and half, a quarter, … of it: means of 2 × 2 pixels of the image,
    every second pixel of labels. Pages are the axis z, whose step is unknown. The scale is the pixel size in µm, or 1
    without a unit if unknown.

    Specification: https://ngff.openmicroscopy.org/0.5.

    Args:
        folder: the output folder.
        classes: for class masks, names of the classes by class number, the background first.
        colors: colors of the classes, (C, 3) from 0 to 255.
    """

    def __init__(self, folder: str | Path, classes: Sequence[str] = (), colors: Colors = ()) -> None:
        self.folder = Path(folder)
        self.classes = classes
        self.colors = colors

    def __call__(self, result: FileResult) -> list[Path]:
        """Write the image and labels of a file, and return the path of the OME-Zarr folder.

        Raises:
            OutputError: the disk is full.
        """
        import zarr

        target = self.folder / f"{result.name}.ome.zarr"
        with atomic_folder(target) as path:
            image = zarr.open_group(path, mode="w", zarr_format=3)
            _write(image, result.name, _pages(result.stored), result.pixel_size, _mean_of_four)
            labels = image.create_group("labels")
            layers = self._layers(result)
            for name, (array, metadata) in layers.items():
                group = labels.create_group(name)
                _write(group, name, array, result.pixel_size, _every_second, {"image-label": metadata})
            labels.attrs["ome"] = {"version": VERSION, "labels": list(layers)}
        return [target]

    def _layers(self, result: FileResult) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
        """Return name → label image and its metadata."""
        masks = _pages(result.masks)
        if self.classes:
            layers = {"classes": (masks, _metadata(range(len(self.classes)), self.colors) | self._names())}
        else:
            layers = {"mask": ((masks > 0).astype(np.uint8), _metadata([0, 1], FOREGROUND))}
        if result.labels is not None:
            labels = _pages(result.labels)
            numbers = np.unique(labels[labels > 0])
            colors = np.vstack([FOREGROUND[:1], distinct_colors(numbers)])
            layers["instances"] = (labels, _metadata([0, *numbers.tolist()], colors))
        return layers

    def _names(self) -> dict[str, Any]:
        return {"properties": [{"label-value": number, "class": name} for number, name in enumerate(self.classes)]}


def _metadata(numbers: Sequence[int], colors: Colors) -> dict[str, Any]:
    """Return the metadata of a label image with the colors of its numbers; the first is the background."""
    entries = [
        {"label-value": number, "rgba": [*map(int, color), 0 if index == 0 else 255]}
        for index, (number, color) in enumerate(zip(numbers, colors, strict=True))
    ]
    return {"version": VERSION, "source": {"image": "../../"}, "colors": entries}


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
    """Write (H, W) or (Z, H, W) at several resolutions, with their metadata; ``more`` is added to it."""
    axes = ["z", "y", "x"][-array.ndim :]
    datasets = []
    for level, smaller in enumerate(_pyramid(array, halve)):
        chunks = (1,) * (array.ndim - 2) + tuple(min(side, CHUNK) for side in smaller.shape[-2:])
        group.create_array(str(level), data=smaller, chunks=chunks, dimension_names=axes)
        datasets.append({"path": str(level), "coordinateTransformations": _transforms(level, array.ndim, pixel_size)})
    multiscale = {"name": name, "axes": [_axis(axis, pixel_size) for axis in axes], "datasets": datasets}
    group.attrs["ome"] = {"version": VERSION, "multiscales": [multiscale]} | (more or {})


def _pyramid(array: np.ndarray, halve: _Halve) -> Iterator[np.ndarray]:
    yield array
    while max(array.shape[-2:]) > SMALLEST:
        array = halve(array)
        yield array


def _mean_of_four(array: np.ndarray) -> np.ndarray:
    """Return (…, H, W) at half the size, rounded up; an odd last row or column is repeated."""
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


def _transforms(level: int, dimensions: int, pixel_size: PixelSize | None) -> list[dict[str, Any]]:
    """Return the pixel size of a level, and the center of its first pixel relative to that of the full resolution."""
    size = (1.0, 1.0) if pixel_size is None else pixel_size
    before = (1.0,) * (dimensions - 2)
    scale = [*before, *(side * 2**level for side in size)]
    center = [*(0.0 for _ in before), *(side * (2**level - 1) / 2 for side in size)]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": center}]
