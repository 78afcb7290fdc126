"""Bundles as other programs use them: single ids of a parser, keywords, data of their own, other locales."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import yaml
from bundle_runs import BUNDLES, ENVIRONMENT, FAST_INFERENCE, NETWORK, ROOT, SMALL, config
from monai.bundle import ConfigParser, ConfigWorkflow, create_workflow, run
from monai.data import Dataset
from monai.transforms import Compose

import custom
from custom.data import PlainDataset
from custom.errors import InputError
from custom.images import describe, read_image, write_image
from custom.transforms import ReadImaged

CLASSES = {"tem": 5}


def image_of(folder: Path, pixel_size: tuple[float, float] | None = None, name: str = "x") -> Path:
    """Write a noisy image with spots."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :100]
    image = generator.normal(100, 8, (96, 100)) + 90 * (np.hypot(rows - 40, columns - 50) < 20)
    write_image(folder / f"{name}.tif", image.clip(0, 255).astype(np.uint8), pixel_size)
    return folder / f"{name}.tif"


def parser_of(bundle: str, **options: Any) -> ConfigParser:
    """Read a bundle as a label tool does: its inference config alone, with the root of the bundle."""
    parser = ConfigParser()
    parser.read_config(config(bundle, "inference")[0])
    parser.update({"bundle_root": str(ROOT / "bundles" / bundle), "device": "cpu"} | options)
    return parser


def predicted(parser: ConfigParser, bundle: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return the output of a label tool: preprocessing, network, inferer and postprocessing by themselves."""
    network = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(ROOT / "bundles" / bundle / "models" / "model.pt", weights_only=True))
    data = parser.get_parsed_content("preprocessing")(item)
    with torch.inference_mode():
        logits = parser.get_parsed_content("inferer")(data["image"][None], network.eval())[0]
    return parser.get_parsed_content("postprocessing")({**data, "pred": logits})


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("size", [None, (0.3, 0.3)], ids=["no size", "size in the file"])
def test_a_label_tool_predicts_what_the_command_does(
    bundle: str, size: tuple[float, float] | None, tmp_path: Path
) -> None:
    """The same probabilities, and class numbers under ``pred``."""
    file = image_of(tmp_path / "in", size)
    options = {name: value for name, value in FAST_INFERENCE[bundle].items() if name != "network_pixel_size"}
    run("inference", config_file=config(bundle, "inference"), input=str(file), output_dir=str(tmp_path), **options)
    output = predicted(parser_of(bundle, **options), bundle, {"image": str(file)})
    probability = np.asarray(output["probability"]).squeeze()
    command = tifffile.imread(tmp_path / "x_probability.tif")
    np.testing.assert_allclose(probability, command, atol=1e-5)
    assert output["pred"].shape == (1, *probability.shape[-2:])
    assert set(np.unique(output["pred"]).tolist()) <= set(range(CLASSES.get(bundle, 2)))


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_background_is_a_class_of_its_own(bundle: str) -> None:
    metadata = yaml.safe_load((ROOT / "bundles" / bundle / "configs" / "metadata.json").read_text())
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert channels["0"] == "background"
    assert len(channels) == CLASSES.get(bundle, 2)


def test_a_stack_is_not_cut_to_its_first_page(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((3, 64, 64), np.uint8), photometric="minisblack")
    with pytest.raises(RuntimeError) as caught:
        parser_of("dendrite").get_parsed_content("preprocessing")({"image": str(tmp_path / "x.tif")})
    assert "found a stack of 3 pages, expected an item with the number" in str(caught.value.__cause__)
    with pytest.raises(RuntimeError) as caught:
        PlainDataset([{"image": str(tmp_path / "x.tif")}], Compose([ReadImaged("image")]))[0]
    assert "found a stack of 3 pages" in str(caught.value.__cause__)


def test_data_of_a_program_are_segmented(tmp_path: Path) -> None:
    """Also all pages of a stack, under the names of the files."""
    one = image_of(tmp_path / "given", name="one")
    stack = np.stack([read_image(one)] * 2)
    tifffile.imwrite(tmp_path / "given" / "two.tif", stack, photometric="minisblack")
    (tmp_path / "given" / "bad.tif").write_bytes(b"?")
    data = [{"image": str(tmp_path / "given" / name)} for name in ("one.tif", "two.tif", "bad.tif")]
    options = FAST_INFERENCE["dendrite"] | {"output_dir": str(tmp_path / "out"), "dataset#data": data}
    workflow = ConfigWorkflow(config("dendrite", "inference"), workflow_type="infer", **options)
    workflow.initialize()
    with pytest.raises(SystemExit, match="2"):
        workflow.run()
    found = {file.name: tifffile.imread(file).shape for file in (tmp_path / "out").glob("*_mask.tif")}
    assert found == {"one_mask.tif": (64, 64), "two_mask.tif": (2, 64, 64)}
    assert "bad.tif" in (tmp_path / "out" / "failed.csv").read_text()


def segment(output: Path, data: object, bundle: str = "dendrite", **options: Any) -> None:
    given = FAST_INFERENCE[bundle] | {"output_dir": str(output), "dataset#data": data}
    run("inference", config_file=config(bundle, "inference"), **(given | options))


@pytest.mark.parametrize("complete", [False, True])
def test_images_of_one_name_and_single_pages_are_refused(complete: bool, tmp_path: Path) -> None:
    """Their results would overwrite each other, or be taken for those of another page."""
    same = [image_of(tmp_path / folder) for folder in "ab"]
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 64, 64), np.uint8), photometric="minisblack")
    data: list[dict[str, Any]] = [{"image": str(file)} for file in (*same, tmp_path / "stack.tif")]
    data[2] |= {"page": 1}
    if complete:
        data = [{"file": one["image"], "page": 0, "pages": 1, "name": Path(one["image"]).stem} | one for one in data]
        data[2] |= {"pages": 3}
    with pytest.raises(SystemExit, match="2"):
        segment(tmp_path / "out", data)
    failed = (tmp_path / "out" / "failed.csv").read_text()
    assert f"found the same name as {same[1]}" in failed
    assert "found 1 of 3 pages, expected all, or an item without `page`." in failed
    assert not list((tmp_path / "out").glob("*.tif"))


def test_options_of_images_count_for_data_of_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    color = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "color.tif", color, photometric="rgb")
    segment(tmp_path / "out", [tmp_path / "color.tif"], channels="luminance", pixel_size=0.5)
    assert describe(tmp_path / "out" / "color_labels.tif").pixel_size == pytest.approx((0.5, 0.5))
    parser = parser_of("dendrite", channels="luminance")
    assert parser.get_parsed_content("preprocessing")({"image": str(tmp_path / "color.tif")})["image"].shape[0] == 1
    with pytest.warns(UserWarning, match=r"1 image without a pixel size: 0\.19 µm is assumed"):
        segment(tmp_path / "cells", [image_of(tmp_path)], "hela_track")
    assert "Pixel size 0.19 µm, rescaled to 0.38 µm" in capsys.readouterr().out


def test_a_data_set_of_a_program_is_segmented(tmp_path: Path) -> None:
    options = FAST_INFERENCE["dendrite"] | {"output_dir": str(tmp_path / "out")}
    workflow = ConfigWorkflow(config("dendrite", "inference"), workflow_type="infer", **options)
    workflow.initialize()
    transform = workflow.parser.get_parsed_content("preprocessing")
    workflow.dataset = Dataset([{"image": str(image_of(tmp_path, name="own"))}], transform)
    workflow.initialize()
    workflow.run()
    assert [file.name for file in (tmp_path / "out").glob("*_mask.tif")] == ["own_mask.tif"]


@pytest.mark.parametrize("bundle", ["dendrite", "hela_track"])
def test_a_label_tool_trains(bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its images and labels, and shipped weights to begin with; nothing is said of the sample data."""
    root, before = (
        ROOT / "bundles" / bundle,
        (sys.excepthook, len(warnings.filters), torch.backends.cudnn.deterministic),
    )
    data = [{"image": str(image_of(tmp_path, name=name)), "label": str(tmp_path / "label.tif")} for name in "ab"]
    write_image(tmp_path / "label.tif", (read_image(tmp_path / "a.tif") > 140).astype(np.uint8))
    load = {
        "_target_": "CheckpointLoader",
        "load_path": str(root / "models/model.pt"),
        "load_dict": {"model": "$@network"},
    }
    handlers = [
        load | {"strict": False},
        *ConfigParser.load_config_file(config(bundle, "train")[0])["train"]["handlers"],
    ]
    given = {"train#dataset#data": data, "validate#dataset#data": data[:1], "train#trainer#max_epochs": 1}
    given |= {
        "bundle_root": str(root),
        "device": "cpu",
        "train#handlers": handlers,
        "output_dir": str(tmp_path / "out"),
    }
    small = {name: value for name, value in SMALL[bundle].items() if name not in NETWORK.get(bundle, {})}
    run(run_id="run", init_id=None, final_id=None, config_file=config(bundle, "train")[0], **small, **given)
    assert "Images: 2 training, 1 validation, from the calling program" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["data"] == []
    assert record["command"].startswith("from Python: ")
    assert (sys.excepthook, len(warnings.filters), torch.backends.cudnn.deterministic) == before


@pytest.mark.parametrize("reader", ["ReadLabeld", "ReadInstancesd"])
def test_a_label_of_another_size_is_refused(reader: str, tmp_path: Path) -> None:
    write_image(tmp_path / "label.tif", np.zeros((90, 100), np.uint8))
    item = ReadImaged("image")({"image": str(image_of(tmp_path)), "label": str(tmp_path / "label.tif")})
    with pytest.raises(InputError, match="found 90 × 100 pixels, expected 96 × 100 as in its image"):
        getattr(custom.transforms, reader)("label")(item)


def test_keywords_count_and_not_the_arguments_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a loop over folders: each call has its own input and output."""
    monkeypatch.setattr(sys, "argv", ["server.py", "--input", "elsewhere", "--output_dir", "nowhere"])
    for name in ("a", "b"):
        image_of(tmp_path / name, name=name)
        options = FAST_INFERENCE["dendrite"] | {
            "input": str(tmp_path / name),
            "output_dir": str(tmp_path / "out" / name),
        }
        workflow = create_workflow("ConfigWorkflow", config_file=config("dendrite", "inference"), **options)
        workflow.run()
        assert [file.name for file in (tmp_path / "out" / name).glob("*_mask.tif")] == [f"{name}_mask.tif"]


@pytest.mark.parametrize("bundle", BUNDLES)
def test_training_items_need_an_image_and_a_label(bundle: str, tmp_path: Path) -> None:
    file = image_of(tmp_path)
    write_image(tmp_path / "label.tif", (read_image(file) > 140).astype(np.uint8))
    parser = ConfigParser()
    parser.read_config(config(bundle, "train")[0])
    parser.update({"bundle_root": str(ROOT / "bundles" / bundle), "device": "cpu"} | NETWORK.get(bundle, {}))
    parser["train"]["dataset"]["data"] = [{"image": str(file), "label": str(tmp_path / "label.tif")}]
    sample = parser.get_parsed_content("train#dataset")[0]
    sample = sample[0] if isinstance(sample, list) else sample
    assert set(np.unique(sample["label"][0]).tolist()) <= {0, 1, 255}  # hela_track: followed by weights


@pytest.mark.parametrize("label", [[0, 7], [0, 1, 300], [3, 4]])
def test_labels_without_a_rule_are_class_numbers_or_refused(label: list[int], tmp_path: Path) -> None:
    from custom.transforms import ReadLabeld

    write_image(tmp_path / "label.tif", np.array([label], np.uint16))
    with pytest.raises(InputError, match="no rule for them, expected class numbers 0 to 1, or 0 and 255"):
        ReadLabeld("label")({"label": str(tmp_path / "label.tif")})


def test_labels_without_a_rule_may_lack_a_class(tmp_path: Path) -> None:
    from custom.transforms import ReadLabeld

    write_image(tmp_path / "label.tif", np.array([[0, 2, 4]], np.uint8))
    read = ReadLabeld("label", classes=5)({"label": str(tmp_path / "label.tif")})
    assert read["label"].tolist() == [[[0, 2, 4]]]


def test_a_command_runs_in_any_locale(tmp_path: Path) -> None:
    files = [file for file in (ROOT / "bundles").glob("*/configs/*") if file.is_file()]
    assert [file for file in files if not file.read_bytes().isascii()] == []
    words = ("--config_file", *config("hela_track", "inference"), "--input", str(image_of(tmp_path)))
    command = [sys.executable, "-m", "monai.bundle", "run", "inference", *words, "--output_dir", str(tmp_path / "out")]
    environment = ENVIRONMENT | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"Pixel size 0.19 ?m, rescaled to 0.38 ?m" in done.stdout
