"""The runs `tracking` and `evaluating_tracks` of hela_track, from end to end on its sample data."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import yaml
from bundle_runs import SMALL, command, config
from monai.bundle import run
from PIL import Image

from custom.errors import find_input_error
from custom.networks import ValidUNet
from custom.samples import make_samples
from custom.score import ctc, score_folders
from custom.tracking import LinkingSettings, open_labels, validate


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("hela_track", tmp_path_factory.mktemp("samples") / "data")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return weights of a small untrained network, with a threshold that some of its output reaches."""
    file = tmp_path_factory.mktemp("weights") / "model.pt"
    torch.manual_seed(0)
    network = ValidUNet(in_channels=1, out_channels=2, width=2, norm=("batch", {"momentum": 0.05}))
    torch.save(network.state_dict(), file)
    file.with_name("threshold.json").write_text('{"threshold": 0.5}')
    return file


def track(samples: Path, output: Path, **options: Any) -> Path:
    """Run `tracking`."""
    settings = {"dataset_dir": str(samples), "output_dir": str(output), "width": 2} | options
    run("tracking", config_file=config("hela_track", "track"), **settings)
    return output


def read(name: str) -> dict[str, Any]:
    """Return a config of the bundle without evaluation."""
    return yaml.safe_load(Path(*config("hela_track", name)).read_text(encoding="utf-8"))


# -------------------------------------------------------------------------------------------------------------- configs


def test_cells_are_those_of_the_inference() -> None:
    """Network, inferer, transforms, ways to split cells, and the default of every option they share."""
    tracking, inference = read("track"), read("inference")
    own = {"imports", "output_dir", "weights", "cut", "handlers", "evaluator", "run"}
    inference["postprocessing"]["transforms"].pop()  # class numbers, for label tools
    shared = (tracking.keys() & inference.keys()) - own
    assert shared >= {
        "network_def",
        "preprocessing",
        "postprocessing",
        "inferer",
        "separations",
        "instances",
        "min_area",
    }
    assert {key: tracking[key] for key in shared} == {key: inference[key] for key in shared}
    own = {"val_data_loader", "iteration_update"}  # inference continues after a broken image, tracking does not
    evaluators = [
        {key: value for key, value in found["evaluator"].items() if key not in own} for found in (tracking, inference)
    ]
    assert evaluators[0] == evaluators[1]


def test_what_is_scored_is_what_users_get() -> None:
    """The evaluation is tracking of sequences with a truth."""
    tracking, evaluation = read("track"), read("evaluate_track")
    assert evaluation.keys() - tracking.keys() == {"sequences", "data_set", "plan#truth", "evaluating_tracks"}
    assert evaluation.keys() & tracking.keys() == {"input", "output_dir", "movies", "run"}
    assert evaluation["evaluating_tracks"] == "%tracking"


def test_every_setting_of_the_linking_is_an_option() -> None:
    """Except the pixel size, which is that of the frames."""
    tracking = read("track")
    settings = {field.name for field in fields(LinkingSettings)} - {"spacing"}
    assert tracking["linking"] == {"_target_": "custom.tracking.LinkingSettings"} | {
        name: f"@{name}" for name in settings
    }
    assert LinkingSettings(**{name: tracking[name] for name in settings}) == LinkingSettings(min_length=3)


# ------------------------------------------------------------------------------------------------------------- tracking


def test_from_frames_to_a_valid_result(
    samples: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"ckpt_path": str(weights), "frames": "3-5", "min_area": 100, "margin": 10}
    output = track(samples, tmp_path / "out", **options)
    assert validate(output / "02_RES") == []
    assert open_labels(output / "02_RES").frames == open_labels(output / "02_instances").frames == (3, 4, 5)
    assert all(labels.max() > 1 for _, labels in open_labels(output / "02_instances"))
    said = capsys.readouterr().out
    assert f"Tracking 02: frames 3 to 5 of {samples / '02'}" in said
    assert f"hela_track on CPU with {weights}, threshold 0.50." in said
    assert "within 10 pixels of the border" in said
    assert f"Look at: {output / '02_report' / 'report.html'}" in said
    assert (output / "02_report" / "report.html").stat().st_size > 10_000


def test_cells_of_the_silver_truth_are_linked_as_in_the_gold_truth(samples: Path, tmp_path: Path) -> None:
    """Without weights, as masks are given."""
    output = track(samples, tmp_path, masks=str(samples / "02_ST"), margin=0, ckpt_path="nowhere.pt")
    assert validate(output / "02_RES") == []
    assert not (output / "02_instances").exists()
    scores = score_folders(samples / "02_GT", output / "02_RES").numbers
    assert scores["DET"] == scores["BC(0)"] == 1
    assert scores["LNK"] >= 0.99
    assert scores["SEG"] > 0.9


def test_stacks(samples: Path, tmp_path: Path) -> None:
    for name, files in (("cells", "02/t*.tif"), ("masks", "02_ST/SEG/*.tif")):
        pages = np.stack([tifffile.imread(file) for file in sorted(samples.glob(files))[:3]])
        tifffile.imwrite(tmp_path / f"{name}.tif", pages, photometric="minisblack")
    options = {"input": str(tmp_path / "cells.tif"), "masks": str(tmp_path / "masks.tif"), "margin": 0}
    output = track(samples, tmp_path / "out", **options)
    assert validate(output / "cells_RES") == []
    folders = track(samples, tmp_path / "folders", masks=str(samples / "02_ST"), margin=0, frames="0-2")
    for frame, labels in open_labels(output / "cells_RES"):
        np.testing.assert_array_equal(labels, open_labels(folders / "02_RES").read(frame))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"margin": 200}, "256 × 256 pixels, which a margin of 200 covers"),
        ({"frames": "20-30"}, "--frames: found 20-30, expected some of 0-15"),
        ({"max_gap": -1}, "max_gap: found -1"),
        ({"solver": "magic"}, "solver: found 'magic', expected assignment or ilp"),
        ({"geff": "maybe"}, "--geff: found 'maybe', expected true or false"),
        ({"separation": "border"}, "did you mean borders?"),
        ({"ckpt_path": "nowhere.pt", "threshold": 0.5}, "nowhere.pt: found nothing, expected a checkpoint"),
        ({"width": 4}, "weights of another network"),
        ({"input": "nowhere"}, "nowhere: found nothing, expected a folder of frames, or a stack"),
        ({"masks": "nowhere"}, "nowhere: found nothing, expected a folder of label images, or a stack"),
    ],
)
def test_what_users_get_wrong(
    samples: Path, weights: Path, tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        track(samples, tmp_path / "out", **{"ckpt_path": str(weights)} | options)
    assert expected in (find_input_error(caught.value) or "")
    assert not (tmp_path / "out").exists()


def test_an_evaluation_takes_its_movies_from_the_data_set(samples: Path, tmp_path: Path) -> None:
    settings = {"dataset_dir": str(samples), "output_dir": str(tmp_path / "out"), "input": "frames"}
    with pytest.raises(Exception, match="Failed to") as caught:
        run("evaluating_tracks", config_file=config("hela_track", "track", "evaluate_track"), **settings)
    assert (find_input_error(caught.value) or "").startswith("--input: found frames, expected --dataset_dir")


# ----------------------------------------------------------------------------------------------------------- evaluation


def test_scores_are_those_of_the_command(
    samples: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"dataset_dir": str(samples), "output_dir": str(tmp_path / "out"), "ckpt_path": str(weights)}
    settings |= {"sequences": ["01", "02"], "frames": "1-3", "width": 2, "min_area": 100, "margin": 10}
    run("evaluating_tracks", config_file=config("hela_track", "track", "evaluate_track"), **settings)
    said = capsys.readouterr().out
    assert f"Truth: {samples}" in said
    assert said.index("01_report/report.html") < said.index("02_report/report.html") < said.index("Against gold truth:")
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    truths = str([str(samples / name) for name in ("01_GT", "02_GT")])
    results = str([str(tmp_path / "out" / name) for name in ("01_RES", "02_RES")])
    ctc(truths, results, json=str(tmp_path / "ctc.json"), frames="1-3", warping=True)
    expected = json.loads((tmp_path / "ctc.json").read_text())
    names = {"01_RES": "01", "02_RES": "02"}
    assert scores["gold"] == {names[name]: numbers for name, numbers in expected["sequences"].items()} | {
        name: expected[name] for name in ("mean", "pooled")
    }
    assert set(scores["silver"]) == {"01", "02", "mean", "pooled"}
    for name in ("01", "02"):
        assert validate(tmp_path / "out" / f"{name}_RES") == []
        assert (tmp_path / "out" / f"{name}_report" / "errors.csv").is_file()
    assert [file.name for file in (tmp_path / "out" / "02_report" / "comparison").iterdir()] == ["frame_001.png"]


# ---------------------------------------------------------------------------------------------------- as users type it


def test_sequences_as_typed_from_another_folder(samples: Path, weights: Path, tmp_path: Path) -> None:
    options = ["--dataset_dir", str(samples), "--sequences", "01", "--frames", "2-3", "--output_dir", "2024_05"]
    options += ["--ckpt_path", str(weights), "--width", "2", "--geff", "true"]
    files = ",".join(f"'{file}'" for file in config("hela_track", "track", "evaluate_track"))
    result = command("evaluating_tracks", "--config_file", f"[{files}]", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert f"Results: {tmp_path / '2024_05'}" in result.stdout
    assert validate(tmp_path / "2024_05" / "01_RES") == []
    assert (tmp_path / "2024_05" / "01_report" / "tracks.geff").is_dir()


# --------------------------------------------------------------------------------------------------------- augmentation


def test_show_augmentation(samples: Path, tmp_path: Path) -> None:
    settings = SMALL["hela_track"] | {"dataset_dir": str(samples), "output_dir": str(tmp_path)}
    run("show_augmentation", config_file=config("hela_track", "train"), **settings)
    assert [file.name for file in tmp_path.glob("*.png")] == ["augmentation.png"]
    assert np.asarray(Image.open(tmp_path / "augmentation.png")).std() > 10
