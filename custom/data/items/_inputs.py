"""The images that the user gives for inference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...images import SUFFIXES, describe
from ._scale import given_pixel_size


@dataclass(frozen=True)
class Inputs:
    """What there is to segment.

    Attributes:
        source: the file, folder or glob that was given.
        items: one for every page of every image whose header can be read, see `input_list`.
        failed: the others, file → what was found there and what was expected.
        single: whether one file was named; then nothing has failed, or it is an error.
    """

    source: Path
    items: list[dict[str, Any]]
    failed: dict[Path, str]
    single: bool


def input_files(source: str | Path) -> list[Path]:
    """Return what ``source`` names, a file, a folder, or a glob: all that has the suffix of an image.

    Raises:
        InputError: when there is nothing there, no image in it, or the glob is broken.
    """
    path = Path(source).expanduser()
    if path.is_file():
        return [path.resolve()]
    found = _named_as_images(path.iterdir() if path.is_dir() else _matches(path))
    if not found:
        what = "a folder without images" if path.is_dir() else "nothing"
        raise InputError.about(path.resolve(), what, f"images ({' '.join(SUFFIXES)})")
    return sorted(file.resolve() for file in _without_results(found))


def _matches(pattern: Path) -> list[Path]:
    folder = Path(pattern.anchor or ".")
    try:
        return list(folder.glob(str(pattern.relative_to(pattern.anchor))))
    except ValueError as error:  # for example, ** with more in the same name
        raise InputError.about(pattern.absolute(), f"a broken pattern ({error})", "a glob") from error


def _named_as_images(paths: Iterable[Path]) -> list[Path]:
    """Leave out what has another suffix, and what is hidden; a folder of such a name is there, to be complained of."""
    return [path for path in paths if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")]


def _without_results(files: list[Path]) -> list[Path]:
    """Leave out what an earlier inference wrote into the folder of its input."""
    stems = {file.stem for file in files}
    results = {f"{stem}_{kind}" for stem in stems for kind in ("probability", "mask", "labels", "overlay")}
    return [file for file in files if file.stem not in results]


def _faults_of_names(files: list[Path]) -> dict[Path, str]:
    """Return what is wrong with inputs whose results would have one name: which of them is meant cannot be known."""
    by_stem: dict[str, list[Path]] = {}
    for file in files:
        by_stem.setdefault(file.stem, []).append(file)
    return {
        file: f"found the same name as {same[0] if file != same[0] else same[1]}, "
        "expected names that differ before the suffix."
        for same in by_stem.values()
        for file in same
        if len(same) > 1
    }


def open_inputs(
    source: str | Path, channels: str = "equal", pixel_size: Any = None, usual_pixel_size: Any = None
) -> Inputs:
    """Return what there is to segment, and what of it cannot be.

    Arguments as in `input_list`.

    Raises:
        InputError: as in `input_files`; a wrong pixel size; the one file that was named cannot be read.
    """
    files = input_files(source)
    given, usual = given_pixel_size(pixel_size), given_pixel_size(usual_pixel_size)
    single = Path(source).expanduser().is_file()
    items, failed = [], _faults_of_names(files)
    for file in files:
        if file in failed:
            continue
        try:
            items += _pages(file, channels, given, usual)
        except InputError as error:
            if single:
                raise
            failed[file] = reason_of(file, str(error))
    return Inputs(Path(source).expanduser().resolve(), items, failed, single)


def reason_of(file: Path, sentence: str) -> str:
    """Return the sentence of an `InputError` without the file at its beginning."""
    return sentence.removeprefix(f"{file}: ")


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
        InputError: as in `open_inputs`, and when any of the images cannot be read, or two would have results of one
            name.
    """
    inputs = open_inputs(source, channels, pixel_size, usual_pixel_size)
    if inputs.failed:
        file, reason = max(inputs.failed.items())
        raise InputError(f"{file}: {reason}")
    return inputs.items


def _pages(
    file: Path, channels: str, given: tuple[float, float] | None, usual: tuple[float, float] | None
) -> list[dict[str, Any]]:
    info = describe(file)
    pages = info.shape[0] if len(info.shape) == 3 else 1
    size = given or (usual and (info.pixel_size or usual))
    common = {"channels": channels} if size is None else {"channels": channels, "pixel_size": size}
    return [
        {"image": str(file), "file": str(file), "page": page, "pages": pages, "name": file.stem} | common
        for page in range(pages)
    ]
