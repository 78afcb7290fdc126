"""Pixel sizes from the JSON sidecars of BIDS images.

Inheritance principle of the Brain Imaging Data Structure: a JSON file applies to an image if it is in the same folder
or a parent folder, has the same suffix (``_SEM``), and has no entity (``sample-1``) that the image lacks. Files in
nearer folders, and among them those with more entities, take precedence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import InputError
from ...ground.json_files import read_object
from ...images import declared_size


def sidecar_pixel_size(image: Path, root: Path) -> tuple[float, float] | None:
    """Return the pixel size (row, column) in µm from the sidecars of an image, or None if they declare none.

    As in image files, sizes of 0 and the like are none, and unknown units are mentioned.

    Args:
        image: the image file.
        root: the data folder, the topmost folder for inheritance.

    Raises:
        InputError: a sidecar is not a JSON object, or its PixelSize or PixelSizeUnits is not valid in BIDS.

    Examples:
        >>> import json, tempfile
        >>> with tempfile.TemporaryDirectory() as name:
        ...     root = Path(name)
        ...     text = json.dumps({"PixelSize": [0.5, 0.25], "PixelSizeUnits": "um"})
        ...     _ = (root / "sub-1_SEM.json").write_text(text)
        ...     sidecar_pixel_size(root / "sub-1_SEM.png", root)
        (0.25, 0.5)
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
    if not isinstance(size, list) or len(size) not in (2, 3) or not isinstance(unit, str):
        found = f"PixelSize {size!r} and PixelSizeUnits {unit!r}"
        raise InputError.about(declaring, found, "two or three numbers, and nm, um or mm")
    return declared_size(declaring, (size[1], size[0]), (unit, unit))  # BIDS gives x first


def _sidecars(image: Path, root: Path) -> list[Path]:
    """Return the JSON files that apply to an image, in increasing precedence."""
    folders = [folder for folder in reversed(image.parents) if folder.is_relative_to(root)]
    *entities, suffix = image.name.split(".")[0].split("_")  # up to the first dot, for `.ome.tif`
    found = []
    for folder in folders:
        applicable = {}
        for file in folder.glob("*.json"):
            *own, own_suffix = file.stem.split("_")
            if own_suffix == suffix and set(own) <= set(entities):
                applicable[len(own), file.name] = file
        found += [applicable[key] for key in sorted(applicable)]
    return found
