"""Mutated files for the readers, read in a separate process because C libraries may crash.

python tests/fuzzing.py [EXAMPLES [SUFFIX …]]    (the long version of what `test_fuzz.py` does)
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from custom.errors import InputError
from custom.images import describe, read_image, read_labels

SECONDS = 5  # processor time allowed per file
MEGABYTES = 1500  # memory allowed for all files together, including loaded libraries

SUFFIXES = (".tif", ".png", ".jpg", ".bmp", ".npy", ".nii", ".nii.gz", ".nrrd", ".mha", ".dcm")


def whole_files(folder: Path, suffix: str) -> list[bytes]:
    """Return small files of a format, as its libraries write them."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 9), dtype=np.uint8)
    file = folder / f"x{suffix}"
    if suffix == ".tif":
        return [_tiff(file, pixels, **options) for options in _TIFF]
    if suffix in (".png", ".jpg", ".bmp"):
        return [_picture(file, picture) for picture in _pictures(pixels)]
    if suffix == ".npy":
        np.save(file, pixels.astype(np.uint16))
    elif suffix in (".nii", ".nii.gz"):
        import nibabel

        nibabel.save(nibabel.Nifti1Image(pixels.astype(np.int16), np.eye(4)), file)
    else:
        import itk

        itk.imwrite(itk.image_from_array(pixels), str(file))
    return [file.read_bytes()]


_TIFF: list[dict] = [{}, {"compression": "zlib"}, {"compression": "lzw"}, {"compression": "zstd"}, {"imagej": True}]
_TIFF += [{"ome": True}, {"bigtiff": True}, {"compression": "packbits"}, {"tile": (16, 16), "compression": "jpeg"}]


def _tiff(file: Path, pixels: np.ndarray, **options: object) -> bytes:
    tifffile.imwrite(file, np.stack([pixels, pixels]), photometric="minisblack", **options)
    return file.read_bytes()


def _pictures(pixels: np.ndarray) -> list[Image.Image]:
    gray = Image.fromarray(pixels)
    return [gray, gray.convert("RGB"), gray.convert("P")]


def _picture(file: Path, picture: Image.Image) -> bytes:
    picture.convert("L" if file.suffix == ".jpg" and picture.mode == "P" else picture.mode).save(file)
    return file.read_bytes()


@st.composite
def mutated(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """Return a file with changed bytes, possibly truncated or with a repeated part."""
    content = bytearray(draw(st.sampled_from(files)))
    places = st.integers(0, len(content) - 1)
    for place in draw(st.lists(places, max_size=8)):
        value = draw(st.one_of(st.integers(0, 255), st.sampled_from((0, 1, 127, 128, 254, 255))))
        width = draw(st.sampled_from((1, 1, 1, 2, 4)))  # numbers of several bytes become large or negative
        content[place : place + width] = bytes([value]) * len(content[place : place + width])
    if draw(st.booleans()):
        start = draw(places)
        content = content[:start] if draw(st.booleans()) else content[:start] + content[start // 2 :]
    return bytes(content)


def read_all(file: Path, content: bytes) -> None:
    """Read a file with all readers; the only error may be `InputError`."""
    file.write_bytes(content)
    for read in (describe, read_image, read_labels):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            with contextlib.suppress(InputError):
                read(file)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def too_slow(*_: object) -> None:
    """Report that a file exceeded its processor time."""
    raise TimeoutError


def fuzz(suffix: str, examples: int) -> None:
    """Read mutated files of a format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = whole_files(folder, suffix)
        for content in files:
            read_all(folder / f"x{suffix}", content)
        signal.signal(signal.SIGPROF, too_slow)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(content=mutated(files))
        def run(content: bytes) -> None:
            read_all(folder / f"x{suffix}", content)

        run()
        added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        assert added < MEGABYTES, f"{added} MB for files of a few hundred bytes"


def forked(task: Callable[[], None], seconds: int) -> None:
    """Run a task in a forked process; raise AssertionError with its output if it fails, crashes or hangs."""
    with tempfile.TemporaryFile("w+") as log:
        process = os.fork()
        if not process:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            status = 1
            try:
                task()
                status = 0
            except BaseException:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        log.seek(0)
        assert status == 0, f"exit code {status}\n{log.read()[-3000:]}"


def main() -> None:
    """Fuzz all formats, or the named ones."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    for suffix in sys.argv[2:] or SUFFIXES:
        try:
            forked(lambda suffix=suffix: fuzz(suffix, examples), 3600)  # type: ignore[misc]
            print(f"{suffix}: {examples} files", flush=True)
        except AssertionError as error:
            print(f"{suffix}: {error}", flush=True)


if __name__ == "__main__":
    main()
