"""What is compared when a training run is resumed: options of every bundle, and the images."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from bundle_runs import BUNDLES, ROOT, config
from monai.bundle import ConfigParser
from tiny_data import make_data

from custom.data import datalist, open_datasets
from custom.training._run_record import different, identities, training_options

FREE = {"num_workers", "device", "cache_rate", "output_dir", "picture_interval", "checkpoint_minutes", "dataset_dir"}


def options(bundle: str, *overlays: str, **typed: object) -> dict:
    parser = ConfigParser()
    parser.read_config(config(bundle, "train", *overlays))
    parser.read_meta(str(ROOT / "bundles" / bundle / "configs" / "metadata.json"))
    parser.update(typed)
    return training_options(parser.get())


@pytest.mark.parametrize("bundle", BUNDLES)
def test_options_that_affect_weights_are_compared(bundle: str) -> None:
    usual = options(bundle)
    assert {"learning_rate", "seed", "loss#_target_", "network_def#_target_"} <= set(usual)
    assert not FREE & set(usual)
    assert not [name for name in usual if name.startswith("_meta_")]
    for name, value in {"learning_rate": 0.5, "seed": 7, "loss#batch": "other"}.items():
        changed = options(bundle, **{name: value})
        assert different(usual, changed) == [f"--{name} {usual.get(name)}, not {value}"]
    assert options(bundle, num_workers=3, device="cuda", best_by="last", batch_size=1, val_interval=9) == usual


@pytest.mark.parametrize("bundle", BUNDLES)
def test_one_gpu_and_several_have_the_same_options(bundle: str) -> None:
    assert options(bundle, "multi_gpu_train") == options(bundle)


def test_an_overlay_has_other_options() -> None:
    assert any(text.startswith("--network_pixel_size") for text in different(options("tem"), options("tem", "sem")))


def test_moved_images_are_the_same_and_edited_ones_are_not(tmp_path: Path) -> None:
    def identity(folder: Path, **changes: object) -> dict:
        items = datalist(open_datasets([folder], None, "dendrite"), "train")
        return identities({"training": SimpleNamespace(data=[item | changes for item in items])})["training"]

    data = make_data("dendrite", tmp_path / "data")
    before, moved = identity(data), Path(shutil.copytree(data, tmp_path / "moved"))
    assert identity(moved) == before
    assert identity(moved, pixel_size=(0.5, 0.5)) != before
    label = Path(datalist(open_datasets([moved], None, "dendrite"), "train")[0]["label"])
    label.write_bytes(label.read_bytes() + b" ")
    assert identity(moved)["images"] == before["images"]
    assert identity(moved)["sha256"] != before["sha256"]
