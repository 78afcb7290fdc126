"""Outlines of objects as labels: numbers of objects, class numbers, and the files that this package writes itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from custom.data import (
    LabelRule,
    LayerRule,
    Manifest,
    datalist,
    draw_classes,
    draw_instances,
    draw_layers,
    open_dataset,
)
from custom.errors import InputError
from custom.images import write_image
from custom.inference._file_result import FileResult
from custom.inference.formats._rois import Rois
from custom.transforms import ReadImaged, ReadInstancesd, ReadLabeld

SIZE = (4, 6)
LEFT, RIGHT, HIGH = ([0, 0, 3, 2], [2, 1, 5, 3], [5, 0, 6, 1])  # x, y, right, bottom
TWO = ("background", "cell")
THREE = ("background", "axon", "myelin")


def box(x: int, y: int, right: int, bottom: int) -> list[list[int]]:
    return [[x, y], [right, y], [right, bottom], [x, bottom], [x, y]]


def geojson(file: Path, *objects: tuple[list[int], str | None]) -> Path:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [box(*corners)]},
            "properties": {"classification": {"name": kind}} if kind else {},
        }
        for corners, kind in objects
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


# ----------------------------------------------------------------------------------------------- instances and classes


def test_a_number_for_each_object_later_over_earlier(tmp_path: Path) -> None:
    labels, covered = draw_instances(geojson(tmp_path / "a.geojson", (LEFT, None), (RIGHT, None), (HIGH, None)), SIZE)
    assert labels.dtype == np.int32
    assert labels.tolist() == [[1, 1, 1, 0, 0, 3], [1, 1, 2, 2, 2, 0], [0, 0, 2, 2, 2, 0], [0] * 6]
    assert covered == Counter({("an object", "another"): 1})


def test_classes_by_name(tmp_path: Path) -> None:
    file = geojson(tmp_path / "a.geojson", (LEFT, "myelin"), (RIGHT, "axon"), (HIGH, "myelin"))
    labels, covered = draw_classes(file, THREE, SIZE)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [[2, 2, 2, 0, 0, 2], [2, 2, 1, 1, 1, 0], [0, 0, 1, 1, 1, 0], [0] * 6]
    assert covered == Counter({("axon", "myelin"): 1})


@pytest.mark.parametrize("kinds", [(None, None, None), ("Tumor",) * 3])
def test_one_foreground_class_needs_no_names(tmp_path: Path, kinds: tuple[str | None, ...]) -> None:
    file = geojson(tmp_path / "a.geojson", *zip((LEFT, RIGHT, HIGH), kinds, strict=True))
    labels, covered = draw_classes(file, TWO, SIZE)
    assert labels.tolist() == [[1, 1, 1, 0, 0, 1], [1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 0], [0] * 6]
    assert covered == Counter()


def test_background_can_be_drawn(tmp_path: Path) -> None:
    file = geojson(tmp_path / "a.geojson", (LEFT, "cell"), ([1, 0, 2, 1], "background"))
    assert draw_classes(file, TWO, SIZE)[0][:2].tolist() == [[1, 0, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("kinds", "names", "counts"),
    [
        (("Tumor", "Stroma", "Tumor"), TWO, r"Tumor \(2\), Stroma \(1\), expected background, cell"),
        (("axon", "Axon", None), THREE, r"Axon \(1\), none \(1\), expected background, axon, myelin"),
        ((None, None, None), THREE, r"none \(3\)"),
    ],
)
def test_undeclared_classes_are_counted(
    tmp_path: Path, kinds: tuple[str | None, ...], names: tuple[str, ...], counts: str
) -> None:
    file = geojson(tmp_path / "a.geojson", *zip((LEFT, RIGHT, HIGH), kinds, strict=True))
    with pytest.raises(InputError, match=rf"a\.geojson: found objects of undeclared classes: {counts}"):
        draw_classes(file, names, SIZE)


def test_outlines_in_a_file_per_class(tmp_path: Path) -> None:
    Image.fromarray(np.full(SIZE, 255, np.uint8)).save(tmp_path / "axon.png")
    files = {"axon": tmp_path / "axon.png", "myelin": geojson(tmp_path / "myelin.geojson", (HIGH, None))}
    labels, covered = draw_layers(files, LayerRule(THREE), size=SIZE)
    assert labels.tolist() == [[1, 1, 1, 1, 1, 2], *[[1] * 6] * 3]
    assert covered == Counter({("myelin", "axon"): 1})


# ---------------------------------------------------------------------------------------------------------- round trip


def written(folder: Path, masks: list[np.ndarray], labels: list[np.ndarray] | None, **keys: Any) -> Path:
    """Return the file that inference writes for a result."""
    probabilities = [mask.astype(np.float32) for mask in masks]
    result = FileResult("x", folder / "x.tif", "equal", probabilities, masks, labels, None)
    (file,) = Rois(folder, **keys)(result)
    return file


def test_instances_of_this_package_keep_their_numbers(tmp_path: Path) -> None:
    labels = np.zeros((9, 12), np.uint16)
    labels[0:3, 0:3], labels[0:3, 3:5], labels[4:7, 4:7], labels[8, 11] = 1, 2, 4, 7
    labels[5, 5], labels[7, 0], labels[8, 1] = 5, 9, 9
    file = written(tmp_path, [255 * (labels > 0).astype(np.uint8)], [labels])
    drawn, covered = draw_instances(file, labels.shape)
    assert np.array_equal(drawn, labels)
    assert covered == Counter()


@pytest.mark.parametrize("seed", range(3))
def test_any_mask_comes_back(tmp_path: Path, seed: int) -> None:
    mask = (np.random.default_rng(seed).random((17, 23)) < 0.5).astype(np.uint8) * 255
    file = written(tmp_path, [mask], None)
    assert np.array_equal(draw_classes(file, TWO, mask.shape)[0], mask > 0)


def test_classes_and_pages_come_back(tmp_path: Path) -> None:
    pages = [np.random.default_rng(seed).integers(0, 3, (8, 9), dtype=np.uint8) for seed in range(2)]
    file = written(tmp_path, pages, None, classes=THREE)
    for page in range(2):
        assert np.array_equal(draw_classes(file, THREE, (2, 8, 9), page)[0], pages[page])


# --------------------------------------------------------------------------------------------------------- in data sets


def images(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SIZE, np.uint8)).save(folder / name)


def data(folder: Path, **keys: Any) -> Manifest:
    usual: dict[str, Any] = {"layout": "paired_folders", "image": "image", "label": "rois", "pair_by": "stem"}
    usual["splits"] = {"train": {"fraction": 1}}
    return Manifest(folder, "cells", **usual | keys)


def test_a_folder_of_outlines(tmp_path: Path) -> None:
    images(tmp_path, "image/a.png", "image/b.png")
    geojson(tmp_path / "rois" / "a.geojson", (LEFT, None), (RIGHT, None))
    geojson(tmp_path / "rois" / "b.geojson", (HIGH, None))
    with pytest.warns(UserWarning, match="in 1 of 2 images: an object covers another in 1 pixel. The later object in"):
        items = datalist(data(tmp_path), "train")
    first, second = [ReadInstancesd("label")(ReadImaged("image")(item))["label"] for item in items]
    assert (first.dtype, first.shape, first.unique().tolist()) == (second.dtype, (1, *SIZE), [0, 1, 2])
    assert second.sum() == 1
    classes = data(tmp_path, labels={"background": 0, "cell": 1})
    assert classes.rule == LabelRule((0, 1), TWO)
    assert [int(ReadLabeld("label")(item)["label"].sum()) for item in datalist(classes, "train")] == [11, 1]


@pytest.mark.parametrize("label", ["*.zip", "*_rois.zip", "{stem}_rois.zip"])
def test_results_of_this_package_beside_the_images(tmp_path: Path, label: str) -> None:
    images(tmp_path, "x.tif")
    mask = np.eye(4, 6, dtype=np.uint8) * 255
    written(tmp_path, [mask], None)
    (item,) = datalist(data(tmp_path, image="*.tif", label=label, labels={"background": 0, "cell": 1}), "train")
    assert item["label"].endswith("x_rois.zip")
    assert np.array_equal(ReadLabeld("label")(item)["label"][0], mask > 0)


def test_all_regions_of_the_only_image(tmp_path: Path) -> None:
    images(tmp_path, "x.tif")
    written(tmp_path, [np.eye(4, 6, dtype=np.uint8) * 255], None).rename(tmp_path / "RoiSet.zip")
    (item,) = datalist(data(tmp_path, image="*.tif", label="*.zip"), "train")
    assert item["label"].endswith("RoiSet.zip")


def test_a_stack(tmp_path: Path) -> None:
    pages = [np.eye(4, 6, k, dtype=np.uint16) * 3 for k in range(2)]
    write_image(tmp_path / "x.tif", np.zeros((2, 4, 6), np.uint8))
    file = written(tmp_path, [255 * (page > 0).astype(np.uint8) for page in pages], pages)
    stack = data(tmp_path, layout="stacks", image="x.tif", label=file.name, splits={"train": {"pages": [0, 2]}})
    drawn = [ReadInstancesd("label")(item)["label"][0] for item in datalist(stack, "train")]
    assert all(np.array_equal(label, page) for label, page in zip(drawn, pages, strict=True))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    write_image(tmp_path / "x.tif", np.zeros((2, 4, 6), np.uint8))
    stack = data(tmp_path, layout="stacks", image="x.tif", label="x.zip", splits={"train": {"pages": [0, 2]}})
    with pytest.raises(InputError, match=r"x\.zip: found nothing, expected outlines of objects"):
        datalist(stack, "train")


def test_what_is_left_out_is_mentioned(tmp_path: Path) -> None:
    images(tmp_path, "image/a.png")
    (tmp_path / "rois").mkdir()
    (tmp_path / "rois" / "a.geojson").write_text('{"type": "MultiPoint", "coordinates": [[1, 2]]}')
    with pytest.warns(UserWarning, match=r"a\.geojson: 1 point left out, because they have no area"):
        datalist(data(tmp_path), "train")


@pytest.mark.parametrize("name", ["{}_rois.zip", "{}.zip", "{}.geojson"])
def test_outlines_beside_images_need_no_manifest(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    images(tmp_path / "mine", "a.png", "b.png")
    for stem in "ab":
        file = tmp_path / "mine" / name.format(stem)
        if file.suffix == ".zip":
            written(tmp_path, [np.eye(4, 6, dtype=np.uint8) * 255], None).rename(file)
        else:
            geojson(file, (LEFT, None))
    found = open_dataset(tmp_path / "mine", None, "dendrite")
    assert list(found.labels) == ["background", "dendrite"]
    items = datalist(found, "train")
    assert [Path(item["label"]).name for item in items] == [name.format("a"), name.format("b")]
    assert ReadLabeld("label")(items[0])["label"].unique().tolist() == [0, 1]
    assert datalist(open_dataset(tmp_path / "mine", None, "DIC-C2DH-HeLa"), "train")[0]["rule"] == "instances"


def test_sidecars_are_no_labels(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    images(tmp_path / "mine", "a.png")
    (tmp_path / "mine" / "a.json").write_text('{"PixelSize": [1, 1]}')
    assert open_dataset(tmp_path / "mine", None, "dendrite").name == "dendrite"
