"""Movies of pictures as PNG files, as an animated GIF for browsers, and as an MP4 for video players."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from PIL import Image

from ...ground.files import atomic_path
from ...images import write_png

LARGEST_SIDE = 1024
"""Maximum side length of the GIF and the MP4 in pixels; larger pictures are downscaled."""


def write_movie(
    folder: Path, pictures: Iterable[tuple[int, np.ndarray]], frames_per_second: float = 5.0, digits: int = 3
) -> None:
    """Write ``overlay/overlayNNN.png``, ``overlay.gif`` and ``overlay.mp4``.

    Only one picture at full size is in memory; the GIF encoder keeps all pictures with one byte per pixel.

    Args:
        folder: output folder; it is created.
        pictures: frame numbers with pictures (H, W, 3) uint8, all of one size; at least one.
        frames_per_second: frame rate of the GIF and the MP4.
        digits: minimum number of digits in the names of the PNG files.

    Raises:
        InputError: the folder cannot be created.
        ValueError: there are no pictures.
    """
    folder = Path(folder)
    files = []
    with atomic_path(folder / "overlay.mp4") as path, _Video(path, frames_per_second) as video:
        for frame, picture in pictures:
            files.append(folder / "overlay" / f"overlay{frame:0{digits}d}.png")
            write_png(files[-1], picture)
            video.add(picture)
    _write_gif(folder / "overlay.gif", files, frames_per_second)


class _Video:
    """An MP4 that is written picture by picture; a context manager."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        self.path = path
        self.frames_per_second = frames_per_second
        self.writer: cv2.VideoWriter | None = None

    def __enter__(self) -> _Video:
        return self

    def add(self, picture: np.ndarray) -> None:
        """Append a picture (H, W, 3)."""
        picture = _downscaled(picture)
        height, width = (side // 2 * 2 for side in picture.shape[:2])  # required by the codec
        if self.writer is None:
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self.writer = cv2.VideoWriter(str(self.path), codec, self.frames_per_second, (width, height))
        self.writer.write(cv2.cvtColor(picture[:height, :width], cv2.COLOR_RGB2BGR))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer is not None:
            self.writer.release()
        elif kind is None:
            raise ValueError("a movie needs at least one picture")


def _write_gif(file: Path, pictures: list[Path], frames_per_second: float) -> None:
    frames = _quantized(pictures)
    with atomic_path(file) as path:
        next(frames).save(
            path, format="GIF", save_all=True, append_images=frames, duration=1000 / frames_per_second, loop=0
        )


def _quantized(pictures: list[Path]) -> Iterator[Image.Image]:
    """Yield the pictures with 256 colors each, from an octree, which preserves thin outlines and gives small files."""
    for file in pictures:
        with Image.open(file) as picture:
            reduced = Image.fromarray(_downscaled(np.asarray(picture)))
        yield reduced.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _downscaled(picture: np.ndarray) -> np.ndarray:
    """Return the picture with no side longer than `LARGEST_SIDE`."""
    scale = min(1.0, LARGEST_SIDE / max(picture.shape[:2]))
    return picture if scale == 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
