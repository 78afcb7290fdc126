"""Items of a BIDS data set, and the pixel sizes in its sidecars."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from custom.data import INSTANCES, LabelRule, Manifest, datalist, open_datasets, sidecar_pixel_size
from custom.errors import InputError
from custom.transforms import ReadInstancesd, ReadLabeld

TENTH = {"PixelSize": [0.1, 0.1], "PixelSizeUnits": "um"}


def picture(path: Path, size: tuple[int, int] = (4, 3)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)
    return path


def sidecar(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def animals(folder: Path, **samples: int) -> Path:
    """Write images with labels for each animal."""
    for animal, count in samples.items():
        for number in range(1, count + 1):
            stem = f"sub-{animal}_sample-{number}_SEM"
            picture(folder / f"sub-{animal}" / "micr" / f"{stem}.png")
            picture(folder / "derivatives" / "labels" / f"sub-{animal}" / "micr" / f"{stem}_seg.png")
    return folder


def bids(folder: Path, splits: dict | None = None, **changes: Any) -> Manifest:
    usual: dict[str, Any] = {
        "image": "sub-*/micr/*_SEM.png",
        "label": "derivatives/labels/{folder}/{stem}_seg.png",
        "labels": {"no": 0, "yes": 255},
        "splits": splits or {"train": {"subjects": ["sub-a"]}},
    }
    return Manifest(folder, "nerve", "bids", **{**usual, **changes})


def test_an_item(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    (item,) = datalist(bids(tmp_path), "train")
    stem = "sub-a_sample-1_SEM"
    assert item == {
        "image": str(tmp_path / "sub-a" / "micr" / f"{stem}.png"),
        "label": str(tmp_path / "derivatives" / "labels" / "sub-a" / "micr" / f"{stem}_seg.png"),
        "page": 0,
        "name": stem,
        "rule": LabelRule((0, 255), ("no", "yes")),
        "channels": "equal",
        "pixel_size": None,
    }


def test_instances(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    (item,) = datalist(bids(tmp_path, labels={}), "train")
    assert item["rule"] == INSTANCES
    assert ReadInstancesd("label")(item)["label"].shape == (1, 3, 4)


def test_an_animal_is_never_split(tmp_path: Path) -> None:
    animals(tmp_path, a=3, b=1, c=2)
    data = bids(tmp_path, {"train": {"subjects": ["sub-c", "sub-a"]}, "test": {"subjects": ["sub-b"]}})
    assert [item["name"][4] for item in datalist(data, "train")] == list("aaacc")
    assert [item["name"][4] for item in datalist(data, "test")] == ["b"]


def test_by_stems(tmp_path: Path) -> None:
    animals(tmp_path, a=3)
    data = bids(tmp_path, {"train": {"stems": ["sub-a_sample-3_SEM", "sub-a_sample-1_SEM"]}})
    assert [item["name"] for item in datalist(data, "train")] == ["sub-a_sample-1_SEM", "sub-a_sample-3_SEM"]


def test_a_subject_that_is_not_there(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    with pytest.warns(UserWarning, match="^1 of the subjects in the split train match no pair: sub-z$"):
        assert len(datalist(bids(tmp_path, {"train": {"subjects": ["sub-a", "sub-z"]}}), "train")) == 1


def test_an_image_without_a_label_is_left_out(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    picture(tmp_path / "sub-a" / "micr" / "sub-a_sample-9_SEM.png")
    with pytest.warns(UserWarning, match=r"^1 file\(s\) without a partner are left out: micr/sub-a_sample-9_SEM\.png$"):
        assert len(datalist(bids(tmp_path), "train")) == 1


@pytest.mark.filterwarnings("ignore:.*without a partner")
def test_no_labels(tmp_path: Path) -> None:
    animals(tmp_path, a=2)
    with pytest.raises(InputError, match=r"found 2 image\(s\) sub-\*/micr/\*_SEM\.png and no label .*\{stem\}_x\.png"):
        datalist(bids(tmp_path, label="derivatives/{folder}/{stem}_x.png"), "train")


def test_braces_in_a_name_are_no_rule(tmp_path: Path) -> None:
    picture(tmp_path / "sub-a" / "{stem}_SEM.png")
    picture(tmp_path / "labels" / "sub-a_{stem}_SEM.png")
    (item,) = datalist(bids(tmp_path, image="sub-a/*_SEM.png", label="labels/{folder}_{stem}.png"), "train")
    assert Path(item["label"]).name == "sub-a_{stem}_SEM.png"


def test_different_sizes(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    picture(tmp_path / "sub-a" / "micr" / "sub-a_sample-1_SEM.png", (9, 9))
    with pytest.raises(InputError, match=r"_seg\.png: found 3 × 4 pixels, expected 9 × 9"):
        datalist(bids(tmp_path), "train")


# --------------------------------------------------------------------------------------------------------- pixel sizes


def sizes(data: Manifest, **given: Any) -> list:
    return [item["pixel_size"] for item in datalist(data, "train", **given)]


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ({"PixelSize": [0.1, 0.2], "PixelSizeUnits": "um"}, (0.2, 0.1)),  # BIDS gives x first
        ({"PixelSize": [93, 93], "PixelSizeUnits": "nm"}, (0.093, 0.093)),
        ({"PixelSize": [0.0001, 0.0001, 0.001], "PixelSizeUnits": "mm"}, (0.1, 0.1)),
        ({"PixelSize": [1, 2], "PixelSizeUnits": "microns"}, (2, 1)),
        ({"PixelSize": [0, 0.1], "PixelSizeUnits": "um"}, None),
        ({"PixelSize": [math.nan, math.inf], "PixelSizeUnits": "um"}, None),
        ({"BodyPart": "CSPINE"}, None),
    ],
)
def test_units(content: dict, size: tuple[float, float] | None, tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    sidecar(tmp_path / "sub-a" / "micr" / "sub-a_sample-1_SEM.json", content)
    (found,) = sizes(bids(tmp_path))
    assert found == (size and pytest.approx(size))


def test_an_unknown_unit(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    sidecar(tmp_path / "sub-a" / "micr" / "sub-a_SEM.json", {"PixelSize": [5, 5], "PixelSizeUnits": "furlong"})
    with pytest.warns(UserWarning, match=r"sub-a_SEM\.json: the unit of the pixel size, 'furlong', is not known"):
        assert sizes(bids(tmp_path)) == [None]


def test_inheritance(tmp_path: Path) -> None:
    animals(tmp_path, a=3)
    micr = tmp_path / "sub-a" / "micr"
    sidecar(tmp_path / "SEM.json", {"PixelSize": [5, 5], "PixelSizeUnits": "um"})
    assert sizes(bids(tmp_path)) == [(5, 5)] * 3
    sidecar(micr / "sub-a_SEM.json", TENTH)
    assert sizes(bids(tmp_path)) == [(0.1, 0.1)] * 3
    sidecar(micr / "sub-a_sample-2_SEM.json", {"PixelSize": [200, 200], "PixelSizeUnits": "nm"})
    assert sizes(bids(tmp_path)) == [(0.1, 0.1), (0.2, 0.2), (0.1, 0.1)]
    sidecar(micr / "sub-a_sample-3_SEM.json", {"PixelSize": [0.3, 0.3]})  # the unit is inherited
    assert sizes(bids(tmp_path))[2] == (0.3, 0.3)


def test_a_sidecar_of_an_ome_tiff(tmp_path: Path) -> None:
    sidecar(tmp_path / "micr" / "sub-a_SEM.json", TENTH)
    assert sidecar_pixel_size(tmp_path / "micr" / "sub-a_SEM.ome.tif", tmp_path) == (0.1, 0.1)


def test_what_does_not_apply(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    for name in ("sub-b_SEM", "sub-a_TEM", "sub-a_sample-1_stain-x_SEM", "dataset_description"):
        sidecar(tmp_path / "sub-a" / "micr" / f"{name}.json", TENTH)
    sidecar(tmp_path.parent / "SEM.json", TENTH)  # above the data folder
    assert sizes(bids(tmp_path)) == [None]


def test_what_is_given_wins_over_sidecars_and_they_over_the_manifest(tmp_path: Path) -> None:
    animals(tmp_path, a=2)
    sidecar(tmp_path / "sub-a" / "micr" / "sub-a_sample-1_SEM.json", TENTH)
    data = bids(tmp_path, pixel_size_um=[1, 2])
    assert sizes(data) == [(0.1, 0.1), (1, 2)]
    assert sizes(data, pixel_size=3) == [(3, 3)] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "found list, expected a JSON object"),
        ({"PixelSize": [0.1, 0.1]}, r"found PixelSize \[0\.1, 0\.1\] and PixelSizeUnits None, expected"),
        ({"PixelSize": [0.1, 0.1], "PixelSizeUnits": 7}, "PixelSizeUnits 7, expected .* nm, um or mm"),
        ({"PixelSize": 0.1, "PixelSizeUnits": "um"}, "PixelSize 0.1 .* two or three numbers"),
        ({"PixelSize": [0.1], "PixelSizeUnits": "um"}, "two or three numbers"),
    ],
)
def test_wrong_sidecars(content: object, message: str, tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    sidecar(tmp_path / "sub-a" / "micr" / "sub-a_sample-1_SEM.json", content)
    with pytest.raises(InputError, match=rf"sub-a_sample-1_SEM\.json: .*{message}"):
        datalist(bids(tmp_path), "train")


def test_a_sidecar_that_is_no_json(tmp_path: Path) -> None:
    animals(tmp_path, a=1)
    (tmp_path / "sub-a" / "micr" / "sub-a_SEM.json").write_text("{")
    with pytest.raises(InputError, match=r"sub-a_SEM\.json: found invalid JSON"):
        datalist(bids(tmp_path), "train")


# ----------------------------------------------------------------------------------------------------------- real data


def test_nerve(real_data: Path) -> None:
    data = open_datasets([real_data / "axondeepseg_sem"], None, "dendrite")
    train, validation = datalist(data, "train"), datalist(data, "validation")
    assert [item["name"][4:8] for item in train] == ["rat1", "rat3", "rat3", "rat3", "rat5"]
    assert [item["name"][4:8] for item in validation] == ["rat2", "rat4"]
    found = {item["name"][4:8]: item["pixel_size"][0] for item in train + validation}
    assert found == {"rat1": 0.18, "rat2": 0.093, "rat3": 0.1, "rat4": 0.1, "rat5": 0.13}
    for item in train[1:4] + validation:  # the two largest are as these
        label = ReadLabeld("label")(item)["label"]
        assert label.unique().tolist() == [0, 1, 2]
    # 130 and 233 are stray values of rat 2, whose myelin is 128
    counts = ReadLabeld("label")(validation[0])["label"].flatten().bincount().tolist()
    assert counts == [377956, 488611 + 5, 354544 + 4]


def test_a_label_with_constant_alpha(real_data: Path) -> None:
    data = open_datasets([real_data / "axondeepseg_sem"], None, "dendrite")
    label = ReadLabeld("label")(datalist(data, "train")[-1])["label"]
    assert label.flatten().bincount().tolist() == [1335346, 1182110, 906245]
