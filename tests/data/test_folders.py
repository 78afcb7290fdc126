"""Folders that the command line names: one data set of them, in the place of the others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom.data import datalist, open_datasets, open_folders
from custom.errors import InputError
from custom.transforms import ReadLabeld

RULES = {
    "name": "first",
    "layout": "paired_folders",
    "image": "image",
    "label": "mask",
    "labels": {"background": 0, "cell": 1},
    "channels": "luminance",
    "label_threshold": 0,
    "pixel_size_um": [0.1, 0.1],
    "splits": {"train": {"fraction": 1}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a, b, …, an image and a mask of one stem in each pair; the user stands there."""
    for images, masks, stem in (("a", "b", "1"), ("c [new]", "d", "2")):
        for name in (images, masks):
            (tmp_path / name).mkdir()
        Image.new("L", (4, 3)).save(tmp_path / images / f"{stem}.png")
        np.save(tmp_path / masks / f"{stem}.npy", np.full((3, 4), 255, np.uint8))
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def test_nothing_given() -> None:
    assert open_folders(None, "image_and_mask", train=[None, None], validation=[None, None]) == []
    assert open_folders("no such manifest", "image_and_mask") == []


def test_folders_relative_and_absolute(folder: Path) -> None:
    (made,) = open_folders(
        "rules.json", "image_and_mask", train=["a", "b"], validation=[folder / "c [new]", str(folder / "d")]
    )
    (train,), (validation,) = datalist(made, "train"), datalist(made, "validation")
    assert (train["image"], train["label"]) == (str(folder / "a" / "1.png"), str(folder / "b" / "1.npy"))
    assert Path(validation["image"]) == folder / "c [new]" / "2.png"
    assert made.labels == RULES["labels"]
    assert (train["channels"], train["pixel_size"]) == ("luminance", None)
    assert ReadLabeld("label")(train)["label"].unique().tolist() == [1]


@pytest.mark.usefixtures("folder")
def test_without_a_manifest_what_is_above_0_is_foreground() -> None:
    (made,) = open_folders(None, "image_and_mask", train=["a", "b"])
    (item,) = datalist(made, "train")
    assert made.labels == {"background": 0, "foreground": 1}
    assert ReadLabeld("label")(item)["label"].unique().tolist() == [1]


def test_one_split_alone(folder: Path) -> None:
    (made,) = open_folders("rules.json", "image_and_mask", validation=["a", "b"])
    assert list(made.splits) == ["validation"]
    assert made.folder == folder


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"train": ["a", None]}, r"^--train_images: found no --train_masks, expected both\.$"),
        ({"train": [None, "b"]}, r"^--train_masks: found no --train_images"),
        ({"train": ["a", "b"], "validation": ["c [new]", None]}, "^--val_images: found no --val_masks"),
        ({"train": ["a", "none"]}, r"none: found nothing, expected a folder for --train_masks\.$"),
        ({"train": ["a/1.png", "b"]}, r"1\.png: found a file, expected a folder for --train_images"),
        ({"train": ["a", "b"], "validation": ["a/.", "d"]}, "found the folder of --train_images, expected another"),
        ({"train": ["a", "a"]}, "found the folder of --train_images, expected another one for --train_masks"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_refused(given: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_folders("rules.json", "image_and_mask", **given)


def test_images_and_masks_of_a_user(tmp_path: Path) -> None:
    for split, value in (("train", 255), ("val", 1)):
        for name in ("img", "mask"):
            (tmp_path / split / name).mkdir(parents=True)
        Image.new("L", (4, 3)).save(tmp_path / split / "img" / "x.png")
        np.save(tmp_path / split / "mask" / "x.npy", np.full((3, 4), value, np.uint8))
    (data,) = open_datasets([tmp_path], None, "image_and_mask")
    assert list(data.splits) == ["train", "validation"]
    for split in data.splits:
        (item,) = datalist(data, split)
        assert item["name"] == "x"
        assert ReadLabeld("label")(item)["label"].unique().tolist() == [1]
