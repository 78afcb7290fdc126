"""One binary file per class, in the layouts that have them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from custom.data import LayerRule, Manifest, datalist, draw_layers, open_dataset
from custom.errors import InputError
from custom.images import write_image
from custom.training._run_record import identities
from custom.transforms import ReadImaged, ReadLabeld

NAMES = ("no", "myelin", "axon", "uaxon")
RULE = LayerRule(NAMES)
AXON, MYELIN, UAXON = ([0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1])


def row(path: Path, values: list[int], scale: int = 255) -> Path:
    """Write an image of one row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scale * np.array([values], np.uint8)).save(path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return files that overlap: axon and myelin in pixel 2, myelin and unmyelinated axon in pixel 3."""
    return {
        "uaxon": row(tmp_path / "uaxon.png", UAXON),
        "myelin": row(tmp_path / "myelin.tif", MYELIN, scale=1),
        "axon": row(tmp_path / "axon.png", AXON),
    }


def data(folder: Path, **keys: Any) -> Manifest:
    return Manifest(folder, "nerve", labels={name: number for number, name in enumerate(NAMES)}, **keys)


def test_later_over_earlier(files: dict[str, Path]) -> None:
    labels, covered = draw_layers(files, RULE)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [[3, 2, 2, 1]]
    assert covered == Counter({("axon", "myelin"): 1, ("myelin", "uaxon"): 1})
    turned, covered = draw_layers(dict(reversed(files.items())), RULE)
    assert turned.tolist() == [[3, 2, 1, 3]]
    assert covered == Counter({("myelin", "axon"): 1, ("uaxon", "myelin"): 1})


def test_no_overlap_is_no_count(files: dict[str, Path]) -> None:
    assert draw_layers({"uaxon": files["uaxon"], "axon": files["axon"]}, RULE)[1] == Counter()


def test_soft_edges_need_a_threshold(files: dict[str, Path]) -> None:
    row(files["axon"], [0, 100, 200, 0], scale=1)
    with pytest.raises(InputError, match=r"axon\.png: found the values 0, 100, 200 .* label_threshold"):
        draw_layers(files, RULE)
    assert draw_layers(files, LayerRule(NAMES, threshold=127))[0].tolist() == [[3, 0, 2, 1]]


def test_other_sizes(files: dict[str, Path]) -> None:
    row(files["axon"], [0, 0])
    with pytest.raises(InputError, match=r"axon\.png: found 1 × 2 pixels, expected 1 × 4 as in the other classes"):
        draw_layers(files, RULE)


@pytest.mark.filterwarnings("ignore:.*labels overlap")
def test_bids(tmp_path: Path) -> None:
    stem = "sub-a_sample-1_TEM"
    row(tmp_path / "sub-a" / f"{stem}.png", [9, 8, 7, 6], scale=1)
    for name, values in {"uaxon": UAXON, "myelin": MYELIN, "axon": AXON}.items():
        row(tmp_path / "labels" / f"{stem}_seg-{name}.png", values)
    label = {name: f"labels/{{stem}}_seg-{name}.png" for name in ("uaxon", "myelin", "axon")}
    splits = {"train": {"subjects": ["sub-a"]}}
    nerve = data(tmp_path, layout="bids", image="sub-*/*.png", label=label, splits=splits)
    (item,) = datalist(nerve, "train")
    assert item["label"] == {
        name: str(tmp_path / "labels" / f"{stem}_seg-{name}.png") for name in ("uaxon", "myelin", "axon")
    }
    assert list(item["label"]) == ["uaxon", "myelin", "axon"]
    read = ReadLabeld("label")(ReadImaged("image")(item))
    assert read["label"].tolist() == [[[3, 2, 2, 1]]]
    assert read["label"].meta["filename_or_obj"].endswith("_seg-uaxon.png")
    assert "rule" not in read


@pytest.mark.filterwarnings("ignore:.*labels overlap")
@pytest.mark.parametrize(
    ("label", "pair_by"),
    [
        ({"uaxon": "uaxon", "myelin": "masks/*_myelin.png", "axon": "masks/{stem}_axon.png"}, "number"),
        ({"uaxon": "uaxon", "myelin": "masks/{stem}_myelin.png", "axon": "masks/{stem}_axon.png"}, "stem"),
    ],
)
def test_paired_folders(tmp_path: Path, label: dict[str, str], pair_by: str) -> None:
    for number in (1, 2):
        row(tmp_path / "image" / f"t{number}.png", [1, 1, 1, 1])
        row(tmp_path / "uaxon" / f"t{number}_mask.png", UAXON if number == 1 else [1, 1, 1, 1])
        row(tmp_path / "masks" / f"t{number}_myelin.png", MYELIN)
        row(tmp_path / "masks" / f"t{number}_axon.png", AXON)
    splits = {"train": {"fraction": 1}}
    nerve = data(tmp_path, layout="paired_folders", image="image", label=label, pair_by=pair_by, splits=splits)
    items = datalist(nerve, "train")
    assert [item["name"] for item in items] == ["t1", "t2"]
    read = [ReadLabeld("label")(item)["label"].tolist() for item in items]
    assert read == [[[[3, 2, 2, 1]]], [[[3, 2, 2, 1]]]]


def test_a_class_without_a_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        row(tmp_path / "image" / f"{name}.png", [1, 1, 1, 1])
        row(tmp_path / "axon" / f"{name}.png", AXON)
    row(tmp_path / "myelin" / "a.png", MYELIN)
    row(tmp_path / "uaxon" / "a.png", UAXON)
    label = {"uaxon": "uaxon", "myelin": "myelin", "axon": "axon"}
    splits = {"train": {"fraction": 1}}
    nerve = data(tmp_path, layout="paired_folders", image="image", label=label, pair_by="stem", splits=splits)
    with (
        pytest.warns(UserWarning, match="without a partner"),
        pytest.raises(InputError, match=r"b\.png: found no label of uaxon, myelin, expected a file of each class"),
    ):
        datalist(nerve, "train")


@pytest.mark.filterwarnings("ignore:.*labels overlap")
def test_stacks(tmp_path: Path) -> None:
    write_image(tmp_path / "image.tif", np.zeros((2, 1, 4), np.uint8))
    for name, values in {"uaxon": UAXON, "myelin": MYELIN, "axon": AXON}.items():
        write_image(tmp_path / f"{name}.tif", 255 * np.array([[values], [values[::-1]]], np.uint8))
    label = {name: f"{name}.tif" for name in ("uaxon", "myelin", "axon")}
    nerve = data(tmp_path, layout="stacks", image="image.tif", label=label, splits={"train": {"pages": [0, 2]}})
    read = [ReadLabeld("label")(item)["label"].tolist() for item in datalist(nerve, "train")]
    assert read == [[[[3, 2, 2, 1]]], [[[1, 2, 2, 3]]]]


def test_sizes_of_all_files_are_checked(tmp_path: Path) -> None:
    row(tmp_path / "image" / "a.png", [1, 1, 1, 1])
    for name, values in {"uaxon": UAXON, "myelin": MYELIN, "axon": [1]}.items():
        row(tmp_path / name / "a.png", values)
    label = {name: name for name in ("uaxon", "myelin", "axon")}
    splits = {"train": {"fraction": 1}}
    nerve = data(tmp_path, layout="paired_folders", image="image", label=label, pair_by="stem", splits=splits)
    with pytest.raises(InputError, match=r"axon.a\.png: found 1 × 1 pixels, expected 1 × 4 as in its image"):
        datalist(nerve, "train")


@pytest.mark.filterwarnings("ignore:.*labels overlap")
def test_real_corpus_callosum(real_data: Path) -> None:
    if not (real_data / "axondeepseg_tem").is_dir():
        pytest.skip("no axondeepseg_tem among the real data")
    nerve = open_dataset(real_data / "axondeepseg_tem", None, "tem_nerve")
    assert list(nerve.labels) == list(nerve.colors) == ["background", "myelin", "axon", "unmyelinated_axon"]
    items = {split: datalist(nerve, split) for split in nerve.splits}
    assert {split: len(found) for split, found in items.items()} == {"train": 8, "validation": 2, "test": 2}
    assert {item["pixel_size"] for found in items.values() for item in found} == {(0.00493, 0.00493)}
    animals = [{item["name"].split("_")[0] for item in found} for found in items.values()]
    assert sum(map(len, animals)) == len(set().union(*animals)) == 6
    for item in items["train"] + items["test"]:
        label = ReadLabeld("label")(ReadImaged("image")(item))["label"]
        assert label.unique().tolist() == [0, 1, 2, 3]
        assert 0.05 < (label == 2).float().mean() < 0.6


def overlapping(folder: Path) -> Manifest:
    """Return two images, of which one has two pixels of myelin over unmyelinated axon and one of axon over myelin."""
    for name, layers in {"a": ([1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 0]), "b": ([0, 0, 0, 0],) * 3}.items():
        row(folder / "image" / f"{name}.png", [1, 1, 1, 1])
        for kind, values in zip(("uaxon", "myelin", "axon"), layers, strict=True):
            row(folder / kind / f"{name}.png", values)
    label = {name: name for name in ("uaxon", "myelin", "axon")}
    splits = {"train": {"stems": ["a"]}, "validation": {"stems": ["b"]}}
    return data(folder, layout="paired_folders", image="image", label=label, pair_by="stem", splits=splits)


def test_overlaps_are_mentioned_once_for_all_splits(tmp_path: Path) -> None:
    nerve = overlapping(tmp_path)
    with pytest.warns(UserWarning, match="overlap") as caught:
        assert [len(datalist(nerve, split)) for split in ("validation", "train")] == [1, 1]
    (message,) = [str(one.message) for one in caught]
    assert message == (
        f"{tmp_path}: labels overlap in 1 of 2 images: myelin covers uaxon in 2 pixels, axon covers myelin in "
        "1 pixel. The later class in `label` counts."
    )


@pytest.mark.filterwarnings("ignore:.*labels overlap")
def test_all_files_belong_to_the_identity_of_a_run(tmp_path: Path) -> None:
    def identity() -> str:
        return identities({"training": SimpleNamespace(data=datalist(nerve, "train"))})["training"]["sha256"]

    nerve = overlapping(tmp_path)
    before = identity()
    assert identity() == before
    turned = replace(nerve, label=dict(reversed(nerve.label.items())))
    assert identities({"training": SimpleNamespace(data=datalist(turned, "train"))})["training"]["sha256"] != before
    row(tmp_path / "axon" / "a.png", [0, 0, 0, 1])
    assert identity() != before
