"""Bundles on labels as other programs write them, from end to end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from bundle_runs import evaluate, infer, train
from PIL import Image
from tiny_data import gray

from custom.errors import InputError, find_input_error
from custom.images import write_image


def cells(shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    """Return three cells, two of which touch."""
    labels = np.zeros(shape, np.uint16)
    labels[4:16, 5:20], labels[4:16, 20:35], labels[24:36, 10:30] = 1, 2, 5
    return labels


def write_manifest(folder: Path, **keys: object) -> Path:
    content = {"name": "mine", "layout": "paired_folders", **keys}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def scores(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_instances_beside_images(tmp_path: Path) -> None:
    for number in range(4):
        write_image(tmp_path / "data" / f"cells_{number}.tif", gray(seed=number))
        write_image(tmp_path / "data" / f"cells_{number}_masks.tif", cells())
    splits = {"train": {"stems": ["cells_0", "cells_1"]}, "validation": {"stems": ["cells_2", "cells_3"]}}
    folder = write_manifest(tmp_path / "data", image=".", label=".", pair_by="stem", labels="instances", splits=splits)
    weights = train("hela_track", folder, tmp_path / "trained", max_epochs=1, min_area=1) / "model.pt"
    found = evaluate("hela_track", folder, tmp_path / "scores", weights, min_area=1)
    assert [(row["split"], row["image"]) for row in scores(found)] == [
        ("train", "cells_0"),
        ("train", "cells_1"),
        ("validation", "cells_2"),
        ("validation", "cells_3"),
    ]
    infer("hela_track", folder / "cells_0.tif", tmp_path / "out", weights)
    assert (tmp_path / "out" / "cells_0_labels.tif").is_file()


def test_files_of_classes(tmp_path: Path) -> None:
    for number in range(4):
        write_image(tmp_path / "data" / "image" / f"{number}.tif", gray(seed=number))
        for value, name in {1: "blood_vessel", 2: "myelinated_axon", 5: "schwann_cell"}.items():
            write_image(tmp_path / "data" / name / f"{number}.tif", 255 * (cells() == value).astype(np.uint8))
        Image.fromarray(np.zeros((40, 50), np.uint8)).save(tmp_path / "data" / f"unmyelinated_axon_{number}.png")
    names = ["blood_vessel", "myelinated_axon", "unmyelinated_axon", "schwann_cell"]
    label = {name: name for name in names} | {"unmyelinated_axon": "unmyelinated_axon_*.png"}
    splits = {"train": {"numbers": [0, 1]}, "validation": {"numbers": [2, 3]}}
    folder = write_manifest(tmp_path / "data", image="image", label=label, labels=["background", *names], splits=splits)
    weights = train("tem", folder, tmp_path / "trained", max_epochs=1) / "model.pt"
    assert len(scores(evaluate("tem", folder, tmp_path / "scores", weights))) == 4


@pytest.mark.parametrize(
    ("bundle", "labels", "sentence"),
    [
        ("hela_track", {"background": 0, "cell": 255}, "labels of the classes background, cell, expected a number for"),
        ("dendrite", "instances", "found instance labels, expected class labels"),
    ],
)
def test_labels_of_the_other_kind(tmp_path: Path, bundle: str, labels: object, sentence: str) -> None:
    for number in range(2):
        write_image(tmp_path / "data" / "image" / f"{number}.tif", gray(seed=number))
        write_image(tmp_path / "data" / "mask" / f"{number}.tif", 255 * (cells() == 1).astype(np.uint8))
    splits = {"train": {"numbers": [0]}, "validation": {"numbers": [1]}}
    folder = write_manifest(tmp_path / "data", image="image", label="mask", labels=labels, splits=splits)
    with pytest.raises((InputError, RuntimeError)) as raised:
        train(bundle, folder, tmp_path / "trained")
    assert sentence in (find_input_error(raised.value) or "")


def test_outlines_in_a_folder_without_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    square = {"type": "Polygon", "coordinates": [[[5, 4], [20, 4], [20, 16], [5, 16], [5, 4]]]}
    folder = tmp_path / "nuclei"
    for number in range(5):
        write_image(folder / f"{number}.tif", gray(seed=number))
        (folder / f"{number}.geojson").write_text(json.dumps(square))
    weights = train("dendrite", folder, tmp_path / "trained", max_epochs=1) / "model.pt"
    assert f"{folder}: no manifest.json; 5 images with masks beside them" in capsys.readouterr().out
    assert len(scores(evaluate("dendrite", folder, tmp_path / "scores", weights))) == 5
