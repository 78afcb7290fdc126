"""The images that the user gives for inference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InputError
from ..readers import SUFFIXES, describe, is_image_file
from ._files import glob_images
from ._scale import given_pixel_size


def input_files(source: str | Path) -> list[Path]:
    """Return the image files that ``source`` names: a file, a folder, or a glob.

    Raises:
        InputError: when there is nothing there, no image in it, or the glob is broken.
    """
    path = Path(source).expanduser()
    if path.is_file():
        return [path.resolve()]
    if path.is_dir():
        found = [file for file in path.iterdir() if is_image_file(file)]
    else:
        found = glob_images(Path(path.anchor or "."), str(path.relative_to(path.anchor)))
    if not found:
        what = "a folder without images" if path.is_dir() else "nothing"
        raise InputError.about(path.resolve(), what, f"images ({' '.join(SUFFIXES)})")
    return sorted(file.resolve() for file in _without_results(found))


def _without_results(files: list[Path]) -> list[Path]:
    """Leave out what an earlier inference wrote into the folder of its input."""
    stems = {file.stem for file in files}
    results = {f"{stem}_{kind}" for stem in stems for kind in ("probability", "mask", "labels", "overlay")}
    return [file for file in files if file.stem not in results]


def _check_names(files: list[Path]) -> None:
    """Refuse inputs whose results would have one name."""
    by_stem: dict[str, Path] = {}
    for file in files:
        if file.stem in by_stem:
            raise InputError.about(
                file, f"the same name as {by_stem[file.stem]}", "names that differ before the suffix"
            )
        by_stem[file.stem] = file


def input_list(
    source: str | Path, channels: str = "equal", pixel_size: Any = None, usual_pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return an item for every page of every image: ``image``, ``file``, ``page``, ``pages``, ``name``, ``channels``.

    Args:
        source: a file, a folder, or a glob.
        channels: ``"equal"`` or ``"luminance"``, see `readers.read_image`.
        pixel_size: of all images, in µm: a number or [row, column], which items have as ``pixel_size``; None if it is
            not known, which they then have not.
        usual_pixel_size: with this, the same for images whose file does not say its pixel size; None leaves what files
            say alone, because many files say what is not true.

    Raises:
        InputError: as in `input_files`; two inputs whose results would have one name; a wrong pixel size.
    """
    items = []
    files = input_files(source)
    given, usual = given_pixel_size(pixel_size), given_pixel_size(usual_pixel_size)
    _check_names(files)
    for file in files:
        info = describe(file)
        pages = info.shape[0] if len(info.shape) == 3 else 1
        size = given or (usual and (info.pixel_size or usual))
        common = {"channels": channels} if size is None else {"channels": channels, "pixel_size": size}
        items += [
            {"image": str(file), "file": str(file), "page": page, "pages": pages, "name": file.stem} | common
            for page in range(pages)
        ]
    return items
