"""The measurements of each bundle, on small images and with untrained networks."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import BUNDLES, FAST_INFERENCE, config, infer
from monai.bundle import run
from tiny_data import untrained

from custom.images import write_image
from custom.measurements import region_table

GENERAL = {"label", "area_px2", "area_um2", "perimeter_um", "centroid_row_um", "eccentricity", "orientation_deg"}
OWN: dict[str, set[str]] = {
    "cytoskeleton": {"length_um", "mean_width_um", "length_px"},
    "dendrite": {"length_um", "mean_width_um", "branches"},
    "hela_track": set(),
    "neuron_em": set(),
    "tem": {"class", "diameter_um", "diameter_px"},
    "vesicle": {"radius_um", "radius_px", "mean_probability"},
}


def infer_half(bundle: str, images: Path, folder: Path) -> Path:
    """Segment images two times; the second threshold is reached by half of one image."""
    weights, options = untrained(bundle, folder), FAST_INFERENCE[bundle]
    if bundle != "tem":
        probability = tifffile.imread(infer(bundle, images, folder / "first", weights, **options) / "y_probability.tif")
        foreground = probability if probability.ndim == 2 else probability[1]
        options = options | {"threshold": float(np.median(foreground))}
    return infer(bundle, images, folder / "out", weights, **options)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a stack, and an image that stores its pixel size."""
    folder = tmp_path_factory.mktemp("images")
    pages = np.random.default_rng(0).integers(0, 255, (2, 80, 96), dtype=np.uint8)
    write_image(folder / "x.tif", pages)
    write_image(folder / "y.tif", pages[0], pixel_size=(0.2, 0.2))
    return folder


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_bundle_measures(bundle: str, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = infer_half(bundle, images, tmp_path)
    rows, summary = (rows_of(output / name) for name in ("measurements.csv", "measurements_summary.csv"))
    assert rows[0].keys() >= {"image", "page"} | GENERAL | OWN[bundle]
    assert {(row["image"], row["page"]) for row in summary} == {("x", "0"), ("x", "1"), ("y", "0")}
    for place in summary:
        same = [
            row for row in rows if all(row[key] == place[key] for key in place if key in ("image", "page", "class"))
        ]
        assert len(same) == int(place["objects"])
    sized = {row["image"] for row in rows if row["area_um2"]}
    assert sized == ({"x", "y"} if bundle == "hela_track" else {"y"})
    assert f"Measurements: {output / 'measurements.csv'}" in capsys.readouterr().out
    assert not list(output.glob("*_objects.csv"))


@pytest.mark.parametrize("bundle", ["hela_track", "neuron_em", "vesicle"])
def test_rows_are_those_of_the_written_labels(bundle: str, images: Path, tmp_path: Path) -> None:
    output = infer_half(bundle, images / "y.tif", tmp_path)
    labels = tifffile.imread(output / "y_labels.tif")
    expected = region_table(labels, tifffile.imread(images / "y.tif"))
    rows = rows_of(output / "measurements.csv")
    assert len(rows) > 1
    for name in ("label", "area_px2", "centroid_row_px", "mean_intensity"):
        assert [float(row[name]) for row in rows] == pytest.approx(expected[name], rel=1e-5)


@pytest.mark.parametrize("restore", ["true", "false"])
def test_a_resized_dendrite_is_as_large_as_in_the_image(restore: str, tmp_path: Path) -> None:
    """Whatever the size of the mask, pixels are those of the image, and a given pixel size is theirs."""
    write_image(tmp_path / "x.tif", np.full((100, 150), 200, np.uint8))
    weights = untrained("dendrite", tmp_path)
    options = {"size": 50, "restore_size": restore, "pixel_size": 0.1, "threshold": 0.001}
    (row,) = rows_of(infer("dendrite", tmp_path / "x.tif", tmp_path / "out", weights, **options) / "measurements.csv")
    assert float(row["area_um2"]) == pytest.approx(10 * 15)
    assert float(row["area_px2"]) == 100 * 150
    assert float(row["mean_intensity"]) == 200


def test_three_classes_of_tissue_have_g_ratios(images: Path, tmp_path: Path) -> None:
    weights = untrained("tem", tmp_path, "sem")
    settings = {"input": str(images / "y.tif"), "output_dir": str(tmp_path / "out"), "ckpt_path": str(weights)}
    run("inference", config_file=config("tem", "inference", "sem"), **settings, patch_size=64, min_area=0)
    assert "g_ratio" in rows_of(tmp_path / "out" / "measurements.csv")[0]
    summary = rows_of(tmp_path / "out" / "measurements_summary.csv")
    assert [row["class"] for row in summary] == ["myelin", "axon"]
    assert "mean_g_ratio" in summary[0]
