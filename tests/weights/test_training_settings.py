"""Options that must be the same in training and in use are stored with the weights and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bundle_runs import BUNDLES, ROOT, config, evaluate, infer, train
from monai.bundle import ConfigParser

from custom.errors import InputError, find_input_error
from custom.samples import make_samples
from custom.weights import find_weights, write_settings


def test_the_same_settings_pass(tmp_path: Path) -> None:
    write_settings(tmp_path / "settings.json", {"size": 0.1, "classes": ["a", "b"], "other": 1})
    find_weights(tmp_path / "model.pt", size=0.1, classes=["a", "b"], unknown=3)


@pytest.mark.parametrize(("name", "value"), [("size", 0.2), ("classes", ["b", "a"])])
def test_another_value_is_refused(name: str, value: object, tmp_path: Path) -> None:
    stored = {"size": 0.1, "classes": ["a", "b"]}
    write_settings(tmp_path / "settings.json", stored)
    with pytest.raises(InputError) as error:
        find_weights(tmp_path / "model.pt", **{name: value})
    weights = tmp_path / "model.pt"
    assert str(error.value) == f"--{name}: found {value}, expected {stored[name]}, as in the training of {weights}."


@pytest.mark.parametrize("name", ["settings.json", "threshold.json", "reference.json"])
def test_files_of_another_bundle_are_refused(name: str, tmp_path: Path) -> None:
    write_settings(tmp_path / name, {"bundle": "vesicle", "threshold": 0.5})
    assert find_weights(tmp_path / "model.pt", bundle="vesicle") == tmp_path / "model.pt"
    with pytest.raises(InputError, match=rf"model\.pt: found weights of vesicle \({name}\), expected .* cytoskeleton"):
        find_weights(tmp_path / "model.pt", bundle="cytoskeleton")
    write_settings(tmp_path / name, {"threshold": 0.5})  # by an older version
    find_weights(tmp_path / "model.pt", bundle="cytoskeleton")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_config_refuses_weights_of_another_bundle(bundle: str) -> None:
    """The shipped ones; the network does not run."""
    other = next(name for name in BUNDLES if name != bundle)
    weights = ROOT / "bundles" / other / "models" / "model.pt"
    kinds = [["inference"], ["train", "evaluate"]] + (
        [["track"], ["track", "evaluate_track"]] * (bundle == "hela_track")
    )
    for names in kinds:
        parser = ConfigParser()
        parser.read_config(config(bundle, *names))
        parser.update({"bundle_root": str(ROOT), "dataset_dir": "", "ckpt_path": str(weights)})
        with pytest.raises(RuntimeError) as error:
            parser.get_parsed_content("weights")
        assert f"found weights of {other}" in (find_input_error(error.value) or "")


@pytest.mark.parametrize("file", sorted((ROOT / "bundles").rglob("models/**/model.pt")), ids=str)
def test_shipped_files_name_their_bundle(file: Path) -> None:
    bundle = file.relative_to(ROOT).parts[1]
    for name in ("settings.json", "reference.json", "threshold.json"):
        if (name, bundle) != ("threshold.json", "tem"):
            assert json.loads(file.with_name(name).read_text())["bundle"] == bundle


def test_weights_without_settings_are_not_checked(tmp_path: Path) -> None:
    find_weights(tmp_path / "model.pt", size=1)


@pytest.mark.parametrize("content", ["", "[1]", "{", '[["a", 1]]'])
def test_a_broken_file(content: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(content)
    with pytest.raises(InputError, match=r"settings\.json: found .*, expected a JSON object"):
        find_weights(tmp_path / "model.pt", size=1)


def test_the_normalization_is_that_of_the_weights(tmp_path: Path) -> None:
    """In inference and in evaluation; another one is refused, and the error names the option."""
    data = make_samples("vesicle", tmp_path / "data")
    run = train("vesicle", data, tmp_path / "run", max_epochs=1, input_normalization="zscore")
    assert json.loads((run / "settings.json").read_text())["input_normalization"] == "zscore"
    for name in ("settings.json", "threshold.json", "reference.json"):
        assert json.loads((run / name).read_text())["bundle"] == "vesicle"
    for use in (infer, evaluate):
        with pytest.raises(Exception, match="Failed to") as error:
            use("vesicle", data, tmp_path / "out", run / "model.pt", input_normalization="log")
        assert "--input_normalization: found log, expected zscore" in (find_input_error(error.value) or "")
    (out,) = (infer("vesicle", next(data.rglob("*.tif")), tmp_path / "out", run / "model.pt"),)
    assert list(out.glob("*_mask.tif"))
