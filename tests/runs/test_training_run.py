"""What surrounds a training run changes nothing in what the network learns, and is one entry of a config."""

from __future__ import annotations

from pathlib import Path

import bundle_runs
import pytest
from bundle_runs import same, weights

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


def test_the_folder_is_free_afterwards_even_after_an_error(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Failed to"):
        bundle_runs.train("dendrite", data, tmp_path / "out", learning_rate=1e30)
    bundle_runs.train("dendrite", data, tmp_path / "out", max_epochs=1)
    assert (tmp_path / "out" / "model.pt").is_file()
