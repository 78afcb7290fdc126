"""What a manifest may say, what is refused, and which one describes a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from custom import manifests
from custom.errors import InputError
from custom.manifests import MANIFEST_FOLDER, LabelRule, Manifest, load_manifest, open_dataset, open_datasets

PAIRED: dict[str, Any] = {
    "name": "cells",
    "layout": "paired_folders",
    "image": "image",
    "label": "mask",
    "labels": {"background": 0, "cell": 255},
}
STACK = {**PAIRED, "layout": "stacks", "image": "a.tif", "label": "b.tif"}
THREE = {"background": 0, "cell": 1, "border": 2}


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def load(path: Path, content: object) -> Manifest:
    return load_manifest(write(path / "m.json", content), path)


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a catalogue with the manifests ``cells`` and ``mine`` in the place of ``data_manifests``."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for name in ("cells", "mine"):
        write(folder / f"{name}.json", {**PAIRED, "name": f"catalogue {name}"})
    monkeypatch.setattr(manifests, "MANIFEST_FOLDER", folder)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


# ------------------------------------------------------------------------------------------------------- what it says


def test_the_least(tmp_path: Path) -> None:
    assert load(tmp_path, PAIRED) == Manifest(
        folder=tmp_path,
        name="cells",
        layout="paired_folders",
        image="image",
        label="mask",
        labels={"background": 0, "cell": 255},
    )


def test_the_most(tmp_path: Path) -> None:
    content = {
        **PAIRED,
        "region": "seen/*.png",
        "pair_by": "stem",
        "number_pattern": r"t(\d+)",
        "channels": "luminance",
        "label_threshold": 127.5,
        "label_tolerance": 2,
        "pixel_size_um": [0.1, 1],
        "splits": {"train": {"stems": ["a", "b"]}, "validation": {"stems": ["c"]}, "test": {"stems": []}},
        "split_seed": 7,
        "description": "Zellen, 5 µm",
        "source": "here",
        "license": "MIT",
        "citation": ["one"],
    }
    manifest = load(tmp_path, content)
    assert {key: getattr(manifest, key) for key in content} == content


def test_rule_follows_the_order_of_the_names(tmp_path: Path) -> None:
    manifest = load(tmp_path, {**PAIRED, "labels": {"cell": 255, "membrane": 0}, "label_threshold": 100})
    assert manifest.rule == LabelRule((255, 0), ("cell", "membrane"), 100, 0)
    assert load(tmp_path, {**PAIRED, "labels": THREE, "label_tolerance": 0.5}).rule.tolerance == 0.5


@pytest.mark.parametrize("file", sorted(MANIFEST_FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_what_ships_loads(file: Path, tmp_path: Path) -> None:
    manifest = load_manifest(file, tmp_path)
    assert manifest.name == file.stem
    assert manifest.description
    assert {"train", "validation"} <= manifest.splits.keys()


@pytest.mark.parametrize(
    "splits",
    [
        {"train": {"fraction": 0.7}, "validation": {"fraction": 0.2}, "test": {"fraction": 0.1}},
        {"train": {"fraction": 1}},
        {"train": {"numbers": [1, 2]}, "test": {"numbers": [3]}},
        {},
    ],
)
def test_splits_of_pairs(splits: dict, tmp_path: Path) -> None:
    assert load(tmp_path, {**PAIRED, "splits": splits}).splits == splits


def test_splits_of_a_stack(tmp_path: Path) -> None:
    splits = {"train": {"pages": [0, 20]}, "validation": {"pages": [20, 21]}}
    assert load(tmp_path, {**STACK, "splits": splits}).splits == splits


# ------------------------------------------------------------------------------------------------------ what is refused


def splits(**by_name: object) -> dict[str, Any]:
    return {"splits": by_name}


REFUSED = [
    pytest.param([1], "found list, expected a JSON object", id="no-object"),
    pytest.param({**PAIRED, "lable": "x"}, "unknown key 'lable', expected 'label'", id="misspelt-key"),
    pytest.param({**PAIRED, "folder": "x"}, "unknown key 'folder', expected one of .*'layout'", id="folder"),
    pytest.param({"name": "x", "labels": {}}, "no 'layout' and no 'image' and no 'label',", id="missing-keys"),
    pytest.param({**PAIRED, "layout": "pairs"}, "layout 'pairs', expected 'paired_folders' or 'stacks'", id="layout"),
    pytest.param({**PAIRED, "layout": ["stacks"]}, "layout", id="layout-list"),
    pytest.param({**PAIRED, "pair_by": "name"}, "pair_by 'name', expected 'number' or 'stem'", id="pair-by"),
    pytest.param({**PAIRED, "channels": "rgb"}, "channels 'rgb', expected 'equal' or 'luminance'", id="channels"),
    pytest.param({**PAIRED, "image": "../image"}, r"image '\.\./image', expected a path inside", id="above"),
    pytest.param({**PAIRED, "label": "a/../../mask"}, "label .* a path inside", id="above-in-between"),
    pytest.param({**PAIRED, "image": "/data/image"}, "image .* a path inside", id="absolute"),
    pytest.param({**PAIRED, "label": None}, "label None, expected a path inside", id="no-label"),
    pytest.param({**PAIRED, "region": ".."}, "region .* a path inside", id="region-above"),
    pytest.param({**PAIRED, "region": 3}, "region 3", id="region-number"),
    pytest.param({**STACK, "region": "seen"}, "region with the layout 'stacks'", id="region-of-a-stack"),
    pytest.param({**PAIRED, "labels": {"cell": 1}}, "labels .* two or more class names", id="one-class"),
    pytest.param({**PAIRED, "labels": {"a": 1, "b": 1}}, "labels .* different whole numbers", id="equal-values"),
    pytest.param({**PAIRED, "labels": {"a": 0, "b": 0.5}}, "labels .* whole numbers", id="fractional-value"),
    pytest.param({**PAIRED, "labels": {"a": False, "b": True}}, "labels .* whole numbers", id="bool-value"),
    pytest.param({**PAIRED, "labels": ["a", "b"]}, "labels .* class names", id="labels-list"),
    pytest.param(
        {**PAIRED, "labels": THREE, "label_threshold": 1},
        "label_threshold with 3 classes, expected two",
        id="threshold-of-3",
    ),
    pytest.param({**PAIRED, "label_threshold": "127"}, "label_threshold '127', expected a number", id="threshold-text"),
    pytest.param({**PAIRED, "label_tolerance": -1}, "label_tolerance -1, expected a number from 0", id="tolerance"),
    pytest.param({**PAIRED, "label_tolerance": None}, "label_tolerance None", id="tolerance-null"),
    pytest.param({**PAIRED, "split_seed": 1.5}, "split_seed 1.5, expected a whole number", id="seed"),
    pytest.param({**PAIRED, "split_seed": -1}, "split_seed -1", id="seed-negative"),
    pytest.param({**PAIRED, "pixel_size_um": 0.1}, r"pixel_size_um 0\.1, expected \[row, column\]", id="pixel-size"),
    pytest.param({**PAIRED, "pixel_size_um": [0.1, 0]}, "pixel_size_um .* above 0", id="pixel-size-zero"),
    pytest.param({**PAIRED, "number_pattern": "(["}, r"number_pattern '\(\['.* a regular expression", id="regex"),
    pytest.param({**PAIRED, "number_pattern": 3}, "number_pattern 3 .* a regular expression", id="regex-number"),
    pytest.param({**PAIRED, "splits": []}, r"splits \[\], expected an object", id="splits-list"),
    pytest.param({**PAIRED, **splits(val={"numbers": [1]})}, "split 'val', expected 'train' or", id="split-name"),
    pytest.param({**PAIRED, **splits(train=[1])}, "split train .* one of numbers, fraction", id="split-list"),
    pytest.param({**PAIRED, **splits(train={})}, "split train", id="split-empty"),
    pytest.param({**PAIRED, **splits(train={"numbers": [1], "stems": ["a"]})}, "split train .* one of", id="split-two"),
    pytest.param({**PAIRED, **splits(train={"stems": ["a"]})}, "split train .* one of numbers", id="stems-by-number"),
    pytest.param({**PAIRED, **splits(train={"pages": [0, 2]})}, "split train .* fraction", id="pages-of-pairs"),
    pytest.param({**STACK, **splits(train={"fraction": 0.5})}, "split train .* one of pages", id="fraction-of-a-stack"),
    pytest.param({**PAIRED, **splits(train={"numbers": 3})}, "split train .* a list", id="numbers-number"),
    pytest.param(
        {**PAIRED, "pair_by": "stem", **splits(train={"stems": [["a"]]})},
        "split train .* numbers or names",
        id="stems-nested",
    ),
    pytest.param(
        {**PAIRED, **splits(train={"numbers": [1, 2]}, test={"numbers": [2]})}, "2 in both train and test", id="overlap"
    ),
    pytest.param({**PAIRED, **splits(train={"numbers": [1, 1]})}, "1 in both train and train", id="overlap-itself"),
    pytest.param(
        {**STACK, **splits(train={"pages": [0, 5]}, validation={"pages": [4, 6]})},
        "4 in both train and validation",
        id="overlapping-pages",
    ),
    pytest.param({**PAIRED, **splits(train={"fraction": 1.5})}, "fraction from 0 to 1", id="fraction-over-1"),
    pytest.param({**PAIRED, **splits(train={"fraction": -0.1})}, "fraction from 0 to 1", id="fraction-below-0"),
    pytest.param({**PAIRED, **splits(train={"fraction": "0.5"})}, "fraction from 0 to 1", id="fraction-text"),
    pytest.param(
        {**PAIRED, **splits(train={"fraction": 0.7}, test={"fraction": 0.4})},
        "add up to 1.1, expected at most 1",
        id="sum",
    ),
    pytest.param(
        {**PAIRED, **splits(train={"fraction": 0.7}, test={"numbers": [1]})},
        "fraction for train alone, expected fractions for all",
        id="fraction-beside-numbers",
    ),
    pytest.param({**STACK, **splits(train={"pages": [3, 3]})}, r"\[first page, page after the last\]", id="no-pages"),
    pytest.param({**STACK, **splits(train={"pages": [-1, 3]})}, "first page", id="negative-page"),
    pytest.param({**STACK, **splits(train={"pages": [0, 3, 4]})}, "first page", id="three-pages"),
    pytest.param({**STACK, **splits(train={"pages": [0, 2.0]})}, "first page", id="fractional-page"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_refused(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        load(tmp_path, content)
    assert str(raised.value).startswith(f"{tmp_path / 'm.json'}: found ")


@pytest.mark.parametrize("text", [b"{'name': 1}", b"", b'{"name": "\xff"}', b'{"name": 1,}'])
def test_no_json(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_bytes(text)
    with pytest.raises(InputError, match=f"^{re.escape(str(tmp_path / 'm.json'))}: found no valid JSON"):
        load_manifest(tmp_path / "m.json", tmp_path)


# ----------------------------------------------------------------------------------------------------------- finding it


@pytest.mark.usefixtures("catalogue")
def test_order_of_finding(data: Path) -> None:
    given = write(data.parent / "given.json", {**PAIRED, "name": "given"})
    own = write(data / "manifest.json", {**PAIRED, "name": "own"})
    assert open_dataset(data, given, "cells").name == "given"
    assert open_dataset(data, "cells", "mine").name == "catalogue cells"
    assert open_dataset(data, None, "cells").name == "own"
    own.unlink()
    assert open_dataset(data, None, "cells").name == "catalogue mine"
    data.rename(data.parent / "other")
    assert open_dataset(data.parent / "other", None, "cells").name == "catalogue cells"


@pytest.mark.usefixtures("catalogue")
def test_folder_is_relative_to_where_the_user_stands(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    monkeypatch.setenv("HOME", str(data.parent))
    write(data.parent / "given.json", {**PAIRED, "name": "given"})
    assert open_dataset("mine", None, "cells").folder == data.resolve()
    assert open_dataset("~/mine", "~/given.json", "cells").name == "given"
    assert [one.folder for one in open_datasets([Path("mine"), data], None, "cells")] == [data.resolve()] * 2


@pytest.mark.usefixtures("catalogue")
def test_no_such_manifest(data: Path) -> None:
    with pytest.raises(InputError, match="cell: found no such manifest, expected a JSON file or one of: cells, mine"):
        open_dataset(data, "cell", "mine")


@pytest.mark.usefixtures("catalogue")
def test_no_such_folder(data: Path) -> None:
    with pytest.raises(InputError, match=r"none: found nothing, expected a folder"):
        open_dataset(data / "none", None, "cells")
    write(data / "file", {})
    with pytest.raises(InputError, match=r"file: found a file, expected a folder"):
        open_dataset(data / "file", None, "cells")


def test_wrong_manifest_in_the_folder_is_no_reason_for_another(data: Path) -> None:
    write(data / "manifest.json", {})
    with pytest.raises(InputError, match=r"manifest\.json: found no 'name'"):
        open_dataset(data, None, "dendrite")
