"""Bundles as other programs use them: single ids of a parser, keywords, data of their own, other locales."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import yaml
from bundle_runs import BUNDLES, ENVIRONMENT, FAST_INFERENCE, NETWORK, ROOT, config
from monai.bundle import ConfigParser, ConfigWorkflow, create_workflow, run

from custom.errors import InputError
from custom.images import read_image, write_image

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


def test_configs_are_read_in_any_locale() -> None:
    files = [file for file in (ROOT / "bundles").glob("*/configs/*") if file.is_file()]
    assert [file for file in files if not file.read_bytes().isascii()] == []
    code = f"from monai.bundle import ConfigParser; ConfigParser.load_config_file({config('tem', 'inference')[0]!r})"
    environment = ENVIRONMENT | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
