"""hela_track from end to end: splitting of cells, stored weight maps, gold truth, frozen normalization."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bundle_runs import SMALL, config, evaluate, infer, same, train, weights
from monai.bundle import ConfigWorkflow

from custom.samples import make_samples

ONE = {"max_epochs": 1, "batch_size": 12}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_samples("hela_track", tmp_path_factory.mktemp("samples") / "data")


@pytest.fixture(scope="module")
def trained(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train("hela_track", samples, tmp_path_factory.mktemp("trained"), **ONE)


def scores(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def with_borders(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train("hela_track", samples, tmp_path_factory.mktemp("borders"), separation="borders", **ONE)


@pytest.mark.parametrize(("separation", "outputs"), [("components", 2), ("borders", 3)])
def test_other_separations(
    separation: str, outputs: int, samples: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    weights = request.getfixturevalue("trained" if outputs == 2 else "with_borders") / "model.pt"
    evaluate("hela_track", samples, tmp_path / "scores", weights, separation=separation, splits=["test"])
    frame = samples / "02" / "t009.tif"
    output = infer("hela_track", frame, tmp_path / "out", weights, separation=separation)
    probability = tifffile.imread(output / "t009_probability.tif")
    assert probability.shape == (outputs, *tifffile.imread(frame).shape)
    mask, labels = (tifffile.imread(output / f"t009_{kind}.tif") for kind in ("mask", "labels"))
    assert np.array_equal(mask == 255, labels > 0)


def test_three_outputs_read_as_components(samples: Path, with_borders: Path, tmp_path: Path) -> None:
    """A row of the table of separations in docs/README.md."""
    options = {"separation": "components", "network_def#out_channels": 3, "truth": "silver", "splits": ["validation"]}
    output = evaluate("hela_track", samples, tmp_path, with_borders / "model.pt", **options)
    assert len(scores(output)) == 8


def test_stored_weight_maps_change_nothing(samples: Path, trained: Path, tmp_path: Path) -> None:
    data = shutil.copytree(samples, tmp_path / "data")
    for run in ("first", "second"):
        train("hela_track", data, tmp_path / run, precompute="true", **ONE)
        assert same(weights(tmp_path / run / "model.pt"), weights(trained / "model.pt"))
    stored = [sorted((data / f"{sequence}_ST" / "WEIGHT_MAPS").glob("weight_map_*.npy")) for sequence in ("01", "02")]
    assert [len(maps) for maps in stored] == [len(list((data / "01").glob("*.tif"))), 8]


def test_gold_truth_scores_what_is_annotated(samples: Path, trained: Path, tmp_path: Path) -> None:
    """Frames in which a marker has no cell have no Dice; without markers, all frames count."""
    data = shutil.copytree(samples, tmp_path / "data")
    marked = scores(evaluate("hela_track", data, tmp_path / "marked", trained / "model.pt"))
    for sequence in ("01", "02"):
        shutil.rmtree(data / f"{sequence}_GT" / "TRA")
    unmarked = scores(evaluate("hela_track", data, tmp_path / "unmarked", trained / "model.pt"))
    assert [row["image"] for row in marked] == [row["image"] for row in unmarked]
    assert [row["seg"] for row in marked] == [row["seg"] for row in unmarked]
    assert {row["dice"] == "nan" for row in marked} == {True, False}
    assert all(float(row["dice"]) >= 0 for row in unmarked)


def test_resumed_where_normalization_is_frozen(samples: Path, tmp_path: Path) -> None:
    """The last two of three epochs; interrupted after the second."""
    plan = {"max_epochs": 3, "frozen_fraction": 0.67, "batch_size": 12}
    unbroken = train("hela_track", samples, tmp_path / "unbroken", **plan)
    broken = train("hela_track", samples, tmp_path / "broken", **plan, **{"train#trainer#max_epochs": 2})
    train("hela_track", samples, broken, **plan, resume="true")
    assert same(weights(broken / "checkpoint_last.pt"), weights(unbroken / "checkpoint_last.pt"))


def test_the_optimizer_of_the_paper_is_one_option_away(samples: Path) -> None:
    options = SMALL["hela_track"] | {"dataset_dir": str(samples), "optimization": "sgd", "learning_rate": 0.01}
    workflow = ConfigWorkflow(config("hela_track", "train"), **options)
    workflow.initialize()
    optimizer = workflow.parser.get_parsed_content("optimizer")
    assert type(optimizer).__name__ == "SGD"
    assert (optimizer.defaults["momentum"], optimizer.defaults["lr"]) == (0.99, 0.01)
