"""An output folder of inference is a data set: images from their places, labels as they were corrected by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import infer, train, weights
from tiny_data import gray, untrained

from custom.data import datalist, open_datasets
from custom.errors import InputError
from custom.images import read_labels, write_image
from custom.transforms import ReadImaged, ReadInstancesd, ReadLabeld

DEFAULT = {"vesicle": "image_and_mask", "hela_track": "DIC-C2DH-HeLa", "tem": "tem_nerve", "dendrite": "dendrite"}
CLASSES = ("blood_vessel", "myelinated_axon", "unmyelinated_axon", "schwann_cell")
SIZES = {"vesicle": {"crop_size": 64}, "hela_track": {"tile_size": 100, "min_area": 10}, "tem": {"patch_size": 64}}


def segmented(bundle: str, folder: Path, images: int = 3, **options: object) -> Path:
    """Segment images with random weights, and return the output folder."""
    for number in range(images):
        write_image(folder / "in" / f"{number}.tif", gray((96, 80), number))
    out = folder / "out"
    options = SIZES.get(bundle, {}) | options
    infer(bundle, folder / "in", out, untrained(bundle, folder / "weights"), **options)
    return out


def items(bundle: str, out: Path, labels: str = "edited") -> list[dict]:
    return datalist(open_datasets([out], None, DEFAULT[bundle], labels), "train")


def draw(out: Path, name: str, value: int, shape: tuple[int, int] = (96, 80)) -> np.ndarray:
    """Replace a result by a rectangle of a value."""
    edited = np.zeros(shape, np.uint8)
    edited[10:30, 20:50] = value
    tifffile.imwrite(out / name, edited)
    return edited


def test_nothing_was_corrected(tmp_path: Path) -> None:
    out = segmented("vesicle", tmp_path)
    with pytest.raises(InputError, match=r"out: found no corrected mask or labels among 3 results, expected some, or"):
        items("vesicle", out)
    assert [item["name"] for item in items("vesicle", out, "all")] == ["0", "1", "2"]


@pytest.mark.parametrize(("name", "value"), [("1_mask.tif", 255), ("1_labels.tif", 7)])
@pytest.mark.parametrize("measured", [False, True])
def test_a_corrected_mask_or_corrected_labels(name: str, value: int, measured: bool, tmp_path: Path) -> None:
    """Before and after the same inference has measured them anew."""
    out = segmented("vesicle", tmp_path)
    expected = draw(out, name, value) > 0
    if measured:
        infer("vesicle", tmp_path / "in", out, tmp_path / "weights" / "model.pt", **SIZES["vesicle"])
    (item,) = items("vesicle", out)
    assert (item["image"], item["page"]) == (str((tmp_path / "in" / "1.tif").resolve()), 0)
    assert np.array_equal(np.asarray(ReadLabeld("label")(item)["label"])[0], expected)


def test_a_typed_channel_counts_instead_of_that_of_the_inference(tmp_path: Path) -> None:
    out = segmented("vesicle", tmp_path, 1)
    channels = np.stack([gray((96, 80), 0), np.full((96, 80), 200, np.uint8)])
    tifffile.imwrite(tmp_path / "in" / "0.tif", channels, imagej=True, metadata={"axes": "CYX"})
    draw(out, "0_mask.tif", 255)
    (item,) = datalist(open_datasets([out], None, DEFAULT["vesicle"], channel=1), "train")
    assert np.unique(ReadImaged("image")(item)["image"]).tolist() == [200]


def test_corrected_cells(tmp_path: Path) -> None:
    out = segmented("hela_track", tmp_path)
    expected = draw(out, "2_labels.tif", 9)
    (item,) = items("hela_track", out)
    assert np.array_equal(np.asarray(ReadInstancesd("label")(item)["label"])[0], expected)


def test_an_edited_mask_of_cells_is_measured_first(tmp_path: Path) -> None:
    out = segmented("hela_track", tmp_path)
    mask = draw(out, "2_mask.tif", 255)
    with pytest.raises(InputError, match=r"2_mask\.tif: found an edited mask that was not measured, expected the same"):
        items("hela_track", out)
    infer("hela_track", tmp_path / "in", out, tmp_path / "weights" / "model.pt", **SIZES["hela_track"])
    (item,) = items("hela_track", out)
    assert np.array_equal(read_labels(item["label"]) > 0, mask > 0)


def test_classes_and_how_the_image_was_read_are_known(tmp_path: Path) -> None:
    out = segmented("tem", tmp_path, pixel_size=0.25)
    expected = draw(out, "0_mask.tif", 3)
    draw(out, "1_labels.tif", 3)
    with pytest.warns(UserWarning, match=r"1\.tif: only its labels were edited, which tell no class; edit its mask"):
        (item,) = items("tem", out)
    assert item["rule"].names == ("background", *CLASSES)
    assert item["pixel_size"] == (0.25, 0.25)
    assert np.array_equal(np.asarray(ReadLabeld("label")(item)["label"])[0], expected)


def test_results_of_another_kind_of_bundle(tmp_path: Path) -> None:
    out = segmented("tem", tmp_path)
    draw(out, "0_mask.tif", 3)
    with pytest.raises(InputError, match=r"out: found masks of the classes background, blood_vessel, .*, expected"):
        items("vesicle", out)


def test_every_fifth_image_is_for_validation(tmp_path: Path) -> None:
    out = segmented("vesicle", tmp_path, images=6)
    data = open_datasets([out], None, "image_and_mask", "all")
    assert [item["name"] for item in datalist(data, "train")] == ["0", "1", "2", "3", "5"]
    assert [item["name"] for item in datalist(data, "validation")] == ["4"]


def test_a_stack(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "movie.tif", np.stack([gray((96, 80), number) for number in range(2)]))
    out = segmented("vesicle", tmp_path, images=0)
    pages = np.zeros((2, 96, 80), np.uint8)
    pages[1, 5:9] = 255
    tifffile.imwrite(out / "movie_mask.tif", pages)
    found = items("vesicle", out)
    assert [(item["name"], item["page"]) for item in found] == [("movie_000", 0), ("movie_001", 1)]
    assert [int(ReadLabeld("label")(item)["label"].sum()) for item in found] == [0, 320]


def test_the_image_has_moved(tmp_path: Path) -> None:
    out = segmented("vesicle", tmp_path)
    draw(out, "1_mask.tif", 255)
    (tmp_path / "in" / "1.tif").unlink()
    with pytest.raises(InputError, match=r"1\.tif: found nothing, expected the image of 1 in"):
        items("vesicle", out)


def test_masks_of_the_size_of_the_network(tmp_path: Path) -> None:
    """`dendrite` writes its mask at 64 pixels here; once measured, the labels have the size of the image."""
    out = segmented("dendrite", tmp_path, size=64)
    draw(out, "1_mask.tif", 255, (64, 64))
    with pytest.raises(InputError, match=r"1_mask\.tif: found 64 × 64 pixels, expected 96 × 80"):
        items("dendrite", out)
    infer("dendrite", tmp_path / "in", out, tmp_path / "weights" / "model.pt", size=64)
    (item,) = items("dendrite", out)
    assert ReadLabeld("label")(item)["label"].shape == (1, 96, 80)


def test_training_learns_from_corrected_results_alone(tmp_path: Path) -> None:
    out = segmented("vesicle", tmp_path)
    draw(out, "1_mask.tif", 255)
    run = train("vesicle", out, tmp_path / "run", pretrained=str(tmp_path / "weights"), max_epochs=1)
    record = json.loads((run / "run.json").read_text())
    assert record["images"] == {"training": 1, "validation": 1}
    assert record["start"]["file"] == str(tmp_path / "weights" / "model.pt")
    assert weights(run / "model.pt")
