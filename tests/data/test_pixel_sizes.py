"""Sources of pixel sizes, and the printed line on rescaling."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest
import tifffile
from monai.data import DataLoader, Dataset, decollate_batch
from monai.transforms import Compose

from custom.data import Manifest, datalist, describe_scale, input_list
from custom.errors import InputError
from custom.transforms import ReadImaged, ReadLabeld


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, np.zeros((2, 3, 4), np.uint8), photometric="minisblack")
    return tmp_path


def sizes(folder: Path, given: Any = None, **changes: Any) -> set:
    splits = {"train": {"pages": [0, 2]}}
    data = Manifest(folder, "cells", "stacks", "a.tif", "b.tif", {"no": 0, "yes": 1}, splits=splits, **changes)
    return {item["pixel_size"] for item in datalist(data, "train", pixel_size=given)}


def test_from_the_manifest(folder: Path) -> None:
    assert sizes(folder) == {None}
    assert sizes(folder, pixel_size_um=[0.1, 2]) == {(0.1, 2.0)}


def test_known_and_unknown_sizes_go_into_one_batch(folder: Path) -> None:
    kinds = [{"pixel_size_um": [0.1, 0.2]}, {}]
    splits = {"train": {"pages": [0, 1]}}
    data = [
        Manifest(folder, "cells", "stacks", "a.tif", "b.tif", {"no": 0, "yes": 1}, splits=splits, **kind)
        for kind in kinds
    ]
    reading = Compose([ReadImaged("image"), ReadLabeld("label")])
    (batch,) = DataLoader(Dataset(datalist(data, "train"), reading), batch_size=2)
    assert [item["pixel_size"] for item in decollate_batch(batch)] == [[0.1, 0.2], [ANY, ANY]]
    assert all(side.isnan().tolist() == [False, True] for side in batch["pixel_size"])


@pytest.mark.parametrize(
    ("given", "size"), [(0.5, (0.5, 0.5)), (2, (2.0, 2.0)), ([0.1, 0.2], (0.1, 0.2)), ((1, 2), (1.0, 2.0))]
)
def test_the_option_wins(given: Any, size: tuple[float, float], folder: Path) -> None:
    assert sizes(folder, given, pixel_size_um=[0.3, 0.3]) == {size}
    assert {item["pixel_size"] for item in input_list(folder, pixel_size=given)} == {size}


def test_what_the_file_says_and_what_is_usual(folder: Path) -> None:
    """Pixel sizes in files are used only if a usual size is given."""
    tifffile.imwrite(folder / "b.tif", np.zeros((3, 4), np.uint8), resolution=(5000, 5000), resolutionunit="CENTIMETER")
    assert all("pixel_size" not in item for item in input_list(folder))
    found = {item["name"]: item["pixel_size"] for item in input_list(folder, usual_pixel_size=0.19)}
    assert found == {"a": (0.19, 0.19), "b": pytest.approx((2.0, 2.0))}
    assert {item["pixel_size"] for item in input_list(folder, pixel_size=3, usual_pixel_size=0.19)} == {(3.0, 3.0)}


def test_nobody_gave_one(folder: Path) -> None:
    assert not any("pixel_size" in item for item in input_list(folder))  # not None, which a batch cannot hold


def test_sentence_on_inputs(folder: Path) -> None:
    assert describe_scale(input_list(folder), 0.1) == NONE_GIVEN
    assert describe_scale(input_list(folder, pixel_size=0.2), 0.1).startswith("Pixel size 0.2 µm, rescaled to 0.1 µm")


@pytest.mark.parametrize("given", [0, -0.1, "0.1", True, [0.1], [0.1, 0], [1, 2, 3], float("nan"), float("inf"), {}])
def test_a_wrong_option(given: Any, folder: Path) -> None:
    for make in (lambda: sizes(folder, given), lambda: input_list(folder, pixel_size=given)):
        with pytest.raises(InputError, match=r"^--pixel_size: found .*, expected a number above 0 or \[row, column\]"):
            make()


NONE_GIVEN = (
    "No pixel size given: images are not rescaled to 0.1 µm. "
    "If it is known: --pixel_size 0.13, or pixel_size_um in the manifest."
)


@pytest.mark.parametrize(
    ("found", "network", "sentence"),
    [
        ([(0.13, 0.13)], 0.1, "Pixel size 0.13 µm, rescaled to 0.1 µm for the network and back."),
        ([(0.1, 0.2)] * 3, 0.1, "Pixel size 0.1 × 0.2 µm, rescaled to 0.1 µm for the network and back."),
        (
            [(0.18, 0.18), (0.093, 0.093), (0.1, 0.1)],
            0.1,
            "Pixel size 0.093 to 0.18 µm, rescaled to 0.1 µm for the network and back.",
        ),
        ([(0.1, 0.1)] * 2, 0.1, "Pixel size 0.1 µm, the same as that of the network: no rescaling."),
        (
            [(0.1, 0.1), (0.005, 0.005)],
            0.1,
            "Pixel size 0.005 to 0.1 µm, rescaled to 0.1 µm for the network and back. A factor of 20 is a lot: check "
            "--pixel_size, or train with another --network_pixel_size.",
        ),
        ([None, None], 0.1, NONE_GIVEN),
        (
            [(0.2, 0.2), None, None],
            0.1,
            "Pixel size 0.2 µm, rescaled to 0.1 µm for the network and back. "
            "2 of 3 images have no pixel size and are not rescaled.",
        ),
        (
            [(0.2, 0.2)],
            None,
            "Images are not rescaled: the network has no fixed pixel size.",
        ),
    ],
)
def test_sentence(found: list, network: float | None, sentence: str) -> None:
    assert describe_scale([{"pixel_size": size} for size in found], network) == sentence
