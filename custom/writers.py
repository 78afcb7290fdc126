"""Write images, label maps and pictures, so that a file which is not whole is never seen."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tifffile
from PIL import Image
from skimage.color import hsv2rgb
from skimage.segmentation import find_boundaries
from tqdm import tqdm

from .errors import NO_ROOM, InputError, OutputError, no_room

Colors: TypeAlias = np.ndarray | Sequence[Sequence[int]]
"""Colours as (N, 3), red, green and blue from 0 to 255."""

CONTRAST_PERCENTILES = (0.5, 99.5)
"""Gray values between these percentiles fill the range from black to white in an overlay."""

# Above this, only BigTIFF can hold the pixels, and ImageJ's own variant of TIFF has no such form.
_CLASSIC_TIFF_BYTES = 2**32 - 2**25

# Per label, hue goes on by the golden ratio. Labels 8, 13 or 21 apart then come close in hue, so value and saturation
# change too, by steps searched for the largest CIELAB distance between any two labels up to 30 apart.
_HUE_STEP, _VALUE_STEP, _SATURATION_STEP = 0.618034, 0.821, 0.494


@contextmanager
def atomic_path(path: str | os.PathLike[str], size: int = 0) -> Iterator[Path]:
    """Give a temporary path beside the target, and rename it to the target once the block has succeeded.

    The parent folder is created. If the block raises, the temporary file is removed and the target is as it was.

    Args:
        path: the file to write.
        size: its size in bytes as far as it is known, to be named when the disk is full.

    Yields:
        A hidden path in the same folder, with the same suffix.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full, whatever the block raised over it.
    """
    target = Path(path)
    # Created by the writer itself, not by `tempfile`, whose files only their owner may read.
    temporary = target.with_name(f".{secrets.token_hex(6)}-{target.name[-40:]}")
    _make_folder(target.parent)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's way to say it
        reason = no_room(error) or _refusal(temporary)
        if reason is not None:
            raise _full(target, temporary, reason, size) from error
        if isinstance(error, PermissionError) and Path(error.filename or "") == temporary:
            found = f"a folder that cannot be written to ({error.strerror})"
            raise OutputError.about(target.parent, found, "a writable folder") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"a folder that cannot be created ({error.strerror})"
        raise OutputError.about(folder, found, "a writable folder") from error


def _refusal(file: Path) -> str | None:
    """Return why a file that is half written cannot grow; None if it can: libraries hide what the system told them."""
    try:
        with file.open("ab") as stream:
            stream.write(bytes(2**20))
    except OSError as error:
        return NO_ROOM.get(error.errno or 0)
    return None


def _full(target: Path, temporary: Path, reason: str, size: int) -> OutputError:
    """Return the one sentence for a file that did not fit, with the room that there is without its half."""
    half = temporary.stat().st_size if temporary.is_file() else 0
    free = shutil.disk_usage(target.parent).free + half
    known = size or (target.stat().st_size if target.is_file() else 0)
    needed = f"about {_bytes(known)}" if known > half else "more"
    return OutputError(
        f"{target}: {reason}: {_bytes(free)} are free, this file needs {needed}; what was complete before is kept."
    )


def _bytes(count: int) -> str:
    return f"{tqdm.format_sizeof(count)}B"


@contextmanager
def filling(folder: str | os.PathLike[str], target: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what a block raises over a full disk, when it fills a folder, into the one sentence.

    Args:
        folder: where the block writes; it goes if the block fails.
        target: what is named in the sentence.

    Raises:
        OutputError: the disk is full.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = no_room(error) or _refusal(Path(folder) / f".{secrets.token_hex(6)}-probe")
        if reason is None:
            raise
        raise OutputError(f"{os.fspath(target)}: {reason}, and what was begun there is removed.") from error


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files and folders that writers left in a folder when they were killed."""
    for path in Path(folder).glob(".*"):
        if re.match(r"\.[0-9a-f]{12}-", path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def write_image(
    path: str | os.PathLike[str],
    array: np.ndarray,
    pixel_size: tuple[float, float] | None = None,
    colors: Colors | None = None,
    axes: str | None = None,
) -> None:
    """Write a zlib-compressed TIFF that tifffile, Pillow and ImageJ open.

    Args:
        path: a file with the suffix .tif or .tiff; its folder is created.
        array: bool (written as 0 and 1), uint8, uint16, uint32, int32 or float32.
        pixel_size: (row, column) in µm.
        colors: (N, 3) from 0 to 255, the colour of each class of a uint8 class mask; the values stay class numbers.
        axes: "YX", "ZYX", "CYX", "ZCYX", or "YXS" and "ZYXS" for RGB; by default "YX" or "ZYX".

    Raises:
        InputError: another suffix, or a folder that cannot be created.
        ValueError: a dtype or axes that this function does not write.
    """
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise InputError.about(path, f"the suffix '{Path(path).suffix}' for an image to write", ".tif or .tiff")
    axes = axes or {2: "YX", 3: "ZYX"}.get(array.ndim, "")
    array = array.astype(np.uint8) if array.dtype == bool else array
    _check_writable(array, axes, colors)
    imagej = colors is None and array.dtype in (np.uint8, np.uint16, np.float32) and array.nbytes < _CLASSIC_TIFF_BYTES
    options: dict[str, Any] = {"imagej": imagej, "compression": "zlib", "metadata": {"axes": axes}}
    options["photometric"] = "rgb" if axes.endswith("S") else "minisblack"
    if colors is not None:
        options |= {"photometric": "palette", "colormap": _colormap(colors)}
    if pixel_size is not None:
        options |= _resolution(pixel_size, imagej)
        options["metadata"] |= {"unit": "um"} if imagej else {}
    with atomic_path(path, array.nbytes) as temporary:
        tifffile.imwrite(temporary, array, **options)


def _check_writable(array: np.ndarray, axes: str, colors: Colors | None) -> None:
    if axes not in ("YX", "ZYX", "CYX", "ZCYX", "YXS", "ZYXS") or len(axes) != array.ndim:
        raise ValueError(f"axes '{axes}' do not fit an array of shape {array.shape}")
    if array.dtype not in (np.uint8, np.uint16, np.uint32, np.int32, np.float32):
        raise ValueError(f"{array.dtype} is not written, only bool, uint8, uint16, uint32, int32 and float32")
    if axes.endswith("S") and (array.dtype != np.uint8 or array.shape[-1] != 3):
        raise ValueError(f"RGB is (..., 3) uint8, not {array.shape} {array.dtype}")
    if colors is not None and (array.dtype != np.uint8 or axes not in ("YX", "ZYX")):
        raise ValueError(f"only uint8 class masks take colours, not {array.dtype} with axes '{axes}'")


def _colormap(colors: Colors) -> np.ndarray:
    """Return TIFF's (3, 256) uint16 colour map, black beyond the given classes."""
    table = np.zeros((256, 3), np.uint16)
    table[: len(colors)] = np.asarray(colors, np.uint16) * 257
    return table.T


def _resolution(pixel_size: tuple[float, float], imagej: bool) -> dict[str, Any]:
    """Return the resolution (x, y): in pixels per µm for ImageJ, which names the unit itself, else per centimetre."""
    row, column = pixel_size
    if imagej:
        return {"resolution": (1 / column, 1 / row)}
    return {"resolution": (1e4 / column, 1e4 / row), "resolutionunit": "CENTIMETER"}


def write_png(path: str | os.PathLike[str], rgb: np.ndarray) -> None:
    """Write a (H, W, 3) uint8 picture as PNG; its folder is created.

    Raises:
        InputError: the folder cannot be created.
    """
    with atomic_path(path, rgb.nbytes) as temporary:
        Image.fromarray(rgb).save(temporary, format="PNG")


def smallest_label_dtype(max_label: int) -> np.dtype:
    """Return the dtype to store instance labels in: uint16 up to label 65,535, else uint32.

    Raises:
        ValueError: the label is negative or beyond uint32.
    """
    if not 0 <= max_label < 2**32:
        raise ValueError(f"label {max_label} is not between 0 and {2**32 - 1}")
    return np.dtype(np.uint16 if max_label < 2**16 else np.uint32)


def overlay(image: np.ndarray, labels: np.ndarray, colors: Colors | None = None, alpha: float = 0.3) -> np.ndarray:
    """Return the gray image with its labels in translucent colour and a contour one pixel wide inside each of them.

    Args:
        image: (H, W), any real dtype; shown with the contrast of ``CONTRAST_PERCENTILES``.
        labels: (H, W) bool or integer: a binary mask, class numbers or instance labels; 0 is not coloured.
        colors: (N, 3) from 0 to 255, the colour of each label; by default each has its own, always the same.
        alpha: opacity of the fill, 0...1.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the shapes differ, or a label has no colour.
    """
    if image.shape != labels.shape or image.ndim != 2:
        raise ValueError(f"image {image.shape} and labels {labels.shape} are not two pictures of one shape (H, W)")
    gray = _stretched(image)
    names, index = np.unique(labels, return_inverse=True)
    if colors is not None and names[-1] >= len(colors):
        raise ValueError(f"label {names[-1]} has no colour, there are {len(colors)}")
    palette = distinct_colors(names) if colors is None else np.asarray(colors)[names.astype(np.int64)]
    opacity = np.where(find_boundaries(labels, mode="inner"), 1.0, alpha)
    opacity = np.where(labels == 0, 0.0, opacity).astype(np.float32)[..., np.newaxis]
    color = palette.astype(np.float32)[index.reshape(labels.shape)]
    return np.rint(gray[..., np.newaxis] * (1 - opacity) + color * opacity).astype(np.uint8)


def _stretched(image: np.ndarray) -> np.ndarray:
    """Return the image as float32 from 0 to 255."""
    low, high = np.percentile(image, CONTRAST_PERCENTILES)
    scale = 255 / (high - low) if high > low else 1.0
    return np.clip((image.astype(np.float32) - low) * scale, 0, 255).astype(np.float32)


def distinct_colors(labels: np.ndarray) -> np.ndarray:
    """Return (N, 3) uint8 colours that depend on each label's number alone."""
    after_first = labels.astype(np.float64) - 1  # label 1, the foreground of a binary mask, is a full orange
    hue = (0.07 + after_first * _HUE_STEP) % 1
    value = 1 - 0.45 * ((after_first * _VALUE_STEP) % 1)
    saturation = 1 - 0.5 * ((after_first * _SATURATION_STEP) % 1)
    hsv = np.stack([hue, saturation, value], axis=-1)
    return np.rint(hsv2rgb(hsv) * 255).astype(np.uint8)


def evenly_spaced(count: int, most: int = 9) -> list[int]:
    """Return at most ``most`` different indices below ``count``, from the first to the last in even steps."""
    return [round(index) for index in np.linspace(0, count - 1, min(count, most))]


def contact_sheet(pictures: Sequence[np.ndarray], columns: int = 3, gap: int = 8) -> np.ndarray:
    """Return one picture that shows several in rows, read like text; smaller ones are centred in their white field.

    Args:
        pictures: (H, W, 3) uint8, at least one.
        columns: pictures per row.
        gap: white pixels between them.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: there are no pictures.
    """
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    height = max(picture.shape[0] for picture in pictures)
    width = max(picture.shape[1] for picture in pictures)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top = row * (height + gap) + (height - picture.shape[0]) // 2
        left = column * (width + gap) + (width - picture.shape[1]) // 2
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet
