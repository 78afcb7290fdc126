"""Results corrected by hand: noticed, kept, measured anew and marked."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from bundle_runs import ROOT, config, run
from PIL import Image

from custom.images import read_labels, write_image


def infer(bundle: str, folder: Path, **options: Any) -> int:
    """Segment a folder into ``out`` next to it, and return the exit code."""
    output = {"input": str(folder / "in"), "output_dir": str(folder / "out"), "device": "cpu"}
    try:
        run("inference", config_file=config(bundle, "inference"), **(output | options))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def table(folder: Path, name: str = "measurements") -> list[dict[str, str]]:
    with (folder / "out" / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def spots(tmp_path: Path) -> Path:
    """Write two images with five spots each."""
    rows, columns = np.mgrid[:96, :96]
    image = np.random.default_rng(0).normal(100, 3, (96, 96))
    for center in range(16, 96, 16):
        image += 900 * np.exp(-((rows - center) ** 2 + (columns - center) ** 2) / 8)
    for name in "ab":
        write_image(tmp_path / "in" / f"{name}.tif", image.astype(np.uint16))
    return tmp_path


def test_edited_labels_are_measured(spots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("vesicle", spots) == 0
    file = spots / "out" / "a_labels.tif"
    labels = tifffile.imread(file)
    labels[labels == labels.max()] = 0
    labels[2:6, 80:90] = 77
    tifffile.imwrite(file, labels)
    assert infer("vesicle", spots) == 0
    assert "Edited: a_labels.tif; a is measured anew." in capsys.readouterr().out
    rows = [row for row in table(spots) if row["image"] == "a"]
    assert [int(row["label"]) for row in rows] == sorted(set(np.unique(labels)) - {0})
    assert {row["edited"] for row in rows} == {"1"}
    assert {row["edited"] for row in table(spots) if row["image"] == "b"} == {"0"}
    assert next(row for row in rows if row["label"] == "77")["area_px2"] == "40"
    assert np.array_equal(tifffile.imread(file), labels)
    assert infer("vesicle", spots) == 0  # noticed once
    assert "Edited" not in capsys.readouterr().out
    assert {row["edited"] for row in table(spots) if row["image"] == "a"} == {"1"}


def test_edited_cells_are_measured(tmp_path: Path) -> None:
    """Its probability has two channels."""
    image = np.random.default_rng(0).integers(0, 255, (96, 96), np.uint8)
    write_image(tmp_path / "in" / "a.tif", image)
    infer("hela_track", tmp_path)
    labels = np.zeros((96, 96), np.uint16)
    labels[10:40, 10:40] = 5
    tifffile.imwrite(tmp_path / "out" / "a_labels.tif", labels)
    assert infer("hela_track", tmp_path) == 0
    assert [(row["label"], row["area_px2"], row["edited"]) for row in table(tmp_path)] == [("5", "900", "1")]


def saved_by_fiji(file: Path, labels: np.ndarray) -> None:
    """ImageJ's own TIFF with a look-up table, as `File > Save` writes it, of 32 bits."""
    ranges = {"Ranges": (0.0, float(labels.max())), "LUTs": [np.random.default_rng(0).integers(0, 255, (3, 256), "u1")]}
    tifffile.imwrite(file, labels.astype(np.float32), imagej=True, metadata=ranges | {"axes": "YX"})


SAVED = {
    "Fiji, 8 bits": lambda file, labels: tifffile.imwrite(file, labels.astype(np.uint8), imagej=True),
    "Fiji, 16 bits, big endian": lambda file, labels: tifffile.imwrite(file, labels.astype(">u2"), imagej=True),
    "Fiji, 32 bits": saved_by_fiji,
    "napari, int32": lambda file, labels: tifffile.imwrite(file, labels.astype(np.int32), compression="zlib"),
    "napari, int64": lambda file, labels: tifffile.imwrite(file, labels.astype(np.int64), compression="zlib"),
    "PNG": lambda file, labels: Image.fromarray(labels.astype(np.uint8)).save(file.with_suffix(".png")),
    "PNG, 16 bits": lambda file, labels: Image.fromarray(labels.astype(np.uint16)).save(file.with_suffix(".png")),
    "PNG, RGB": lambda file, labels: Image.fromarray(np.stack([labels.astype(np.uint8)] * 3, -1)).save(
        file.with_suffix(".png")
    ),
}


@pytest.mark.parametrize("program", SAVED)
def test_as_other_programs_save(program: str, spots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The TIFF has the correction in the end, whatever the program has written."""
    infer("vesicle", spots)
    labels = np.zeros((96, 96), int)
    labels[3:9, 3:9] = 1
    SAVED[program](spots / "out" / "a_labels.tif", labels)
    assert infer("vesicle", spots) == 0
    assert "a is measured anew" in capsys.readouterr().out
    assert [row["area_px2"] for row in table(spots) if row["image"] == "a"] == ["36"]
    assert np.array_equal(read_labels(spots / "out" / "a_labels.tif") > 0, labels > 0)
    assert infer("vesicle", spots) == 0
    assert "Edited" not in capsys.readouterr().out


def test_two_versions_of_a_correction(spots: Path) -> None:
    infer("vesicle", spots)
    write_image(spots / "out" / "a_labels.tif", np.eye(96, dtype=np.uint8))
    Image.fromarray(np.eye(96, dtype=np.uint8) * 3).save(spots / "out" / "a_labels.png")
    assert infer("vesicle", spots) == 2
    failed = (spots / "out" / "failed.csv").read_text(encoding="utf-8")
    assert "a_labels.png, edited, too" in failed


def test_labels_stored_again_are_not_edited(spots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    infer("vesicle", spots)
    file = spots / "out" / "a_labels.tif"
    tifffile.imwrite(file, tifffile.imread(file).astype(np.uint8))
    infer("vesicle", spots)
    assert "Edited" not in capsys.readouterr().out


def test_an_edited_mask_gives_new_objects(spots: Path) -> None:
    infer("vesicle", spots)
    file = spots / "out" / "a_mask.tif"
    mask, before = tifffile.imread(file), len([row for row in table(spots) if row["image"] == "a"])
    mask[2:6, 80:90] = 255
    tifffile.imwrite(file, mask)
    infer("vesicle", spots)
    assert len([row for row in table(spots) if row["image"] == "a"]) == before + 1
    assert np.array_equal(tifffile.imread(spots / "out" / "a_labels.tif") > 0, mask > 0)


def test_an_edited_file_of_another_size_fails(spots: Path) -> None:
    infer("vesicle", spots)
    tifffile.imwrite(spots / "out" / "a_labels.tif", np.ones((5, 7), np.uint8))
    assert infer("vesicle", spots) == 2
    assert "found 5 × 7 pixels, expected 96 × 96" in (spots / "out" / "failed.csv").read_text(encoding="utf-8")


def test_corrections_are_not_overwritten_by_other_options(spots: Path) -> None:
    infer("vesicle", spots)
    file = spots / "out" / "a_labels.tif"
    labels = np.zeros((96, 96), np.uint16)
    labels[3:9, 3:9] = 1
    tifffile.imwrite(file, labels)
    assert infer("vesicle", spots, threshold=0.5) == 2
    assert "a_labels.tif edited by hand" in (spots / "out" / "failed.csv").read_text(encoding="utf-8")
    assert np.array_equal(tifffile.imread(file), labels)
    assert infer("vesicle", spots, threshold=0.5, overwrite=True) == 0
    assert tifffile.imread(file).max() > 1


def test_measured_corrections_are_not_forgotten(spots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither by other options, nor when the mask is edited, too."""
    infer("vesicle", spots)
    file, mask_file = (spots / "out" / f"a_{kind}.tif" for kind in ("labels", "mask"))
    labels = np.zeros((96, 96), np.uint16)
    labels[3:9, 3:9] = 1
    tifffile.imwrite(file, labels)
    infer("vesicle", spots)
    assert infer("vesicle", spots, threshold=0.5) == 2
    assert np.array_equal(tifffile.imread(file), labels)
    tifffile.imwrite(mask_file, np.zeros((96, 96), np.uint8))
    infer("vesicle", spots)
    assert "labels and mask were both edited; the labels count" in capsys.readouterr().out
    assert np.array_equal(tifffile.imread(file), labels)
    assert [row["area_px2"] for row in table(spots) if row["image"] == "a"] == ["36"]


def test_the_mask_of_a_resized_image(tmp_path: Path) -> None:
    """Corrected at the size of the network, measured at that of the image."""
    image = np.random.default_rng(0).normal(100, 3, (120, 200))
    image[50:60] += 150
    write_image(tmp_path / "in" / "a.tif", image.clip(0, 255).astype(np.uint8))
    infer("dendrite", tmp_path)
    file = tmp_path / "out" / "a_mask.tif"
    mask = np.zeros_like(tifffile.imread(file))
    mask[100:125] = 255  # of 250 rows: 12 of 120 in the image
    tifffile.imwrite(file, mask)
    infer("dendrite", tmp_path)
    (row,) = table(tmp_path)
    assert float(row["area_px2"]) == 12 * 200
    assert tifffile.imread(tmp_path / "out" / "a_labels.tif").shape == (120, 200)


def test_every_bundle_has_labels_that_can_be_edited() -> None:
    for file in (ROOT / "bundles").glob("*/configs/inference.yaml"):
        text = file.read_text(encoding="utf-8")
        assert "instances:" in text or "parts:" in text
