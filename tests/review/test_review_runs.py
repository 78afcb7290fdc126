"""The review table from end to end: training writes its reference, sharing copies it, inference compares with it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from bundle_runs import BUNDLES, ROOT, infer, train

from custom.images import read_image, write_image
from custom.review import REFERENCE_FILE, REVIEW_FILE, read_reference
from custom.samples import make_samples
from custom.sharing import ship


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("dendrite", tmp_path_factory.mktemp("data") / "dendrite")


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train("dendrite", data, tmp_path_factory.mktemp("run"))


def test_training_writes_a_reference(trained: Path) -> None:
    reference = read_reference(trained / "model.pt")
    assert reference is not None
    assert reference.images == 28
    assert reference.pixel_sizes == (0.3, 0.3)
    assert {"noise", "sharpness_1px", "certainty"} <= set(reference.quantiles)


def test_the_reference_is_reproducible(trained: Path, data: Path, tmp_path: Path) -> None:
    again = train("dendrite", data, tmp_path)
    assert (again / REFERENCE_FILE).read_bytes() == (trained / REFERENCE_FILE).read_bytes()


def test_sharing_copies_the_reference(trained: Path, tmp_path: Path) -> None:
    ship(trained, tmp_path)
    assert (tmp_path / "models" / REFERENCE_FILE).read_bytes() == (trained / REFERENCE_FILE).read_bytes()


def test_inference_flags_images_that_need_review(
    trained: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    image = read_image(sorted((data / "image").iterdir())[0])
    write_image(tmp_path / "in" / "original.tif", image)
    write_image(tmp_path / "in" / "inverted.tif", 255 - image)
    write_image(tmp_path / "in" / "pages.tif", np.stack([image, np.full_like(image, 9)]))
    infer("dendrite", tmp_path / "in", tmp_path / "out", trained / "model.pt", size=64, tta="true")
    with (tmp_path / "out" / REVIEW_FILE).open(newline="", encoding="utf-8") as stream:
        rows = {(row["image"], row["page"]): row for row in csv.DictReader(stream)}
    assert list(rows) == [("inverted", "0"), ("original", "0"), ("pages", "0"), ("pages", "1")]
    assert rows["inverted", "0"]["needs_review"] == "1"
    assert "training" in rows["inverted", "0"]["reasons"]
    assert (rows["pages", "1"]["needs_review"], rows["pages", "1"]["low_contrast"]) == ("1", "1")
    for row in rows.values():
        assert 0 <= float(row["disagreement"]) <= 1
    assert rows["pages", "0"]["noise"] == rows["original", "0"]["noise"]
    assert "Needs review: " in capsys.readouterr().out


@pytest.mark.parametrize("bundle", BUNDLES)
def test_shipped_weights_have_their_reference(bundle: str) -> None:
    for weights in (ROOT / "bundles" / bundle / "models").rglob("model.pt"):
        assert read_reference(weights) is not None
