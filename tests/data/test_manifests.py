"""What a manifest may say, what is refused, and which one describes a folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bundle_runs import ROOT

from custom.data import (
    INSTANCES,
    ColorRule,
    LabelRule,
    LayerRule,
    Manifest,
    frame_blocks,
    load_manifest,
    open_dataset,
    open_datasets,
)
from custom.data._shipped import shipped_manifests
from custom.errors import InputError

SCHEMA = shipped_manifests() / "schema.json"
SHIPPED = [file for file in sorted(shipped_manifests().glob("*.json")) if file != SCHEMA]

PAIRED: dict[str, Any] = {
    "name": "cells",
    "layout": "paired_folders",
    "image": "image",
    "label": "mask",
    "labels": {"background": 0, "cell": 255},
}
STACK = {**PAIRED, "layout": "stacks", "image": "a.tif", "label": "b.tif"}
FOLDERS: dict[str, Any] = {
    "name": "cells",
    "layout": "paired_folders",
    "labels": {"background": 0, "cell": 255},
    "splits": {"train": {"folders": ["train/img", "train/mask"]}, "test": {"folders": ["test/img", "test/mask"]}},
}
TRACKS: dict[str, Any] = {"name": "cells", "layout": "cell_tracking", "splits": {"train": {"sequences": ["01"]}}}
BIDS = {**PAIRED, "layout": "bids", "image": "sub-*/micr/*_SEM.png", "label": "derivatives/{folder}/{stem}_seg.png"}
THREE = {"background": 0, "cell": 1, "border": 2}


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def load(path: Path, content: object) -> Manifest:
    return load_manifest(write(path / "m.json", content), path)


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a catalog with the manifests ``cells`` and ``mine`` in the place of ``data_manifests``."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    for name in ("cells", "mine"):
        write(folder / f"{name}.json", {**PAIRED, "name": f"catalog {name}"})
    monkeypatch.setattr("custom.data.manifests._finding.shipped_manifests", lambda: folder)
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


def test_files_of_classes(tmp_path: Path) -> None:
    label = {"myelin": "myelin", "axon": "axon"}
    manifest = load(tmp_path, {**PAIRED, "label": label, "labels": ["no", "axon", "myelin"], "label_threshold": 9})
    assert (manifest.label, list(manifest.label)) == (label, ["myelin", "axon"])
    assert manifest.rule == LayerRule(("no", "axon", "myelin"), 9)
    assert manifest.colors == {}


def test_names_alone_are_numbered(tmp_path: Path) -> None:
    assert load(tmp_path, {**PAIRED, "labels": ["no", "cell"]}).rule == LabelRule((0, 1), ("no", "cell"))


def test_colors(tmp_path: Path) -> None:
    manifest = load(tmp_path, {**PAIRED, "labels": {"no": [0, 0, 0], "cell": "#fF8000"}})
    assert manifest.rule == ColorRule(((0, 0, 0), (255, 128, 0)), ("no", "cell"))
    assert manifest.colors == {"no": (0, 0, 0), "cell": (255, 128, 0)}
    shown = load(tmp_path, {**PAIRED, "colors": {"background": "#000000", "cell": [1, 2, 3]}})
    assert shown.colors == {"background": (0, 0, 0), "cell": (1, 2, 3)}
    assert shown.rule == LabelRule((0, 255), ("background", "cell"))


def test_instances(tmp_path: Path) -> None:
    manifest = load(tmp_path, {**PAIRED, "labels": "instances"})
    assert (manifest.rule, manifest.labels) == (INSTANCES, {})
    assert load(tmp_path, TRACKS).rule == INSTANCES


def test_images_and_masks_in_one_folder(tmp_path: Path) -> None:
    splits = {"train": {"folders": ["a", "a/"]}, "test": {"folders": ["b", "b"]}}
    assert load(tmp_path, {**FOLDERS, "splits": splits}).splits == splits


def test_rule_follows_the_order_of_the_names(tmp_path: Path) -> None:
    manifest = load(tmp_path, {**PAIRED, "labels": {"cell": 255, "membrane": 0}, "label_threshold": 100})
    assert manifest.rule == LabelRule((255, 0), ("cell", "membrane"), 100, 0)
    assert load(tmp_path, {**PAIRED, "labels": THREE, "label_tolerance": 0.5}).rule.tolerance == 0.5


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_what_ships_loads(file: Path, tmp_path: Path) -> None:
    manifest = load_manifest(file, tmp_path)
    assert manifest.name == file.stem
    assert manifest.description
    assert manifest.splits


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


def test_splits_by_folders_need_no_image_and_label(tmp_path: Path) -> None:
    manifest = load(tmp_path, FOLDERS)
    assert (manifest.image, manifest.label, manifest.splits) == ("", "", FOLDERS["splits"])


@pytest.mark.parametrize(
    "splits",
    [
        {"train": {"sequences": ["01", "02"]}, "test": {"sequences": ["03"]}},
        {"train": {"frames": {"01": [0, 60], "02": [5, 10]}}, "validation": {"frames": {"01": [60, 84]}}},
        {"train": {"sequences": ["01"]}, "validation": {"frames": {"02": [0, 9]}}},
    ],
)
def test_splits_of_sequences(splits: dict, tmp_path: Path) -> None:
    manifest = load(tmp_path, {**TRACKS, "splits": splits})
    assert (manifest.splits, manifest.labels) == (splits, {})


def test_frames_of_a_split() -> None:
    assert frame_blocks({"frames": {"01": [0, 60], "02": [5, 9]}}) == {"01": range(60), "02": range(5, 9)}
    blocks = frame_blocks({"sequences": ["01", "02"]})
    assert list(blocks) == ["01", "02"]
    assert all(frame in blocks["02"] for frame in (0, 9999))


def test_splits_of_animals(tmp_path: Path) -> None:
    splits = {"train": {"subjects": ["sub-rat1", "sub-rat2"]}, "test": {"subjects": ["sub-rat3"]}}
    assert load(tmp_path, {**BIDS, "splits": splits}).splits == splits


# ------------------------------------------------------------------------------------------------------ what is refused


def splits(**by_name: object) -> dict[str, Any]:
    return {"splits": by_name}


REFUSED = [
    pytest.param([1], "found list, expected a JSON object", id="no-object"),
    pytest.param({**PAIRED, "lable": "x"}, "unknown key 'lable', expected 'label'", id="misspelt-key"),
    pytest.param({**PAIRED, "folder": "x"}, "unknown key 'folder', expected one of .*'layout'", id="folder"),
    pytest.param({"name": "x", "labels": {}}, "no 'layout', expected 'paired_folders' or 'stacks' or", id="no-layout"),
    pytest.param(
        {"name": "x", "layout": "stacks", "labels": {}},
        "no 'image' and no 'label', expected all of name, labels, image, label, layout",
        id="missing-keys",
    ),
    pytest.param({**PAIRED, "layout": "pairs"}, "layout 'pairs', expected 'paired_folders' or 'stacks'", id="layout"),
    pytest.param({**PAIRED, "layout": ["stacks"]}, "layout", id="layout-list"),
    pytest.param({**PAIRED, "pair_by": "name"}, "pair_by 'name', expected 'number', 'stem' or 'folder'", id="pair-by"),
    pytest.param({**PAIRED, "channels": "rgb"}, "channels 'rgb', expected 'equal' or 'luminance'", id="channels"),
    pytest.param({**PAIRED, "image": "../image"}, r"image '\.\./image', expected a path inside", id="above"),
    pytest.param({**PAIRED, "label": "a/../../mask"}, "label .* a path inside", id="above-in-between"),
    pytest.param({**PAIRED, "image": "/data/image"}, "image .* a path inside", id="absolute"),
    pytest.param({**PAIRED, "label": None}, "label None, expected a path inside", id="no-label"),
    pytest.param({**PAIRED, "region": ".."}, "region .* a path inside", id="region-above"),
    pytest.param({**PAIRED, "region": 3}, "region 3", id="region-number"),
    pytest.param(
        {**STACK, "region": "seen"}, "region with the layout 'stacks', expected no region", id="region-of-a-stack"
    ),
    pytest.param({**PAIRED, "labels": {"cell": 1}}, "labels .* two or more class names", id="one-class"),
    pytest.param({**PAIRED, "labels": {"a": 1, "b": 1}}, "labels .* different whole numbers", id="equal-values"),
    pytest.param({**PAIRED, "labels": {"a": 0, "b": 0.5}}, "labels .* whole numbers", id="fractional-value"),
    pytest.param({**PAIRED, "labels": {"a": False, "b": True}}, "labels .* whole numbers", id="bool-value"),
    pytest.param({**PAIRED, "labels": ["a"]}, "labels .* class names", id="one-name"),
    pytest.param({**PAIRED, "labels": ["a", "a"]}, "labels .* class names", id="equal-names"),
    pytest.param({**PAIRED, "labels": "instance"}, "labels 'instance', .* or 'instances'", id="labels-text"),
    pytest.param({**PAIRED, "labels": {"a": "#000000", "b": [0, 0, 0]}}, "labels .* different", id="equal-colors"),
    pytest.param({**PAIRED, "labels": {"a": [0, 0, 0], "b": 1}}, "labels .* or colors", id="color-and-value"),
    pytest.param({**PAIRED, "labels": {"a": "#000000", "b": "#12345"}}, "labels .* or colors", id="short-color"),
    pytest.param({**PAIRED, "labels": {"a": [0, 0, 0], "b": [0, 0, 256]}}, "labels .* or colors", id="bright-color"),
    pytest.param({**PAIRED, "colors": {"background": [0, 0]}}, "colors .* class names with", id="color-of-two"),
    pytest.param(
        {**PAIRED, "colors": {"cell": [0, 0, 0]}}, "colors of cell, expected a color for each class", id="one-color"
    ),
    pytest.param(
        {**PAIRED, "labels": "instances", "label_threshold": 0},
        "label_threshold with instance labels, expected no label_threshold",
        id="threshold-of-instances",
    ),
    pytest.param(
        {**PAIRED, "labels": {"a": "#000000", "b": "#ffffff"}, "label_tolerance": 1},
        "label_tolerance with colors",
        id="tolerance-of-colors",
    ),
    pytest.param({**PAIRED, "label": {"cell": "../cell"}}, "label .* a path inside", id="class-above"),
    pytest.param(
        {**PAIRED, "label": {"cell": "cell"}}, "a file for each class .* a list of class names", id="values-of-files"
    ),
    pytest.param(
        {**PAIRED, "labels": ["no", "axon", "myelin"], "label": {"axon": "axon"}},
        "paths for axon, expected one for each class but the first, axon, myelin",
        id="class-without-files",
    ),
    pytest.param(
        {**PAIRED, "labels": ["no", "axon"], "label": {"axon": "axon"}, "label_tolerance": 1},
        "label_tolerance with a file for each class",
        id="tolerance-of-files",
    ),
    pytest.param(
        {**PAIRED, "pair_by": "folder", "splits": {"train": {"stems": ["a"]}}}, "train .*names", id="stems-of-folders"
    ),
    pytest.param(
        {**PAIRED, "labels": THREE, "label_threshold": 1},
        "label_threshold with 3 classes, expected two",
        id="threshold-of-3",
    ),
    pytest.param({**PAIRED, "label_threshold": "127"}, "label_threshold '127', expected a number", id="threshold-text"),
    pytest.param(
        {**PAIRED, "label_tolerance": -1}, "label_tolerance -1, expected a number of at least 0", id="tolerance"
    ),
    pytest.param({**PAIRED, "label_tolerance": None}, "label_tolerance None", id="tolerance-null"),
    pytest.param(
        {**STACK, "pair_by": "stem"}, "pair_by with the layout 'stacks', expected no pair_by", id="pair-a-stack"
    ),
    pytest.param({**PAIRED, "split_seed": 1.5}, "split_seed 1.5, expected a whole number", id="seed"),
    pytest.param({**PAIRED, "split_seed": -1}, "split_seed -1", id="seed-negative"),
    pytest.param({**PAIRED, "pixel_size_um": 0.1}, r"pixel_size_um 0\.1, expected \[row, column\]", id="pixel-size"),
    pytest.param({**PAIRED, "pixel_size_um": [0.1, 0]}, "pixel_size_um .* above 0", id="pixel-size-zero"),
    pytest.param({**PAIRED, "number_pattern": "(["}, r"number_pattern '\(\['.* a regular expression", id="regex"),
    pytest.param({**PAIRED, "number_pattern": 3}, "number_pattern 3, expected a regular expression", id="regex-number"),
    pytest.param({**PAIRED, "splits": []}, r"splits \[\], expected train, validation or test", id="splits-list"),
    pytest.param(
        {**PAIRED, **splits(val={"numbers": [1]})}, "split val .* expected train, validation or test", id="split-name"
    ),
    pytest.param({**PAIRED, **splits(train=[1])}, "split train .* one of numbers, fraction", id="split-list"),
    pytest.param({**PAIRED, **splits(train={})}, "split train", id="split-empty"),
    pytest.param({**PAIRED, **splits(train={"numbers": [1], "stems": ["a"]})}, "split train .* one of", id="split-two"),
    pytest.param({**PAIRED, **splits(train={"stems": ["a"]})}, "split train .* one of numbers", id="stems-by-number"),
    pytest.param({**PAIRED, **splits(train={"pages": [0, 2]})}, "split train .* fraction", id="pages-of-pairs"),
    pytest.param(
        {**STACK, **splits(train={"fraction": 0.5})}, "split train .* each with pages", id="fraction-of-a-stack"
    ),
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
        "fraction for train only, expected fractions for all",
        id="fraction-beside-numbers",
    ),
    pytest.param({**STACK, **splits(train={"pages": [3, 3]})}, r"\[first page, page after the last\]", id="no-pages"),
    pytest.param({**STACK, **splits(train={"pages": [-1, 3]})}, "first page", id="negative-page"),
    pytest.param({**STACK, **splits(train={"pages": [0, 3, 4]})}, "first page", id="three-pages"),
    pytest.param({**STACK, **splits(train={"pages": [0, 2.0]})}, "first page", id="fractional-page"),
    pytest.param(
        {**PAIRED, "pixel_size_um": [0.1, float("inf")]}, "pixel_size_um .* above 0", id="pixel-size-infinite"
    ),
    # every split with its own folders
    pytest.param({**FOLDERS, "image": "image"}, "image with splits that name their folders", id="folders-and-image"),
    pytest.param({**FOLDERS, "region": "seen"}, "region with splits that name their folders", id="folders-and-region"),
    pytest.param({**FOLDERS, **splits(train={"folders": ["a"]})}, r"\[folder of images, folder", id="one-folder"),
    pytest.param({**FOLDERS, **splits(train={"folders": "ab"})}, r"\[folder of images, folder", id="folders-text"),
    pytest.param({**FOLDERS, **splits(train={"folders": ["a", 1]})}, r"\[folder of images, folder", id="folder-number"),
    pytest.param({**FOLDERS, **splits(train={"folders": ["a/*.tif", "b"]})}, r"\[folder of", id="folders-glob"),
    pytest.param({**FOLDERS, **splits(train={"folders": ["a", "../b"]})}, "split train .* inside", id="folders-above"),
    pytest.param(
        {**FOLDERS, **splits(train={"folders": ["a", "b"]}, test={"folders": ["a/", "c"]})},
        "'a' in both train and test",
        id="folders-overlap",
    ),
    pytest.param(
        {**FOLDERS, **splits(train={"folders": ["a", "b"]}, test={"fraction": 0.1})},
        r"split test {'fraction': 0.1}, expected .* each with folders \[folder of images",
        id="folders-beside-fraction",
    ),
    pytest.param({**STACK, **splits(train={"folders": ["a", "b"]})}, "each with pages", id="folders-of-a-stack"),
    # cell tracking
    pytest.param({"name": "x", "layout": "cell_tracking"}, "no 'splits', expected all of name, layout", id="no-splits"),
    pytest.param({**TRACKS, "image": "01"}, "image with the layout 'cell_tracking'", id="tracking-image"),
    pytest.param({**TRACKS, "labels": {"a": 0, "b": 1}}, "labels with the layout 'cell_tr", id="tracking-labels"),
    pytest.param({**TRACKS, "label_threshold": 0}, "label_threshold with the layout", id="tracking-threshold"),
    pytest.param({**TRACKS, **splits(train={"fraction": 1})}, "one of sequences, frames", id="tracking-fraction"),
    pytest.param({**TRACKS, **splits(train={"sequences": [1]})}, 'sequences such as "01"', id="sequence-number"),
    pytest.param({**TRACKS, **splits(train={"sequences": ["../01"]})}, 'such as "01"', id="sequence-path"),
    pytest.param({**TRACKS, **splits(train={"sequences": "01"})}, 'sequences such as "01"', id="sequence-text"),
    pytest.param({**TRACKS, **splits(train={"frames": ["01"]})}, r"\[first frame, frame after", id="frames-list"),
    pytest.param({**TRACKS, **splits(train={"frames": {"01": [4, 4]}})}, r"\[first frame, frame after", id="no-frames"),
    pytest.param({**TRACKS, **splits(train={"frames": {"a": [0, 4]}})}, 'sequences such as "01"', id="frames-of-a"),
    pytest.param(
        {**TRACKS, **splits(train={"frames": {"01": [0, 60]}}, validation={"frames": {"02": [0, 9], "01": [59, 84]}})},
        "frame 59 of sequence 01 in both train and validation",
        id="frames-overlap",
    ),
    pytest.param(
        {**TRACKS, **splits(train={"sequences": ["02", "01"]}, test={"frames": {"01": [7, 9]}})},
        "frame 7 of sequence 01 in both train and test",
        id="frames-of-a-whole-sequence",
    ),
    pytest.param(
        {**TRACKS, **splits(train={"sequences": ["01"]}, test={"sequences": ["01"]})},
        "frame 0 of sequence 01 in both train and test",
        id="sequence-twice",
    ),
    # texts and other keys that are not used
    pytest.param({**PAIRED, "name": 3}, "name 3, expected text.$", id="name-number"),
    pytest.param({**PAIRED, "citation": [1]}, r"citation \[1\], expected text or a list of texts", id="citation"),
    pytest.param({**PAIRED, "$schema": 1}, r"\$schema 1, expected text", id="schema-number"),
    # hostile values
    pytest.param(
        {**PAIRED, "name": {"a": [[[[[[[[["x" * 9999]]]]]]]]]}}, r"name {'a': .*\.\.\..*, expected text", id="deep"
    ),
    pytest.param({**PAIRED, "image": "\ud800"}, r"image '\\ud800' .*, expected a path inside", id="no-unicode"),
    pytest.param({**PAIRED, "image": "x" * 300}, r"image 'x+\.\.\.x+', expected a path inside", id="long-name"),
    pytest.param({**PAIRED, "\ud800": 1}, r"found '\\ud800', expected a valid string", id="key-no-unicode"),
    pytest.param({**PAIRED, "label_threshold": 10**400}, r"label_threshold 10+\.\.\.0+, expected a number", id="huge"),
    pytest.param({**PAIRED, "labels": {f"{i}": i for i in range(999)}}, r"labels {.*\.\.\.}, .*at most 254", id="many"),
    pytest.param({**PAIRED, "labels": {"a": 0, "b": 2**32}}, "labels .* of at most 32 bits", id="large-value"),
    pytest.param({**PAIRED, "number_pattern": "(a{9999999999})"}, "number_pattern .* a regular expr", id="huge-repeat"),
    pytest.param({**PAIRED, "labels": {"numbers": [], "url": 1}}, "labels .* class names", id="keys-of-other-objects"),
    pytest.param({**PAIRED, "splits": {"[key]": 1}}, r"split \[key\] 1, expected train,", id="name-of-a-key-error"),
    # BIDS
    pytest.param({**BIDS, "label": "derivatives/{folder}/a.png"}, "a path with {stem}", id="label-without-stem"),
    pytest.param({**BIDS, "label": "{stem}{stem.__class__}"}, "a path with {stem}", id="label-with-an-expression"),
    pytest.param({**BIDS, "label": "../{stem}.png"}, "label .* inside the data folder", id="label-rule-above"),
    pytest.param({**BIDS, "region": "seen"}, "region with the layout 'bids'", id="bids-region"),
    pytest.param({**BIDS, **splits(train={"fraction": 1})}, "one of subjects, stems", id="bids-fraction"),
    pytest.param({**BIDS, **splits(train={"subjects": ["rat1"]})}, 'subjects such as "sub-1"', id="subject-name"),
    pytest.param({**BIDS, **splits(train={"subjects": ["sub-1/.."]})}, "subjects such as", id="subject-path"),
    pytest.param(
        {**BIDS, **splits(train={"subjects": ["sub-1"]}, test={"subjects": ["sub-2", "sub-1"]})},
        "'sub-1' in both train and test",
        id="subject-twice",
    ),
    pytest.param(
        {**BIDS, **splits(train={"subjects": ["sub-1"]}, test={"stems": ["sub-1_SEM"]})},
        "subjects for train only, expected subjects for all",
        id="subjects-beside-stems",
    ),
    # optional splits
    pytest.param({**FOLDERS, "optional_splits": "test"}, "optional_splits 'test', expected a list", id="optional-text"),
    pytest.param({**FOLDERS, "optional_splits": ["validation"]}, "optional_splits", id="optional-unknown"),
    pytest.param({**FOLDERS, "optional_splits": [["test"]]}, "optional_splits", id="optional-nested"),
    pytest.param(
        {**PAIRED, **splits(train={"numbers": [1]}), "optional_splits": ["train"]},
        "splits that name folders, sequences or subjects",
        id="optional-numbers",
    ),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_refused(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        load(tmp_path, content)
    assert str(raised.value).startswith(f"{tmp_path / 'm.json'}: found ")
    sentence = str(raised.value).removeprefix(str(tmp_path))
    assert "\n" not in sentence
    assert len(sentence) < 600


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(?:ab|a)*$", r"((\d\d){4,})+$", r"(?=(\w+)*x)"])
def test_patterns_that_could_take_forever(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"number_pattern .* expected a regular expression"):
        load(tmp_path, {**PAIRED, "number_pattern": pattern})


@pytest.mark.parametrize("pattern", [r"(\d+)(?!.*\d)", r"^(?:t|T)(\d+)", r"[a-z]*_(\d{3})", r"(?:\d{2}){2}"])
def test_patterns_that_end(pattern: str, tmp_path: Path) -> None:
    assert load(tmp_path, {**PAIRED, "number_pattern": pattern}).number_pattern == pattern


@pytest.mark.parametrize("text", [b"{'name': 1}", b"", b'{"name": "\xff"}', b'{"name": 1,}'])
def test_no_json(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_bytes(text)
    with pytest.raises(InputError, match=f"^{re.escape(str(tmp_path / 'm.json'))}: found invalid JSON"):
        load_manifest(tmp_path / "m.json", tmp_path)


# ---------------------------------------------------------------------------------------------------------- JSON schema


def test_the_shipped_schema_is_that_of_the_models() -> None:
    made = subprocess.run([sys.executable, "-m", "custom.data.manifests"], capture_output=True, cwd=ROOT, check=True)
    assert made.stdout == SCHEMA.read_bytes()


GOOD = [PAIRED, {**PAIRED, "pair_by": "stem", **splits(train={"stems": ["a"]})}, STACK, FOLDERS, TRACKS, BIDS]


@pytest.mark.parametrize("content", [*GOOD, *(json.loads(file.read_text(encoding="utf-8")) for file in SHIPPED)])
def test_the_schema_accepts_what_loads(content: dict[str, Any], tmp_path: Path) -> None:
    load(tmp_path, {**content, "$schema": "schema.json"})
    jsonschema.validate({**content, "$schema": "schema.json"}, json.loads(SCHEMA.read_text(encoding="utf-8")))


# What a schema does not say: what holds for several values together, and what only code can check.
BEYOND_A_SCHEMA = re.compile(
    "in both|add up|two classes|for all splits|optional_splits|inside|path with|without folders|whole numbers"
    "|regular|after|inf|000|for each class|label_t"
)


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_the_schema_refuses_the_same(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, content)
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert not schema.is_valid(content) or BEYOND_A_SCHEMA.search(str(raised.value)), message


def test_the_schema_has_the_keys_and_defaults_of_manifests(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    layouts = [schema["$defs"][layout["$ref"].rpartition("/")[2]]["properties"] for layout in schema["anyOf"]]
    assert set().union(*layouts) - {"$schema"} == {field.name for field in fields(Manifest)} - {"folder"}
    manifest = Manifest(folder=tmp_path, name="", layout="")
    defaults = {key: value["default"] for keys in layouts for key, value in keys.items() if "default" in value}
    del defaults["$schema"]
    assert {key: getattr(manifest, key) for key in defaults} == defaults


# ----------------------------------------------------------------------------------------------------------- finding it


@pytest.mark.usefixtures("catalog")
def test_order_of_finding(data: Path) -> None:
    given = write(data.parent / "given.json", {**PAIRED, "name": "given"})
    own = write(data / "manifest.json", {**PAIRED, "name": "own"})
    assert open_dataset(data, given, "cells").name == "given"
    assert open_dataset(data, "cells", "mine").name == "catalog cells"
    assert open_dataset(data, None, "cells").name == "own"
    own.unlink()
    assert open_dataset(data, None, "cells").name == "catalog mine"
    data.rename(data.parent / "other")
    assert open_dataset(data.parent / "other", None, "cells").name == "catalog cells"


def test_found_by_the_names_of_folder_and_parent(catalog: Path, tmp_path: Path) -> None:
    write(catalog / "other_mine.json", {**PAIRED, "name": "catalog other_mine"})
    for folder, name in (("other/mine", "mine"), ("other/mine2", "cells")):
        (tmp_path / folder).mkdir(parents=True)
        assert open_dataset(tmp_path / folder, None, "cells").name == f"catalog {name}"
    (catalog / "mine.json").unlink()
    assert open_dataset(tmp_path / "other/mine", None, "cells").name == "catalog other_mine"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (FOLDERS, "test/mask"),
        ({**TRACKS, **splits(train={"sequences": ["01"]}, test={"sequences": ["02", "03"]})}, "03"),
        ({**TRACKS, **splits(train={"sequences": ["01"]}, test={"frames": {"02": [0, 9]}})}, "02"),
        ({**BIDS, **splits(train={"subjects": ["sub-1"]}, test={"subjects": ["sub-2"]})}, "sub-2"),
    ],
)
def test_an_optional_split_is_there_when_one_of_its_folders_is(content: dict, place: str, data: Path) -> None:
    write(data / "manifest.json", content)
    assert list(open_dataset(data, None, "cells").splits) == ["train", "test"]
    write(data / "manifest.json", {**content, "optional_splits": ["test"]})
    assert list(open_dataset(data, None, "cells").splits) == ["train"]
    (data / place).mkdir(parents=True)
    assert list(open_dataset(data, None, "cells").splits) == ["train", "test"]


@pytest.mark.usefixtures("catalog")
def test_folder_is_relative_to_where_the_user_stands(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    monkeypatch.setenv("HOME", str(data.parent))
    write(data.parent / "given.json", {**PAIRED, "name": "given"})
    assert open_dataset("mine", None, "cells").folder == data.resolve()
    assert open_dataset("~/mine", "~/given.json", "cells").name == "given"
    assert [one.folder for one in open_datasets([Path("mine"), data], None, "cells")] == [data.resolve()] * 2


@pytest.mark.usefixtures("catalog")
def test_the_schema_is_no_manifest(data: Path, catalog: Path) -> None:
    write(catalog / "schema.json", {})
    with pytest.raises(InputError, match="schema: found no such manifest, expected a JSON file or one of: cells, mine"):
        open_dataset(data, "schema", "mine")


@pytest.mark.usefixtures("catalog")
def test_no_such_manifest(data: Path) -> None:
    with pytest.raises(InputError, match="cell: found no such manifest, expected a JSON file or one of: cells, mine"):
        open_dataset(data, "cell", "mine")


@pytest.mark.usefixtures("catalog")
def test_no_such_folder(data: Path) -> None:
    with pytest.raises(InputError, match=r"none: found nothing, expected a folder"):
        open_dataset(data / "none", None, "cells")
    write(data / "file", {})
    with pytest.raises(InputError, match=r"file: found a file, expected a folder"):
        open_dataset(data / "file", None, "cells")


def test_wrong_manifest_in_the_folder_is_no_reason_for_another(data: Path) -> None:
    write(data / "manifest.json", {})
    with pytest.raises(InputError, match=r"manifest\.json: found no 'layout'"):
        open_dataset(data, None, "dendrite")
