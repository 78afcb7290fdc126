"""What a user can get wrong, through the bundles: one sentence with file, found and expected; nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import command, config, evaluate, infer, train, weights
from PIL import Image

from custom import make_samples
from custom.errors import find_input_error

GRAY = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return make_samples("dendrite", tmp_path_factory.mktemp("data") / "sample")


@pytest.fixture(scope="module")
def weights_file(samples, tmp_path_factory):
    return train("dendrite", samples, tmp_path_factory.mktemp("run"), max_epochs=1) / "model.pt"


@pytest.fixture
def data(samples, tmp_path):
    return shutil.copytree(samples, tmp_path / "data")


def edit_manifest(data: Path, **changes: object) -> None:
    file = data / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def remove_masks(data: Path) -> str:
    for file in (data / "mask").iterdir():
        file.unlink()
    return "no pair"


def crop_mask(data: Path) -> str:
    file = data / "mask" / "3_mask.png"
    Image.fromarray(np.asarray(Image.open(file))[:-1]).save(file)
    return "3_mask.png"


def undeclared_values(data: Path) -> str:
    file = data / "mask" / "2_mask.png"
    mask = np.asarray(Image.open(file)).copy()
    mask[0, :3] = (7, 8, 9)
    Image.fromarray(mask).save(file)
    return "7, 8, 9 (3 value(s), 3 pixel(s))"


def truncate_image(data: Path) -> str:
    file = data / "image" / "5.png"
    file.write_bytes(file.read_bytes()[:2000])
    return "5.png"


def colour_image(data: Path) -> str:
    file = data / "image" / "4.png"
    gray = np.asarray(Image.open(file))
    Image.fromarray(np.dstack([gray, gray, 255 - gray])).save(file)
    return "luminance"


def nan_image(data: Path) -> str:
    file = data / "image" / "6.png"
    image = np.asarray(Image.open(file)).astype(np.float32)
    image[3, 4] = np.nan
    tifffile.imwrite(file.with_suffix(".tif"), image)
    file.unlink()
    return "6.tif"


def empty_file(data: Path) -> str:
    (data / "image" / "8.png").write_bytes(b"")
    return "8.png"


def two_candidates(data: Path) -> str:
    shutil.copy(data / "image" / "1.png", data / "image" / "cell_1.png")
    return "1.png and cell_1.png"


def unknown_key(data: Path) -> str:
    edit_manifest(data, lable="mask")
    return "'label'"


def overlapping_splits(data: Path) -> str:
    edit_manifest(data, splits={"train": {"numbers": [1, 2]}, "validation": {"numbers": [2]}})
    return "both train and validation"


def no_validation(data: Path) -> str:
    edit_manifest(data, splits={"train": {"numbers": [1, 2]}})
    return "validation"


FAULTS = [
    remove_masks,
    crop_mask,
    undeclared_values,
    truncate_image,
    colour_image,
    nan_image,
    empty_file,
    two_candidates,
    unknown_key,
    overlapping_splits,
    no_validation,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_training_on_faulty_data(fault, data, tmp_path):
    expected = fault(data)
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        train("dendrite", data, tmp_path / "out")
    sentence = find_input_error(caught.value)
    assert sentence is not None
    assert expected in sentence
    assert str(data) in sentence
    assert "expected" in sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"best_by": "metrics"}, "did you mean metric?"),
        ({"spatial_mode": "tile"}, "did you mean tiles?"),
        ({"resume": "maybe"}, "'maybe'"),
        ({"resume": True}, "checkpoint_last.pt"),
        ({"manifest": "isbi"}, "isbi2012"),
        ({"dataset_dir": "nowhere"}, "nowhere"),
        ({"device": "gpu"}, "expected cpu"),
        ({"threshold": 50}, "--threshold: found 50"),
    ],
)
def test_wrong_options_of_training(options, expected, samples, tmp_path):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        train("dendrite", samples, tmp_path / "out", **options)
    assert expected in (find_input_error(caught.value) or "")
    assert not list(tmp_path.rglob("*.pt"))


def test_splits_by_name(samples, weights_file, tmp_path):
    evaluate("dendrite", samples, tmp_path / "out", weights_file, splits="test")
    assert list(json.loads((tmp_path / "out" / "scores.json").read_text())["splits"]) == ["test"]
    with pytest.raises(Exception) as caught:  # noqa: PT011
        evaluate("dendrite", samples, tmp_path / "out", weights_file, splits=["testing"])
    assert "'testing'" in (find_input_error(caught.value) or "")


def test_resume_with_another_number_of_epochs(samples, tmp_path):
    train("dendrite", samples, tmp_path, max_epochs=2, **{"train#trainer#max_epochs": 1})
    with pytest.raises(Exception) as caught:  # noqa: PT011
        train("dendrite", samples, tmp_path, max_epochs=3, resume="true")
    assert "--max_epochs 2" in (find_input_error(caught.value) or "")


def damaged(file: Path, source: Path) -> str:
    file.write_bytes(source.read_bytes()[:5000])
    return "a damaged file"


def of_another_bundle(file: Path, source: Path) -> str:
    import torch

    torch.save({"other.weight": torch.zeros(2)}, file)
    return "weights of another network"


@pytest.mark.parametrize("fault", [damaged, of_another_bundle])
def test_wrong_weights(fault, samples, weights_file, tmp_path):
    file = tmp_path / "model.pt"
    expected = fault(file, weights_file)
    shutil.copy(weights_file.with_name("threshold.json"), tmp_path)
    Image.fromarray(GRAY).save(tmp_path / "x.png")
    for run in (
        lambda: infer("dendrite", tmp_path / "x.png", tmp_path / "out", file),
        lambda: evaluate("dendrite", samples, tmp_path / "out", file),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            run()
        sentence = find_input_error(caught.value) or ""
        assert expected in sentence
        assert str(file) in sentence
    assert not (tmp_path / "out").exists()


def test_weights_without_threshold_ask_for_one(weights_file, tmp_path):
    shutil.copy(weights_file, tmp_path)
    Image.fromarray(GRAY).save(tmp_path / "x.png")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        infer("dendrite", tmp_path / "x.png", tmp_path / "out", tmp_path / "model.pt")
    assert "--threshold" in (find_input_error(caught.value) or "")
    infer("dendrite", tmp_path / "x.png", tmp_path / "out", tmp_path / "model.pt", threshold=0.5)
    assert (tmp_path / "out" / "x_mask.tif").is_file()


class TestAsTyped:
    """Through the real command line: exit code 1, one sentence, no traceback."""

    def check(self, result, *expected: str) -> None:
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1
        for text in expected:
            assert text in errors[0]

    def test_missing_folder(self, tmp_path):
        options = ["--dataset_dir", "nowhere", "--output_dir", "out"]
        result = command("training", "--config_file", *config("dendrite", "train"), *options, cwd=tmp_path)
        self.check(result, str(tmp_path / "nowhere"), "found nothing")
        assert not (tmp_path / "out").exists()

    def test_misspelt_option(self, tmp_path):
        options = ["--max_epoch", "3", "--output_dir", "out"]
        result = command("training", "--config_file", *config("dendrite", "train"), *options, cwd=tmp_path)
        self.check(result, "--max_epoch:", "--max_epochs")
        assert not (tmp_path / "out").exists()

    def test_missing_image(self, tmp_path):
        result = command(
            "inference", "--config_file", *config("neuron_em", "inference"), "--input", "x.tif", cwd=tmp_path
        )
        self.check(result, str(tmp_path / "x.tif"))

    def test_error_in_a_loader_s_worker(self, data, tmp_path):
        fault = undeclared_values(data)
        options = ["--dataset_dir", str(data), "--output_dir", "out", "--num_workers", "2", "--cache_rate", "0"]
        result = command("training", "--config_file", *config("dendrite", "train"), *options, cwd=tmp_path)
        self.check(result, "2_mask.png", fault)
        assert not list(tmp_path.rglob("*.pt"))

    def test_a_fault_of_ours_keeps_its_traceback(self, samples, tmp_path):
        options = ["--dataset_dir", str(samples), "--output_dir", "out", "--batch_size", "[]"]
        result = command("training", "--config_file", *config("dendrite", "train"), *options, cwd=tmp_path)
        assert result.returncode == 1
        assert "Traceback" in result.stderr


def test_unpaired_files_are_named_and_left_out(data, tmp_path, capsys):
    shutil.copy(data / "image" / "1.png", data / "image" / "99.png")
    output = train("dendrite", data, tmp_path / "out", max_epochs=1)
    assert "Note: 1 file(s) without a partner are left out: image/99.png" in capsys.readouterr().err
    assert weights(output / "checkpoint_last.pt")["trainer"]["epoch"] == 1
