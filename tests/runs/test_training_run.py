"""What surrounds a training run changes nothing in what the network learns, and is one entry of a config."""

from __future__ import annotations

import json
from pathlib import Path

import bundle_runs
import pytest
from bundle_runs import same, weights

from custom.errors import find_input_error
from custom.runs._training_run import _warn_of_common_images
from custom.samples import make_samples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_samples("dendrite", tmp_path_factory.mktemp("data")))


def test_without_it_the_trainer_learns_the_same(data: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text("training:\n  - $custom.begin(@device, @seed)\n  - $@train#trainer.run()\n")
    bundle_runs.train("dendrite", data, tmp_path / "whole")
    bundle_runs.train("dendrite", data, tmp_path / "alone", alone)
    for name in ("model.pt", "checkpoint_last.pt"):
        files = (tmp_path / run / name for run in ("whole", "alone"))
        whole, bare = (weights(file) for file in files)
        for checkpoint in (whole, bare):
            checkpoint.pop("within", None)
        assert same(whole, bare)
    written = {run: {file.name for file in (tmp_path / run).iterdir()} for run in ("whole", "alone")}
    surrounding = {"history.csv", "history.png", "pictures", "report.html", "run.json"}
    assert surrounding <= written["whole"]
    assert not surrounding & written["alone"]


def test_run_json_records_every_part_of_a_resumed_run(data: Path, tmp_path: Path) -> None:
    options = {"max_epochs": 2, "checkpoint_minutes": 0, "size": 32, "batch_size": 14}
    stop = tmp_path / "stop.yaml"
    stop.write_text(
        "imports:\n  - $import custom\n  - $import bundle_runs\n"
        "+train#handlers:\n  - {_target_: bundle_runs.StopAt, iteration: 1}\n"
    )
    with pytest.raises(SystemExit):
        bundle_runs.train("dendrite", data, tmp_path / "out", stop, **options)
    assert (tmp_path / "out" / "run_parts.json").is_file()
    with pytest.raises(Exception, match="Failed to") as error:
        bundle_runs.train("dendrite", data, tmp_path / "out", **options, resume=True, learning_rate=0.3)
    assert "expected --learning_rate 0.01, not 0.3" in (find_input_error(error.value) or "")
    bundle_runs.train("dendrite", data, tmp_path / "out", **(options | {"batch_size": 20}), resume="true")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [(part["from_epoch"], part["batch_size"]) for part in record["parts"]] == [(1, 14), (1, 20)]
    assert record["options"]["learning_rate"] == 0.01
    assert record["images_sha256"]["training"] == record["parts"][0]["images"]["training"]["sha256"]
    assert not (tmp_path / "out" / "run_parts.json").exists()


def test_validation_images_that_are_also_trained_on_are_noted() -> None:
    items = [{"image": "a.tif", "page": page} for page in range(3)]
    with pytest.warns(UserWarning, match="1 of 2 validation images are also training images"):
        _warn_of_common_images(items[:2], items[1:])


def test_the_folder_is_free_afterwards_even_after_an_error(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Failed to"):
        bundle_runs.train("dendrite", data, tmp_path / "out", learning_rate=1e30)
    bundle_runs.train("dendrite", data, tmp_path / "out", max_epochs=1)
    assert (tmp_path / "out" / "model.pt").is_file()
