"""Pixel sizes from the JSON files beside BIDS images.

Inheritance principle of the Brain Imaging Data Structure: the metadata of an image come from every JSON file in its
folder, or one above, that has its suffix (``_SEM``) and no entity (``sample-1``) that it has not. What is nearer to the
image, and names it more closely, wins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import InputError
from ...ground.json_files import read_object

_MICROMETRES = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "mm": 1e3}


def sidecar_pixel_size(image: Path, root: Path) -> tuple[float, float] | None:
    """Return the (row, column) size of a pixel in µm that the sidecars of an image declare, None if they declare none.

    Args:
        image: the image file.
        root: the data folder, where inheritance begins.

    Raises:
        InputError: a sidecar is no JSON object, or its PixelSize or PixelSizeUnits is not what BIDS knows.
    """
    metadata: dict[str, Any] = {}
    declaring = image
    for file in _sidecars(image, root):
        content = read_object(file, "metadata of an image")
        metadata |= content
        declaring = file if content.keys() & {"PixelSize", "PixelSizeUnits"} else declaring
    if "PixelSize" not in metadata:
        return None
    size, unit = metadata["PixelSize"], metadata.get("PixelSizeUnits")
    is_size = isinstance(size, list) and len(size) in (2, 3) and all(type(v) in (int, float) and v > 0 for v in size)
    if not is_size or unit not in _MICROMETRES:
        found = f"PixelSize {size!r} and PixelSizeUnits {unit!r}"
        raise InputError.about(declaring, found, "two or three numbers above 0, and nm, um or mm")
    return (size[1] * _MICROMETRES[unit], size[0] * _MICROMETRES[unit])  # BIDS gives x first


def _sidecars(image: Path, root: Path) -> list[Path]:
    """Return the JSON files that apply to an image, the one that counts most at the end."""
    folders = [folder for folder in reversed(image.parents) if folder.is_relative_to(root)]
    *entities, suffix = image.name.split(".")[0].split("_")  # of `.ome.tif`, too
    found = []
    for folder in folders:
        applicable = {}
        for file in folder.glob("*.json"):
            *own, own_suffix = file.stem.split("_")
            if own_suffix == suffix and set(own) <= set(entities):
                applicable[len(own), file.name] = file
        found += [applicable[key] for key in sorted(applicable)]
    return found
