"""Features of tem alone, from end to end: classes of an overlay, pixel sizes, confusion matrices, rare classes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from bundle_runs import SMALL, config, infer, same, train, weights
from monai.bundle import run
from PIL import Image
from tiny_data import untrained

from custom.errors import find_input_error
from custom.samples import make_samples

VALUES = {"background": 0, "myelin": 127, "axon": 255}
SHAPE = (90, 120)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("tem", tmp_path_factory.mktemp("samples") / "data")


@pytest.fixture(scope="module")
def micrographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set of three classes with pixels of 0.2 µm, double the network pixel size of sem.yaml."""
    folder = tmp_path_factory.mktemp("sem")
    rng = np.random.default_rng(0)
    for kind in ("image", "label"):
        (folder / kind).mkdir()
    row, column = np.indices(SHAPE)
    for number in range(3):
        radius = np.hypot(row - rng.uniform(30, 60), column - rng.uniform(40, 80))
        label = np.select([radius < 15, radius < 25], [255, 127], 0).astype(np.uint8)
        image = rng.normal(np.choose(np.searchsorted([0, 127, 255], label), [90, 200, 120]), 10)
        Image.fromarray(label).save(folder / "label" / f"{number}.png")
        tifffile.imwrite(folder / "image" / f"{number}.tif", (image * 200).clip(0).astype(np.uint16))
    splits = {"train": {"numbers": [0, 1]}, "validation": {"numbers": [2]}}
    content = {"name": "micrographs", "layout": "paired_folders", "image": "image", "label": "label"}
    content |= {"labels": VALUES, "splits": splits, "pixel_size_um": [0.2, 0.2]}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def three_classes(what: str, names: list[str], **options: Any) -> None:
    small = SMALL["tem"] if what != "inference" else {"patch_size": 64}
    run(what, config_file=config("tem", *names, "sem"), **(small | options))


def test_three_classes_by_a_manifest_and_an_overlay(micrographs: Path, tmp_path: Path) -> None:
    data = {"dataset_dir": str(micrographs), "manifest": str(micrographs / "manifest.json")}
    three_classes("training", ["train"], **data, output_dir=str(tmp_path / "run"), max_epochs=1, batch_size=2)
    file = {"ckpt_path": str(tmp_path / "run" / "model.pt")}
    three_classes("evaluating", ["train", "evaluate"], **data, **file, output_dir=str(tmp_path / "scores"))
    splits = json.loads((tmp_path / "scores" / "scores.json").read_text())["splits"]
    assert {f"dice_{name}" for name in VALUES} < splits["validation"].keys()

    with (tmp_path / "scores" / "train" / "confusion_matrix.csv").open(newline="") as stream:
        names, *rows = list(csv.reader(stream))
    assert names[1:] == [row[0] for row in rows] == list(VALUES)
    true = [np.asarray(Image.open(micrographs / "label" / f"{number}.png")) for number in (0, 1)]
    assert [sum(map(int, row[1:])) for row in rows] == [np.count_nonzero(np.equal(true, v)) for v in VALUES.values()]

    image = str(micrographs / "image" / "2.tif")
    three_classes("inference", ["inference"], input=image, **file, output_dir=str(tmp_path / "out"), pixel_size=0.2)
    assert tifffile.imread(tmp_path / "out" / "2_probability.tif").shape == (3, *SHAPE)
    mask = tifffile.imread(tmp_path / "out" / "2_mask.tif")
    assert np.mean(mask == tifffile.imread(tmp_path / "out" / "2_probability.tif").argmax(0)) == 1
    assert (tmp_path / "out" / "2_overlay.png").is_file()


def test_patches_around_classes_are_others(samples: Path, tmp_path: Path) -> None:
    anywhere = train("tem", samples, tmp_path / "anywhere", max_epochs=1)
    around = train("tem", samples, tmp_path / "around", max_epochs=1, class_ratios=[1, 1, 1, 1, 1])
    assert not same(weights(around / "model.pt"), weights(anywhere / "model.pt"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"class_ratios": [1, 1, 1]}, "--class_ratios: found [1, 1, 1], expected a number for each of 5 classes"),
        ({"class_ratios": [1, 1, 1, 1, -1]}, "--class_ratios"),
        ({"classes": ["background", "myelin", "axon"]}, "expected --classes, background, myelin, axon"),
        ({"colors": [[0, 0, 0]]}, "--colors: found 1 colors, expected one for each of 5 classes"),
    ],
)
def test_options_that_do_not_fit_the_classes(options: dict, expected: str, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        train("tem", samples, tmp_path / "out", **options)
    assert expected in (find_input_error(caught.value) or "")
    assert not (tmp_path / "out").exists()


def test_colors_that_do_not_fit_the_classes_in_inference(samples: Path, tmp_path: Path) -> None:
    """Reported before anything is predicted."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        infer("tem", samples / "image", tmp_path / "out", untrained("tem", tmp_path), colors=[[0, 0, 0]] * 4)
    assert "--colors: found 4 colors, expected one for each of 5" in (find_input_error(caught.value) or "")
    assert not (tmp_path / "out").exists()
