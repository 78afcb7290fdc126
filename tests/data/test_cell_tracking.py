"""Items of the Cell Tracking Challenge's folders."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom.data import Manifest, datalist, loaders, open_datasets
from custom.errors import InputError
from custom.transforms import ReadImaged, ReadInstancesd


def picture(path: Path, shape: tuple[int, ...] = (3, 4)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.zeros(shape, np.uint16), photometric="minisblack")
    return path


def sequence(
    folder: Path,
    name: str,
    frames: Sequence[int],
    gold: Sequence[int] = (),
    silver: Sequence[int] = (),
    digits: int = 3,
) -> None:
    """Write a sequence with markers in every frame."""
    for frame in frames:
        picture(folder / name / f"t{frame:0{digits}}.tif")
        picture(folder / f"{name}_GT" / "TRA" / f"man_track{frame:0{digits}}.tif")
    for truth, labeled in (("GT", gold), ("ST", silver)):
        for frame in labeled:
            picture(folder / f"{name}_{truth}" / "SEG" / f"man_seg{frame:0{digits}}.tif")


def tracks(folder: Path, **splits: dict) -> Manifest:
    return Manifest(folder, "cells", "cell_tracking", splits=splits)


def names(items: list[dict]) -> list[str]:
    return [item["name"] for item in items]


def test_an_item_of_gold_truth(tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(5), gold=[2], silver=range(5))
    (item,) = datalist(tracks(tmp_path, train={"sequences": ["01"]}), "train", truth="gold")
    assert item == {
        "image": str(tmp_path / "01" / "t002.tif"),
        "label": str(tmp_path / "01_GT" / "SEG" / "man_seg002.tif"),
        "markers": str(tmp_path / "01_GT" / "TRA" / "man_track002.tif"),
        "page": 0,
        "name": "01_t002",
        "sequence": "01",
        "frame": 2,
        "truth": "gold",
        "rule": "instances",
        "channels": "equal",
        "pixel_size": None,
    }


def test_silver_truth_is_the_default_and_complete(tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(5), gold=[2], silver=[0, 1, 3])
    items = datalist(tracks(tmp_path, train={"sequences": ["01"]}), "train")
    assert [(item["frame"], item["truth"]) for item in items] == [(0, "silver"), (1, "silver"), (3, "silver")]
    assert not any("markers" in item for item in items)


def test_gold_truth_without_markers(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0, 1], gold=[0, 1])
    (tmp_path / "01_GT" / "TRA" / "man_track001.tif").unlink()
    items = datalist(tracks(tmp_path, train={"sequences": ["01"]}), "train", truth="gold")
    assert ["markers" in item for item in items] == [True, False]


@pytest.mark.parametrize("digits", [3, 4])
def test_blocks_of_several_sequences(digits: int, tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(7, 12), silver=range(7, 12), digits=digits)
    sequence(tmp_path, "02", range(3), silver=range(3), digits=digits)
    data = tracks(tmp_path, train={"frames": {"01": [0, 9], "02": [1, 2]}}, validation={"frames": {"01": [9, 11]}})
    zeros = "0" * (digits - 3)
    assert names(datalist(data, "train")) == [f"01_t{zeros}007", f"01_t{zeros}008", f"02_t{zeros}001"]
    assert names(datalist(data, "validation")) == [f"01_t{zeros}009", f"01_t{zeros}010"]


def test_only_the_sequences_that_are_asked_for_need_to_be_there(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0], silver=[0])
    data = tracks(tmp_path, train={"sequences": ["01"]}, test={"sequences": ["02"]})
    assert names(datalist(data, "train")) == ["01_t000"]
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / '02'}: found nothing, expected the images t000.tif")):
        datalist(data, "test")


def refusal(folder: Path, truth: str = "silver") -> str:
    with pytest.raises(InputError) as raised:
        datalist(tracks(folder, train={"sequences": ["01"]}), "train", truth=truth)
    return str(raised.value)


def test_no_silver_truth(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0], gold=[0])
    assert refusal(tmp_path) == (
        f"{tmp_path / '01_ST' / 'SEG'}: found nothing, "
        "expected the silver truth of sequence 01; `--truth gold` uses the gold truth."
    )


def test_no_gold_truth(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0], silver=[0])
    assert "expected the gold truth of sequence 01; `--truth silver`" in refusal(tmp_path, "gold")


def test_a_label_without_its_image(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0, 2], silver=[0, 1])
    label = tmp_path / "01_ST" / "SEG" / "man_seg001.tif"
    assert refusal(tmp_path) == f"{tmp_path / '01'}: found no image of frame 1, expected the image for {label}."


def test_a_frame_with_two_images(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [7], silver=[7])
    picture(tmp_path / "01" / "t0007.tif")
    assert "t0007.tif and t007.tif, both for 7" in refusal(tmp_path)


@pytest.mark.parametrize("folder", ["01_GT/SEG/man_seg000.tif", "01_GT/TRA/man_track000.tif"])
def test_different_sizes(folder: str, tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0], gold=[0])
    picture(tmp_path / folder, (4, 3))
    assert refusal(tmp_path, "gold").startswith(f"{tmp_path / folder}: found 4 × 3 pixels, expected 3 × 4")


def test_no_frame_has_a_label(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0, 1], gold=[1], silver=[])
    (tmp_path / "01_GT" / "SEG" / "man_seg001.tif").unlink()
    assert "no image for the split train" in refusal(tmp_path, "gold")


def test_no_such_truth(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--truth: found 'Gold', expected silver or gold \(did you mean gold\?\)"):
        datalist(tracks(tmp_path, train={"sequences": ["01"]}), "train", truth="Gold")


@pytest.mark.parametrize(("truth", "count"), [("silver", 3), ("gold", 1)])
def test_loaders_pass_truth_and_pixel_size_on(truth: str, count: int, tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(3), gold=[1], silver=range(3))
    data = [tracks(tmp_path, test={"sequences": ["01"]})]
    made = loaders(data, "test", ReadInstancesd(), truth=truth, pixel_size=0.5)["test"]
    assert [batch["truth"] for batch in made] == [[truth]] * count
    assert all(float(side) == 0.5 for batch in made for side in batch["pixel_size"])


def test_unknown_pixel_sizes_pass_a_loader(tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(2), silver=range(2))
    made = loaders([tracks(tmp_path, test={"sequences": ["01"]})], "test", ReadImaged("image"))["test"]
    assert len([batch["image"] for batch in made]) == 2


# ----------------------------------------------------------------------------------------------------------- real data


@pytest.mark.parametrize(
    ("split", "truth", "frames"),
    [
        ("train", "silver", list(range(60))),
        ("validation", "silver", list(range(64, 84))),
        ("train", "gold", [2, 5, 21, 31, 33, 34, 39, 54]),
        ("validation", "gold", [67]),
    ],
)
def test_hela(split: str, truth: str, frames: list[int], real_data: Path) -> None:
    data = open_datasets([real_data / "DIC-C2DH-HeLa"], None, "dendrite")
    items = datalist(data, split, truth=truth)
    assert [item["frame"] for item in items] == frames
    assert all(item["pixel_size"] == (0.19, 0.19) for item in items)
    assert all(("markers" in item) == (truth == "gold") for item in items)


def test_simulated_nuclei(real_data: Path) -> None:
    data = open_datasets([real_data / "Fluo-N2DH-SIM+"], None, "dendrite")
    assert data[0].name == "Fluo-N2DH-SIM+"
    if (real_data / "Fluo-N2DH-SIM+" / "01").is_dir():
        assert len(datalist(data, "test", truth="gold")) == 65
    else:
        with pytest.raises(InputError, match="found nothing, expected the images"):
            datalist(data, "test", truth="gold")


def test_gold_truth_without_any_markers_is_taken_as_complete_and_says_so(tmp_path: Path) -> None:
    sequence(tmp_path, "01", [0], gold=[0])
    shutil.rmtree(tmp_path / "01_GT" / "TRA")
    with pytest.warns(UserWarning, match="no markers: assuming that each gold frame shows all cells"):
        datalist(tracks(tmp_path, train={"sequences": ["01"]}), "train", truth="gold")


def test_a_split_without_gold_truth_is_left_out_of_a_scoring(tmp_path: Path) -> None:
    sequence(tmp_path, "01", range(4), gold=[3], silver=range(4))
    data = tracks(tmp_path, train={"frames": {"01": [0, 2]}}, test={"frames": {"01": [2, 4]}})
    with pytest.warns(UserWarning, match="none of their images has a label: train"):
        assert list(loaders([data], ["train", "test"], ReadImaged("image"), truth="gold")) == ["test"]
    with pytest.raises(InputError, match="no image for the split train, expected"):
        loaders([data], ["train"], ReadImaged("image"), truth="gold")
