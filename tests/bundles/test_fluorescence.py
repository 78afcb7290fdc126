"""The bundles cytoskeleton and vesicle: folders without a manifest, pixel sizes, intensities, regions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from bundle_runs import config
from monai.bundle import ConfigParser, run
from PIL import Image

from custom.transforms import UNANNOTATED, RandExtremeIntensity

BUNDLES = ("cytoskeleton", "vesicle")
NORMALIZATIONS = ("log", "percentile", "range16", "zscore")


def parsed(bundle: str, name: str = "train", **options: Any) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(config(bundle, name))
    parser.update({"bundle_root": ".", "dataset_dir": ".", **options})
    return parser


# ------------------------------------------------------------------------------------------------- folders of one's own


def line(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask of a line, bool, and an image of it, 0 to about 200; both (H, W)."""
    mask = np.zeros((height, width), bool)
    mask[height // 2 : height // 2 + 4, 4:-4] = True
    return mask, 150.0 * mask + np.random.default_rng(0).normal(40, 5, mask.shape)


def write_pairs(images: Path, masks: Path) -> None:
    """Write pairs smaller than a crop, in common formats."""
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    mask, image = line(40, 61)
    nearly_gray = np.random.default_rng(1).integers(-4, 5, (40, 61, 3)) + image[..., None]
    Image.fromarray(nearly_gray.clip(0, 255).astype(np.uint8)).save(images / "rgb.jpg", quality=90)
    np.save(masks / "rgb.npy", mask.astype(np.int64))
    mask, image = line(30, 300)
    tifffile.imwrite(images / "deep.tif", (200 * image).astype(np.uint16))
    Image.fromarray(mask.astype(np.uint8) * 255).save(masks / "deep.png")
    mask, image = line(50, 33)
    tifffile.imwrite(images / "real.tif", (1e-3 * image).astype(np.float32))
    np.save(masks / "real.npy", mask)


def refuse_to_draw(*_: Any) -> None:
    pytest.fail("sample data were made although nobody needs them")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_four_folders_and_a_pixel_size(bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training, scoring and inference at a pixel size other than the network's; results have the size of the files."""
    monkeypatch.chdir(tmp_path)
    write_pairs(Path("a/img"), Path("a/mask"))
    write_pairs(Path("b/img"), Path("b/mask"))
    validation = {"val_images": "b/img", "val_masks": "b/mask"}
    options = {"pixel_size": [0.15, 0.1], "num_workers": 0}
    settings = {"max_epochs": 1, "batch_size": 3, "learning_rate": 0.002, "output_dir": "run"} | validation | options
    monkeypatch.setattr("custom.make_samples", refuse_to_draw)
    run("training", config_file=config(bundle, "train"), train_images="a/img", train_masks="a/mask", **settings)
    assert json.loads(Path("run/run.json").read_text())["images"] == {"training": 3, "validation": 3}

    scoring = config(bundle, "train", "evaluate")
    run("evaluating", config_file=scoring, ckpt_path="run/model.pt", output_dir="scores", **validation, **options)
    assert list(json.loads(Path("scores/scores.json").read_text())["splits"]) == ["validation"]
    with Path("scores/scores.csv").open() as file:
        scores = {row["image"]: float(row["dice"]) for row in csv.DictReader(file)}

    segmenting = config(bundle, "inference")
    run("inference", config_file=segmenting, input="b/img", ckpt_path="run/model.pt", output_dir="out", **options)
    for name, shape in (("rgb", (40, 61)), ("deep", (30, 300)), ("real", (50, 33))):
        found = tifffile.imread(f"out/{name}_mask.tif") > 0
        true = line(*shape)[0]
        assert 2 * (found & true).sum() / (found.sum() + true.sum()) == pytest.approx(scores[name], abs=1e-6)


# ---------------------------------------------------------------------------------------------------------- intensities


def test_training_and_inference_know_the_same_normalizations() -> None:
    training, inference = parsed("vesicle"), parsed("vesicle", "inference")
    assert tuple(sorted(training["normalizations"])) == NORMALIZATIONS
    assert training["normalizations"] == inference["normalizations"]
    assert training["normalization"] == inference["normalization"]
    assert training["input_normalization"] == inference["input_normalization"]


def test_extreme_intensity_as_typed() -> None:
    """Only this image is left out."""
    names = {}
    for typed in ("true", "false"):
        steps = parsed("vesicle", extreme_intensity=typed).get_parsed_content("train#preprocessing").transforms
        names[typed] = [type(step).__name__ for step in steps]
    left_out = names["true"].index("RandExtremeIntensityd")
    assert names["false"] == names["true"][:left_out] + names["true"][left_out + 1 :]


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_what_follows_extreme_intensities_fits_half_precision(normalization: str) -> None:
    normalize = parsed("vesicle", input_normalization=normalization).get_parsed_content("normalization")
    dense = torch.from_numpy(np.random.default_rng(0).integers(0, 65536, (1, 60, 50)).astype(np.float32))
    sparse = torch.zeros(1, 60, 50)
    sparse[0, 30, 20:23] = 65535
    for image in (dense, sparse, 100 + dense / 10000 + sparse):
        for prob in (0.0, 1.0):
            extreme = RandExtremeIntensity(prob, low=65000)(image)
            assert torch.isfinite(normalize({"image": extreme})["image"].half()).all()


# -------------------------------------------------------------------------------------------------------------- regions


@pytest.mark.parametrize("bundle", BUNDLES)
def test_what_nobody_annotated_costs_nothing(bundle: str) -> None:
    """A manifest can give a `region`."""
    loss = parsed(bundle).get_parsed_content("loss")
    logits, label = torch.randn(2, 1, 8, 9), torch.randint(0, 2, (2, 1, 8, 9), dtype=torch.uint8)
    label[..., 5:] = UNANNOTATED
    assert loss(logits, label) == loss(torch.where(label == UNANNOTATED, 9.0, logits), label)
    torch.testing.assert_close(loss(logits, label), loss(logits[..., :5], label[..., :5]))
