"""The input images of inference: a file, a folder or a glob becomes a list of items."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...ground.names import as_given, in_home, printable
from ...ground.option_values import flag
from ...ground.wording import counted
from ...images import SUFFIXES, describe_item, files_in
from ._pixel_sizes import given_pixel_size

_UNREAD = {
    *(".czi", ".lif", ".nd2", ".lsm", ".oib", ".oif", ".oir", ".vsi", ".ims", ".zvi", ".dv", ".sld", ".sldy", ".svs"),
    *(".ndpi", ".scn", ".mrxs", ".stk", ".ics", ".ids", ".dm3", ".dm4", ".mrc", ".h5", ".hdf5"),
    *(".gif", ".webp", ".npz"),
}
"""Suffixes of image files that this package does not read, mentioned if they are among the input."""

FAULT = "fault"
"""Key of the reason in an unreadable page."""

_LONGEST_NAME = 235
"""In bytes: file systems allow 255, and results add up to 20."""


@dataclass(frozen=True)
class Inputs:
    """The images to segment.

    Attributes:
        source: the file, folder or glob that was given; of several, the folder that contains them.
        items: an item for each page of each image with a readable header, see `input_list`.
        failed: file → the reason why it cannot be segmented, as "found …, expected …".
        single: whether a single file was given; then ``failed`` is empty, because a fault raises an error instead.
    """

    source: Path
    items: list[dict[str, Any]]
    failed: dict[Path, str]
    single: bool


def input_files(source: str | Path, recursive: bool = False) -> list[Path]:
    """Return the image files that a file, folder or glob stands for, as absolute paths sorted by name.

    Links keep their own names. Hidden files and results of an earlier inference in the same folder are left out.

    Args:
        source: a file, a folder, or a glob; its leading folders are literal if they exist, so they may have brackets.
        recursive: whether to include the images in subfolders of a folder.

    Raises:
        InputError: there are no images, a folder cannot be read, or the glob is invalid.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cell.tif", "cell_mask.tif", "notes.txt"):
        ...         Path(folder, name).touch()
        ...     [file.name for file in input_files(folder)]
        ['cell.tif']
    """
    path = as_given(in_home(source))
    if path.is_file():
        return [path]
    paths = (_below(path) if recursive else files_in(path)) if path.is_dir() else _matches(path)
    found = _named_as_images(paths)
    if not found:
        raise InputError.about(path, *_nothing_in(path, paths, recursive))
    _note_unread(paths)
    return _without_noted_results(sorted(found), path)


def _below(folder: Path) -> list[Path]:
    """Return all files below a folder that are not in hidden folders; links to folders are not followed."""
    found: list[Path] = []
    for path in files_in(folder):
        if path.is_dir() and not path.is_symlink():
            found += [] if path.name.startswith(".") else _below(path)
        else:
            found.append(path)
    return found


def _matches(pattern: Path) -> list[Path]:
    """Return the paths that match a glob; its leading parts that exist are literal, even with brackets."""
    folder = next(parent for parent in pattern.parents if parent.is_dir())
    try:
        return list(folder.glob(str(pattern.relative_to(folder))))
    except ValueError as error:  # for example for a name that contains more than **
        raise InputError.about(pattern, f"an invalid pattern ({error})", "a glob") from error


def _nothing_in(path: Path, paths: list[Path], recursive: bool) -> tuple[str, str]:
    """Return what was found and expected in a source without images."""
    images = f"images ({' '.join(SUFFIXES)})"
    if not path.is_dir():
        return "nothing", images
    below = 0 if recursive else len(_named_as_images(_below(path)))
    if below:
        return f"no images, but {counted(below, 'image')} in its subfolders", "images, or --recursive true"
    unread = _unread(paths)
    return (f"only {unread}, which cannot be read" if unread else "a folder without images"), images


def _unread(paths: Iterable[Path]) -> str:
    """Return the number of image files of unsupported kinds in words, empty if there are none."""
    kinds = Counter(path.suffix.lower() for path in paths if path.suffix.lower() in _UNREAD)
    return ", ".join(counted(count, f"{kind} file") for kind, count in sorted(kinds.items()))


def _note_unread(paths: Iterable[Path]) -> None:
    unread = _unread(paths)
    if unread:
        warnings.warn(f"{unread} left out: this format is not read; export to OME-TIFF.", stacklevel=4)


def _named_as_images(paths: Iterable[Path]) -> list[Path]:
    """Return the paths with an image suffix that are not hidden. Folders stay in: reading them gives a clear error."""
    return [path for path in paths if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")]


def _without_noted_results(found: list[Path], source: Path) -> list[Path]:
    """Return the files without the results that an earlier inference wrote next to them, which a note counts."""
    names = {name_of(file, source) for file in found} | {file.stem for file in found}
    results = {f"{name}_{kind}" for name in names for kind in ("probability", "mask", "labels", "overlay")}
    kept = [file for file in found if file.stem not in results]
    if len(kept) < len(found):
        left = counted(len(found) - len(kept), "file")
        warnings.warn(f"{left} named like results of other files (x_mask, x_labels, …) left out.", stacklevel=4)
    return kept


def name_of(file: Path, source: Path) -> str:
    """Return the name of an image, with which the names of its results start: its stem, after its subfolders.

    Args:
        file: the image.
        source: the folder, file or glob that was given.

    Examples:
        >>> name_of(Path("/data/sub-01/cell.tif"), Path("/data")), name_of(Path("/data/cell.tif"), Path("/data"))
        ('sub-01_cell', 'cell')
    """
    folders = file.parent.relative_to(source).parts if file.is_relative_to(source) and file != source else ()
    return printable("_".join([*folders, file.stem]))


def _refused_names(names: Mapping[Path, str]) -> dict[Path, str]:
    """Return the reason to refuse each file whose results would overwrite each other or have too long names."""
    files_of: dict[str, list[Path]] = {}
    for file, name in names.items():
        files_of.setdefault(name, []).append(file)
    refused = {}
    for name, files in files_of.items():
        for file in files:
            length = len(os.fsencode(name))
            if length > _LONGEST_NAME:
                refused[file] = (
                    f"found a name of {length} bytes, expected at most {_LONGEST_NAME}, as results add to it."
                )
            elif len(files) > 1:
                other = files[0] if file != files[0] else files[1]
                refused[file] = f"found the same name as {other}, expected names that differ before the suffix."
    return refused


def open_inputs(
    source: str | Path | Sequence[str | Path],
    channels: str = "equal",
    pixel_size: Any = None,
    usual_pixel_size: Any = None,
    recursive: bool | str = False,
    channel: int | None = None,
    axes: str | None = None,
) -> Inputs:
    """Return the images to segment, and those that cannot be segmented; arguments as in `input_list`.

    The source may also be several files, folders or globs, as a shell makes them of a glob without quotes.

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
    sources = [source] if isinstance(source, (str, Path)) else source
    names = _names_of_sources(sources, flag("recursive", recursive))
    place = _common_place([as_given(in_home(one)) for one in sources])
    given, usual = given_pixel_size(pixel_size), given_pixel_size(usual_pixel_size)
    single = place.is_file()
    options = {"channels": channels, "channel": channel, "axes": axes}
    reading = {name: value for name, value in options.items() if value is not None}
    items, failed = [], {} if single else _refused_names(names)
    for file, name in names.items():
        if file in failed:
            continue
        try:
            items += _pages(file, name, reading, given, usual)
        except InputError as error:
            if single:
                raise
            failed[file] = reason_of(file, str(error))
    if usual and not given:
        note_assumed(items, usual)
    return Inputs(place, items, failed, single)


def _names_of_sources(sources: Sequence[str | Path], recursive: bool) -> dict[Path, str]:
    """Return the name of each image, without the results of an earlier inference among files given one by one."""
    if not sources:
        raise InputError("--input: found an empty list, expected images.")
    names = {
        file: name_of(file, as_given(in_home(source))) for source in sources for file in input_files(source, recursive)
    }
    if len(sources) == 1:
        return names
    kept = _without_noted_results(sorted(names), _common_place(list(names)))
    return {file: names[file] for file in kept}


def _common_place(places: Sequence[Path]) -> Path:
    """Return a single place itself, and of several the folder that contains them."""
    return places[0] if len(places) == 1 else Path(os.path.commonpath([place.parent for place in places]))


def note_assumed(items: Sequence[Mapping[str, Any]], usual: tuple[float, float]) -> None:
    files = {item["image"]: item for item in items if item.get("pixel_size") == usual}
    unknown = sum(describe_item(file, item).pixel_size is None for file, item in files.items())
    if unknown:
        found = f"{counted(unknown, 'image')} without a pixel size"
        warnings.warn(f"{found}: {usual[0]:g} µm is assumed (--pixel_size, --usual_pixel_size).", stacklevel=3)


def reason_of(file: Path, sentence: str) -> str:
    """Return the sentence of an `InputError` without the file name at its beginning.

    Examples:
        >>> reason_of(Path("a.tif"), "a.tif: found 3 channels, expected a gray image.")
        'found 3 channels, expected a gray image.'
    """
    return sentence.removeprefix(f"{file}: ")


def input_list(
    source: str | Path,
    channels: str = "equal",
    pixel_size: Any = None,
    usual_pixel_size: Any = None,
    recursive: bool | str = False,
    channel: int | None = None,
    axes: str | None = None,
) -> list[dict[str, Any]]:
    """Return an item for each page of each input image.

    Each item is a dictionary with ``image`` and ``file`` (the path), ``page`` (number of the page, from 0), ``pages``
    (their number in the file), ``name``, ``channels``, and ``pixel_size`` ((row, column) in µm), ``channel`` and
    ``axes`` if they are known.

    Args:
        source: a file, a folder, or a glob.
        channels: ``"equal"`` or ``"luminance"``, see `custom.images.read_image`.
        pixel_size: pixel size of all images in µm: a number or [row, column]; None if it is not known.
        usual_pixel_size: pixel size in µm of the images whose file declares none; files are trusted only if this is
            given, because many declare a wrong pixel size.
        recursive: whether to include the images in subfolders; their names begin with those of the subfolders.
        channel: number of the only channel to read, see `custom.images.read_image`.
        axes: axes of all images, where those in the files are wrong.

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
    inputs = open_inputs(source, channels, pixel_size, usual_pixel_size, recursive, channel, axes)
    if inputs.failed:
        file, reason = max(inputs.failed.items())
        raise InputError(f"{file}: {reason}")
    return inputs.items


def pages_of(
    items: Sequence[Mapping[str, Any] | str | Path], reading: Mapping[str, Any] | None = None
) -> Sequence[Mapping[str, Any]]:
    """Return items of which a program may have given only the key ``image``, completed, one for each page of a file.

    A file whose header cannot be read has one item, which fails when it is read. Items of which the results would
    overwrite each other, or of a few pages of a stack alone, have the reason to refuse them as ``fault``.

    Args:
        items: complete ones, as `input_list` returns them, are returned as they are; or paths.
        reading: how to read items that do not say it: ``channel``, ``axes``.
    """
    given: list[Mapping[str, Any]] = [item if isinstance(item, Mapping) else {"image": item} for item in items]
    complete = all({"file", "page", "pages", "name"} <= item.keys() for item in given)
    found = given if complete else [page for item in given for page in _completed({**(reading or {}), **item})]
    refused = _refused_names({Path(page["file"]): page["name"] for page in found})
    counts = Counter(page["file"] for page in found)
    for page in found:
        if counts[page["file"]] < page["pages"]:
            reason = f"found {counts[page['file']]} of {page['pages']} pages, expected all, or an item without `page`."
            refused.setdefault(Path(page["file"]), reason)
    if complete and not refused:
        return items  # type: ignore[return-value]
    faults = {str(file): {FAULT: reason} for file, reason in refused.items()}
    return [{**page, **faults.get(page["file"], {})} for page in found]


def _completed(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    file = as_given(item["image"])
    one = {"file": str(file), "page": 0, "pages": 1, "name": name_of(file, file)}
    try:
        shape = describe_item(file, item).shape
    except InputError:
        return [{**one, **item, "image": str(file)}]
    count = shape[0] if len(shape) == 3 else 1
    pages = range(count) if "page" not in item else [item["page"]]
    return [{**one, "pages": count, "page": page, **item, "image": str(file)} for page in pages]


def _pages(
    file: Path, name: str, reading: dict, given: tuple[float, float] | None, usual: tuple[float, float] | None
) -> list[dict[str, Any]]:
    info = describe_item(file, reading)
    pages = info.shape[0] if len(info.shape) == 3 else 1
    size = given or (usual and (info.pixel_size or usual))
    common = reading if size is None else {**reading, "pixel_size": size}
    return [
        {"image": str(file), "file": str(file), "page": page, "pages": pages, "name": name} | common
        for page in range(pages)
    ]
