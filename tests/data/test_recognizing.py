"""Folders without a manifest, as other programs write them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom.data import datalist, load_manifest, open_dataset
from custom.errors import InputError
from custom.transforms import ReadInstancesd, ReadLabeld

CELLS = np.array([[1, 1, 2, 2, 0, 7]], np.uint16)
BINARY = np.array([[0, 255, 255, 0, 0, 255]], np.uint8)


def write(folder: Path, *names: str, values: np.ndarray = BINARY) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(file)
    return folder


def images(folder: Path, *names: str) -> Path:
    return write(folder, *names, values=np.zeros((1, 6), np.uint8))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


LETTERS = "abcdef"


def test_cellpose(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cellpose's training folder: x.tif with x_masks.tif, or x_cp_masks.png as its program saves them."""
    images(data, *(f"{one}.tif" for one in LETTERS))
    write(data, *(f"{one}_masks.tif" for one in LETTERS[:3]), values=CELLS)
    write(data, *(f"{one}_cp_masks.png" for one in LETTERS[3:]), values=CELLS.astype(np.uint8))
    found = open_dataset(data, None, "DIC-C2DH-HeLa")
    items = {split: datalist(found, split) for split in found.splits}
    assert {split: len(some) for split, some in items.items()} == {"train": 5, "validation": 1}
    assert sorted(item["name"] for some in items.values() for item in some) == list(LETTERS)
    for item in items["train"]:
        assert item["pixel_size"] is None
        assert Path(item["label"]).stem in (f"{item['name']}_masks", f"{item['name']}_cp_masks")
        assert ReadInstancesd("label")(item)["label"].tolist() == [CELLS.tolist()]
    assert capsys.readouterr().out == (
        f"{data}: no manifest.json; 6 images with masks beside them, paired by name, 80 % for training, 20 % for "
        "validation; masks: a number for each object.\n"
    )


def test_sessions_of_cellpose_are_left_out(data: Path) -> None:
    images(data, "a.tif")
    np.save(data / "a_seg.npy", {"masks": CELLS}, allow_pickle=True)
    with pytest.warns(UserWarning, match=r"1 session of Cellpose \(_seg\.npy\), which cannot be read safely, left out"):
        assert open_dataset(data, None, "DIC-C2DH-HeLa").name == "DIC-C2DH-HeLa"
    write(data, "a_cp_masks.png", values=CELLS.astype(np.uint8))
    with pytest.warns(UserWarning, match="1 session of Cellpose"):
        (item,) = datalist(open_dataset(data, None, "DIC-C2DH-HeLa"), "train")
    assert Path(item["label"]).name == "a_cp_masks.png"


def test_arrays_named_like_a_session_are_masks(data: Path) -> None:
    images(data, "a.tif")
    np.save(data / "a_seg.npy", CELLS)
    (item,) = datalist(open_dataset(data, None, "DIC-C2DH-HeLa"), "train")
    assert Path(item["label"]).name == "a_seg.npy"


def test_cellpose_in_folders_for_train_and_test(data: Path) -> None:
    images(data, "train/a.tif", "train/b.tif", "test/c.tif")
    write(data, "train/a_masks.tif", "train/b_masks.tif", "test/c_masks.tif", values=CELLS)
    found = open_dataset(data, None, "DIC-C2DH-HeLa")
    assert [item["name"] for item in datalist(found, "train")] == ["a", "b"]
    assert [item["name"] for item in datalist(found, "test")] == ["c"]
    assert "validation" not in found.splits


def test_stardist(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """StarDist's dsb2018: train and test, each with images and masks of equal names."""
    for split in ("train", "test"):
        images(data, f"{split}/images/a.tif", f"{split}/images/b.tif")
        write(data, f"{split}/masks/a.tif", f"{split}/masks/b.tif", values=CELLS)
    found = open_dataset(data, None, "DIC-C2DH-HeLa")
    assert found.splits == {split: {"folders": [f"{split}/images", f"{split}/masks"]} for split in ("train", "test")}
    assert [len(datalist(found, split)) for split in found.splits] == [2, 2]
    printed = capsys.readouterr().out
    assert f"{data}: no manifest.json; 4 images train in train/images and train/masks, test in" in printed


@pytest.mark.parametrize(("image", "mask"), [("images", "masks"), ("img", "GT"), ("raw", "labels"), ("image", "seg")])
@pytest.mark.parametrize("value", [1, 255])
def test_a_folder_of_images_and_one_of_masks(data: Path, image: str, mask: str, value: int) -> None:
    images(data, *(f"{image}/{one}.png" for one in LETTERS[:4]))
    write(data, *(f"{mask}/{one}_mask.png" for one in LETTERS[:4]), values=BINARY // 255 * value)
    found = open_dataset(data, None, "dendrite")
    assert found.labels == {"background": 0, "dendrite": value}
    assert list(found.splits) == ["train"]
    items = datalist(found, "train")
    assert [item["name"] for item in items] == list(LETTERS[:4])
    assert ReadLabeld("label")(items[0])["label"].tolist() == [(BINARY > 0).tolist()]


def test_masks_without_foreground_count_as_the_others(data: Path) -> None:
    images(data, "a.png", "b.png")
    write(data, "a_mask.png", values=0 * BINARY)
    write(data, "b_mask.png")
    assert open_dataset(data, None, "image_and_mask").labels == {"background": 0, "foreground": 255}


def test_the_layout_of_the_bundle_comes_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images(data, "image/cell_1.png")
    write(data, "mask/1.png")
    assert open_dataset(data, None, "dendrite").name == "dendrite"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("values", "default", "message"),
    [
        (BINARY, "DIC-C2DH-HeLa", "found masks without a number for each object"),
        (CELLS, "dendrite", "found masks with other values, expected 0 and 1, or 0 and 255, or a manifest.json with"),
        (BINARY // 2, "dendrite", "found masks with other values"),
        (0 * BINARY, "dendrite", "found masks with other values"),
        (BINARY, "isbi2012", r"no manifest.json that tells which value is cell or membrane"),
        (CELLS, "tem_nerve", "tells which value is background, blood_vessel, .* or schwann_cell"),
    ],
)
def test_values_that_may_mean_anything(data: Path, values: np.ndarray, default: str, message: str) -> None:
    images(data, "images/a.png")
    write(data, "masks/a.png", values=values)
    with pytest.raises(InputError, match=message):
        open_dataset(data, None, default)


def test_the_manifest_that_an_error_shows_is_one(data: Path) -> None:
    images(data, "images/a.png")
    write(data, "masks/a.png", values=CELLS)
    with pytest.raises(InputError) as raised:
        open_dataset(data, None, "tem_nerve")
    shown = str(raised.value).partition("such as ")[2].removesuffix(".")
    (data / "manifest.json").write_text(shown)
    assert load_manifest(data / "manifest.json", data).labels == {
        "background": 0,
        "blood_vessel": 1,
        "myelinated_axon": 2,
        "unmyelinated_axon": 3,
        "schwann_cell": 4,
    }
    assert json.loads(shown)["image"] == "images"


def test_several_readings(data: Path) -> None:
    images(data, "images/a.png", "img/a.png")
    write(data, "masks/a.png")
    with pytest.raises(InputError, match="found the folders images, img, masks, expected one of images and one of"):
        open_dataset(data, None, "dendrite")


def test_masks_beside_images_and_in_folders(data: Path) -> None:
    images(data, "a.png", "train/b.png")
    write(data, "a_mask.png", "train/b_mask.png")
    with pytest.raises(InputError, match="images and masks both in the folder and in train"):
        open_dataset(data, None, "dendrite")


def test_no_common_names(data: Path) -> None:
    images(data, "images/a.png")
    write(data, "masks/b.png")
    with pytest.raises(InputError, match="images and masks in images and masks without common names"):
        open_dataset(data, None, "dendrite")


def test_classes_that_are_typed_are_the_values(data: Path) -> None:
    images(data, "a.png")
    write(data, "a_mask.png", values=np.array([[0, 1, 2, 2, 0, 1]], np.uint8))
    found = open_dataset(data, None, "tem_nerve", classes=["background", "myelin", "axon"])
    assert found.labels == {"background": 0, "myelin": 1, "axon": 2}
    assert ReadLabeld("label", classes=3)(datalist(found, "train")[0])["label"].tolist() == [[[0, 1, 2, 2, 0, 1]]]


def test_values_without_a_typed_class_are_refused(data: Path) -> None:
    images(data, "a.png")
    write(data, "a_mask.png", values=CELLS.astype(np.uint8))
    item = datalist(open_dataset(data, None, "tem_nerve", classes=["background", "axon", "myelin"]), "train")[0]
    with pytest.raises(InputError, match=r"a_mask\.png: found .*7"):
        ReadLabeld("label", classes=3)(item)


def test_a_palette_with_white_first_is_read_as_it_looks(data: Path) -> None:
    """Pillow's quantize puts white first."""
    images(data, "a.png")
    mask = Image.fromarray(np.array([[1, 0, 1, 1, 1, 0]], np.uint8), mode="P")
    mask.putpalette([255, 255, 255, 0, 0, 0])
    mask.save(data / "a_mask.png")
    item = datalist(open_dataset(data, None, "dendrite"), "train")[0]
    assert ReadLabeld("label")(item)["label"].tolist() == [[[0, 1, 0, 0, 0, 1]]]


def test_two_masks_for_one_image(data: Path) -> None:
    images(data, "a.png")
    write(data, "a_mask.png", "a_seg.png")
    with pytest.raises(InputError, match=r"a_mask\.png and a_seg\.png, both for 'a'"):
        datalist(open_dataset(data, None, "dendrite"), "train")


def test_nothing_is_recognized(data: Path) -> None:
    images(data, "a.png", "b.png")
    found = open_dataset(data, None, "dendrite")
    with pytest.raises(InputError, match="image: found nothing, expected a folder of images"):
        datalist(found, "train")
