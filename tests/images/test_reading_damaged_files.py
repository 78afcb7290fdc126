"""Arbitrary bytes and JSON give a result or one clear sentence, never a crash, a hang or excessive memory use.

The examples are the same in every run; `python tests/fuzzing.py 3000` runs more of them for the readers.
"""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from fuzzing import SUFFIXES, forked, fuzz, whole_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from custom.data import SPLITS, datalist, load_manifest
from custom.errors import InputError
from custom.images import describe, read_image
from custom.tracking import read_tracks, validate
from custom.weights import find_weights, read_threshold

few = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NUMBERS = st.one_of(st.integers(-3, 300), st.sampled_from([10**12, 2**63, 10**400]), st.floats())
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "..", "/", "a\0b", "x" * 300, "\ud800", "*", "**", "[", "{stem}", "01", "$1/0", "@x"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)

MANIFESTS: list[dict[str, Any]] = [
    {
        "name": "cells",
        "layout": "paired_folders",
        "image": "image",
        "label": "mask",
        "labels": {"background": 0, "cell": 255},
        "pair_by": "number",
        "number_pattern": r"(\d+)",
        "region": "region",
        "label_threshold": 127,
        "pixel_size_um": [0.1, 0.1],
        "splits": {"train": {"numbers": [1, 2]}, "validation": {"numbers": [3]}},
        "split_seed": 1,
        "download": [{"url": "https://example.org/a.zip", "sha256": 64 * "0", "root": "cells"}],
    },
    {
        "name": "stack",
        "layout": "stacks",
        "image": "a.tif",
        "label": "b.tif",
        "labels": {"background": 0, "cell": 255},
        "splits": {"train": {"pages": [0, 20]}, "test": {"pages": [20, 24]}},
    },
    {
        "name": "movie",
        "layout": "cell_tracking",
        "splits": {"train": {"frames": {"01": [0, 60]}}, "test": {"sequences": ["02"]}},
        "optional_splits": ["test"],
    },
    {
        "name": "rats",
        "layout": "bids",
        "image": "sub-*/micr/*_SEM.png",
        "label": "derivatives/{folder}/{stem}_seg.png",
        "labels": {"background": 0, "axon": 255},
        "splits": {"train": {"subjects": ["sub-1"]}, "test": {"subjects": ["sub-2"]}},
    },
    {
        "name": "folders",
        "layout": "paired_folders",
        "labels": {"background": 0, "cell": 1},
        "splits": {"train": {"folders": ["train/img", "train/mask"]}},
    },
]


def places_in(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the path to each value in nested dictionaries and lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way for key, inner in pairs for way in [(*path, key), *places_in(inner, (*path, key))]]


@st.composite
def changed_manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid manifest with some values replaced."""
    content = copy.deepcopy(draw(st.sampled_from(MANIFESTS)))
    for _ in range(draw(st.integers(0, 2))):
        *way, last = draw(st.sampled_from(places_in(content)))
        inner = content
        for key in way:
            inner = inner[key]
        inner[last] = draw(VALUES)
    return content


def load_and_list(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with suppress(InputError):
        datalist(load_manifest(folder / "manifest.json", folder), SPLITS)


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Return a folder with the files that the manifests name; none of them is an image."""
    for name in (
        "image/1.tif",
        "mask/1.tif",
        "region/1.tif",
        "a.tif",
        "b.tif",
        "01/t000.tif",
        "01_ST/SEG/man_seg000.tif",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"II*\0")
    return tmp_path


@few
@given(content=changed_manifests())
def test_manifests_with_other_values(content: dict[str, Any], cells: Path) -> None:
    load_and_list(cells, json.dumps(content))


@few
@given(content=VALUES)
def test_any_json_as_manifest(content: Any, cells: Path) -> None:
    load_and_list(cells, json.dumps(content))


@few
@given(
    text=st.one_of(
        st.text(max_size=40), st.sampled_from(["[" * 10**5, '{"a":' * 10**5, "1" * 5000, "NaN", '"\\ud800"'])
    )
)
def test_any_text_as_json(text: str, tmp_path: Path) -> None:
    content = text.encode("utf-8", "surrogatepass")
    for name in ("manifest.json", "threshold.json", "settings.json"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "model.pt").touch()
    for read in (
        lambda: load_manifest(tmp_path / "manifest.json", tmp_path),
        lambda: read_threshold(tmp_path / "model.pt"),
        lambda: find_weights(tmp_path / "model.pt", size=1),
    ):
        with suppress(InputError):
            read()


@few
@given(value=VALUES)
def test_any_threshold_and_setting(value: Any, tmp_path: Path) -> None:
    for name in ("threshold", "settings"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"threshold": value, "size": value}), encoding="utf-8")
    with suppress(InputError):
        assert 0 <= read_threshold(tmp_path / "model.pt") <= 1
    with suppress(InputError):
        find_weights(tmp_path / "model.pt", size=1)


@st.composite
def track_lists(draw: st.DrawFn) -> str:
    """Return lines of about four numbers, or any text."""
    number = st.one_of(st.integers(-3, 12), st.sampled_from([65535, 10**9, 10**17, 10**5000])).map(_digits)
    line = st.one_of(st.lists(number, min_size=4, max_size=4), st.lists(number, max_size=6)).map(" ".join)
    return "\n".join(draw(st.lists(st.one_of(line, line, line, st.text(max_size=12)), max_size=5)))


def _digits(number: int) -> str:
    return "1" + "0" * 5000 if number == 10**5000 else str(number)


@few
@given(text=track_lists())
def test_any_list_of_tracks(text: str, tmp_path: Path) -> None:
    file = tmp_path / "res_track.txt"
    file.write_text(text, encoding="utf-8")
    with suppress(InputError):
        assert all(abs(number) < 10**18 for track in read_tracks(file) for number in (track.label, track.end))
    validate(tmp_path)


@few
@given(content=st.binary(max_size=60))
def test_any_bytes_as_list_of_tracks(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "res_track.txt").write_bytes(content)
    with suppress(InputError):
        read_tracks(tmp_path / "res_track.txt")


# --------------------------------------------------------------------------------------------------------------- images


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_mutated_images(suffix: str) -> None:
    """In a forked process with a limit of 60 s of CPU time, so that a crash in C code fails only this test."""
    forked(lambda: fuzz(suffix, 60), seconds=60)


@pytest.mark.parametrize("damage", [(136, b"U\x80"), (138, b"\xff\xff"), (148, b"\x00B")])
def test_a_damaged_dicom_header_is_refused(damage: tuple[int, bytes], tmp_path: Path) -> None:
    """A wrong type of a value makes ITK take the next bytes for its length, and allocate 4 GB."""
    (content,) = whole_files(tmp_path, ".dcm")
    place, wrong = damage
    file = tmp_path / "damaged.dcm"
    file.write_bytes(content[:place] + wrong + content[place + len(wrong) :])
    with pytest.raises(InputError, match="found a damaged DICOM header"):
        describe(file)


HUGE = {
    ".nrrd": b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 100000 100000\nencoding: gzip\n\n" + bytes(100),
    ".mha": b"ObjectType = Image\nNDims = 2\nDimSize = 100000 100000\nElementType = MET_UCHAR\n"
    b"ElementDataFile = LOCAL\n\0",
    ".bmp": b"BM"
    + bytes(12)
    + (40).to_bytes(4, "little")
    + (12000).to_bytes(4, "little") * 2
    + b"\1\0\x08\0"
    + bytes(1200),
    ".npy": b"\x93NUMPY\x01\0\x76\0"
    + b"{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 100000), }".ljust(117)
    + b"\n",
}


def tiff_of(side: int, compression: int) -> bytes:
    """Return a TIFF of a hundred bytes with a strip that is declared to contain ``side`` × ``side`` pixels."""
    tags = [
        (256, side),
        (257, side),
        (258, 8),
        (259, compression),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, side),
        (279, 100),
    ]
    entries = b"".join(tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little") for tag, value in tags)
    return b"II*\0" + (108).to_bytes(4, "little") + bytes(100) + len(tags).to_bytes(2, "little") + entries + bytes(4)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [*HUGE.items(), *((".tif", tiff_of(100_000, compression)) for compression in (1, 5, 8, 32773, 50000))],
)
def test_a_header_that_claims_more_than_can_be_there(suffix: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"x{suffix}").write_bytes(content)
    for read in (describe, read_image):
        with pytest.raises(InputError, match=r"a header that declares|broken or incomplete"):
            read(tmp_path / f"x{suffix}")


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_pictures_of_more_than_179_megapixels(tmp_path: Path, suffix: str) -> None:
    """Pillow refuses these."""
    Image.new("1", (13_400, 13_400)).save(tmp_path / f"a{suffix}")
    assert describe(tmp_path / f"a{suffix}").shape == (13_400, 13_400)


def test_a_small_file_may_hold_a_large_image(tmp_path: Path) -> None:
    """An empty image compresses to a tiny file."""
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((12_000, 12_000), np.uint8), compression="zstd")
    assert (tmp_path / "x.tif").stat().st_size < 50_000
    assert read_image(tmp_path / "x.tif").shape == (12_000, 12_000)


def test_the_name_of_a_broken_file_appears_once(tmp_path: Path) -> None:
    (tmp_path / "cell.png").write_bytes(b"not an image")
    with pytest.raises(InputError) as refused:
        read_image(tmp_path / "cell.png")
    assert str(refused.value).count("cell.png") == 1
