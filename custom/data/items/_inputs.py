"""The input images of inference: a file, a folder or a glob becomes a list of items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...images import SUFFIXES, describe
from ._pixel_sizes import given_pixel_size


@dataclass(frozen=True)
class Inputs:
    """The images to segment.

    Attributes:
        source: the file, folder or glob that was given.
        items: an item for each page of each image with a readable header, see `input_list`.
        failed: file → the reason why it cannot be segmented, as "found …, expected …".
        single: whether a single file was given; then ``failed`` is empty, because a fault raises an error instead.
    """

    source: Path
    items: list[dict[str, Any]]
    failed: dict[Path, str]
    single: bool


def input_files(source: str | Path) -> list[Path]:
    """Return the image files that a file, folder or glob stands for, as absolute paths sorted by name.

    Hidden files and results of an earlier inference in the same folder are left out.

    Raises:
        InputError: there are no images, or the glob is invalid.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cell.tif", "cell_mask.tif", "notes.txt"):
        ...         Path(folder, name).touch()
        ...     [file.name for file in input_files(folder)]
        ['cell.tif']
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
    except ValueError as error:  # for example for a name that contains more than **
        raise InputError.about(pattern.absolute(), f"an invalid pattern ({error})", "a glob") from error


def _named_as_images(paths: Iterable[Path]) -> list[Path]:
    """Return the paths with an image suffix that are not hidden. Folders stay in: reading them gives a clear error."""
    return [path for path in paths if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")]


def _without_results(files: list[Path]) -> list[Path]:
    """Return the files without the results that an earlier inference wrote into the input folder."""
    stems = {file.stem for file in files}
    results = {f"{stem}_{kind}" for stem in stems for kind in ("probability", "mask", "labels", "overlay")}
    return [file for file in files if file.stem not in results]


def _name_collisions(files: list[Path]) -> dict[Path, str]:
    """Return the reason to refuse each file whose results would have the same name as those of another file."""
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
    """Return the images to segment, and those that cannot be segmented; arguments as in `input_list`.

    Raises:
        InputError: as in `input_files`, the pixel size is invalid, or the single given file cannot be read.

    Examples:
        >>> import tempfile, numpy
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     numpy.save(f"{folder}/cell.npy", numpy.zeros((8, 8)))
        ...     _ = Path(folder, "damaged.npy").write_bytes(b"?")
        ...     inputs = open_inputs(folder)
        >>> [item["name"] for item in inputs.items], [file.name for file in inputs.failed]
        (['cell'], ['damaged.npy'])
    """
    files = input_files(source)
    given, usual = given_pixel_size(pixel_size), given_pixel_size(usual_pixel_size)
    single = Path(source).expanduser().is_file()
    items, failed = [], _name_collisions(files)
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
    """Return the sentence of an `InputError` without the file name at its beginning.

    Examples:
        >>> reason_of(Path("a.tif"), "a.tif: found 3 channels, expected a gray image.")
        'found 3 channels, expected a gray image.'
    """
    return sentence.removeprefix(f"{file}: ")


def input_list(
    source: str | Path, channels: str = "equal", pixel_size: Any = None, usual_pixel_size: Any = None
) -> list[dict[str, Any]]:
    """Return an item for each page of each input image.

    Each item is a dictionary with ``image`` and ``file`` (the path), ``page`` (number of the page, from 0), ``pages``
    (their number in the file), ``name``, ``channels``, and ``pixel_size`` ((row, column) in µm) if it is known.

    Args:
        source: a file, a folder, or a glob.
        channels: ``"equal"`` or ``"luminance"``, see `custom.images.read_image`.
        pixel_size: pixel size of all images in µm: a number or [row, column]; None if it is not known.
        usual_pixel_size: pixel size in µm of the images whose file declares none; files are trusted only if this is
            given, because many declare a wrong pixel size.

    Raises:
        InputError: as in `open_inputs`, any image cannot be read, or the results of two images would have the same
            name.

    Examples:
        >>> import tempfile, numpy
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     numpy.save(f"{folder}/stack.npy", numpy.zeros((2, 8, 8), "uint8"))
        ...     items = input_list(folder, pixel_size=0.5)
        >>> [(item["name"], item["page"], item["pixel_size"]) for item in items]
        [('stack', 0, (0.5, 0.5)), ('stack', 1, (0.5, 0.5))]
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
