"""The records of a run in TensorBoard and MLflow, read back by their own readers and compared with ``history.csv``."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import bundle_runs
import numpy as np
import pytest
from monai.bundle import ConfigWorkflow
from monai.utils import path_to_sqlite_uri
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from custom.errors import InputError
from custom.runs._mlflow import _end_unfinished
from custom.runs._overrides import check_overrides
from custom.samples import make_samples
from custom.training._training_events import remove_later_events

SHORT = {"max_epochs": 2}  # of dendrite: two iterations in an epoch
WEIGHTS = bundle_runs.ROOT / "bundles" / "dendrite" / "models" / "model.pt"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_samples("dendrite", tmp_path_factory.mktemp("data")))


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def curves_of_history(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return name → (epoch, value) of each epoch that has one."""
    rows = history(folder)
    names = [name for name in rows[0] if name not in ("epoch", "seconds")]
    return {name: [(int(row["epoch"]), float(row[name])) for row in rows if row[name]] for name in names}


def events(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0}).Reload()


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return tag → (step, value) of all events in a folder."""
    found = events(folder)
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def assert_same_curves(found: dict[str, list[tuple[int, float]]], expected: dict[str, list[tuple[int, float]]]) -> None:
    assert found.keys() == expected.keys()
    for name, points in expected.items():
        assert [step for step, _ in found[name]] == [step for step, _ in points], name
        np.testing.assert_allclose([value for _, value in found[name]], [value for _, value in points], rtol=1e-5)


def interrupt(bundle: str, data: Path, folder: Path, overlay: Path, iteration: int, **options: Any) -> None:
    """Train until an iteration in which Ctrl-C is pressed."""
    overlay.write_text(f"+train#handlers:\n  - $__import__('bundle_runs').StopAt({iteration})\n")
    with pytest.raises(SystemExit):
        bundle_runs.train(bundle, data, folder, overlay, **options)


# ---------------------------------------------------------------------------------------------------------- TensorBoard


def write_events(folder: Path, epochs: int) -> None:
    """Write the events of a training run with two iterations per epoch."""
    writer = SummaryWriter(str(folder))
    for epoch in range(1, epochs + 1):
        for iteration in (2 * epoch - 1, 2 * epoch):
            writer.add_scalar("batch_loss", iteration, iteration)
        writer.add_scalar("val_dice", epoch, epoch)
        writer.add_image("validation", np.zeros((2, 2, 3), np.uint8), epoch, dataformats="HWC")
    writer.close()


def test_later_events_are_removed(tmp_path: Path) -> None:
    write_events(tmp_path, epochs=3)
    remove_later_events(tmp_path, epoch=2, iteration=5)
    assert [step for step, _ in scalars(tmp_path)["batch_loss"]] == [1, 2, 3, 4, 5]
    assert [step for step, _ in scalars(tmp_path)["val_dice"]] == [1, 2]
    assert [image.step for image in events(tmp_path).Images("validation")] == [1, 2]


def test_files_without_later_events_are_unchanged(tmp_path: Path) -> None:
    write_events(tmp_path, epochs=2)
    (file,) = tmp_path.iterdir()
    before = file.read_bytes(), file.stat().st_ino
    remove_later_events(tmp_path, epoch=2, iteration=4)
    assert (file.read_bytes(), file.stat().st_ino) == before


def test_an_incomplete_event_of_a_killed_process_is_dropped(tmp_path: Path) -> None:
    write_events(tmp_path, epochs=2)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    remove_later_events(tmp_path, epoch=1, iteration=4)
    assert [step for step, _ in scalars(tmp_path)["batch_loss"]] == [1, 2, 3, 4]
    assert [step for step, _ in scalars(tmp_path)["val_dice"]] == [1]


def test_no_events_remain_before_the_first_epoch(tmp_path: Path) -> None:
    write_events(tmp_path, epochs=1)
    (tmp_path / "history.csv").touch()
    remove_later_events(tmp_path, epoch=0, iteration=0)
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_a_new_run_replaces_the_events_of_an_earlier_one(data: Path, tmp_path: Path) -> None:
    write_events(tmp_path / "run", epochs=3)
    folder = bundle_runs.train("dendrite", data, tmp_path / "run", **SHORT)
    found = scalars(folder)
    assert [step for step, _ in found.pop("batch_loss")] == [1, 2, 3, 4]
    expected = curves_of_history(folder)
    del expected["learning_rate"]
    assert_same_curves(found, expected)
    assert [image.step for image in events(folder).Images("validation")] == [1]


# --------------------------------------------------------------------------------------------------------------- MLflow


@pytest.fixture(scope="module")
def mlflow() -> Any:
    return pytest.importorskip("mlflow", reason="no package mlflow: pip install mlflow-skinny sqlalchemy alembic")


@pytest.fixture(scope="module")
def tables(mlflow: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an MLflow database without runs, which takes seconds to create."""
    folder = tmp_path_factory.mktemp("tables")
    runs(mlflow, folder)
    return folder / "mlruns.db"


def runs(mlflow: Any, folder: Path) -> tuple[Any, list[Any]]:
    """Return a client of the database in a folder, and its runs, the last one first."""
    client = mlflow.MlflowClient(path_to_sqlite_uri(folder / "mlruns.db"))
    return client, client.search_runs([one.experiment_id for one in client.search_experiments()])


def curves(client: Any, run: Any) -> dict[str, list[tuple[int, float]]]:
    """Return name → (step, value) of all metrics of a run."""
    histories = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
    return {name: [(metric.step, metric.value) for metric in metrics] for name, metrics in histories.items()}


def artifacts(client: Any, run: Any) -> list[str]:
    return [file.path for file in client.list_artifacts(run.info.run_id)]


def with_tables(tables: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(tables, folder)
    return folder


def test_a_resumed_training_run_is_one_mlflow_run_without_duplicates(
    data: Path, tmp_path: Path, mlflow: Any, tables: Path
) -> None:
    options = SHORT | {"tracking": "mlflow"}
    folder = with_tables(tables, tmp_path / "run1")
    interrupt("dendrite", data, folder, tmp_path / "stop.yaml", 3, **options)
    last_checkpoint = (folder / "checkpoint_last.pt").read_bytes()
    bundle_runs.train("dendrite", data, folder, resume=True, **options)
    (folder / "checkpoint_last.pt").write_bytes(last_checkpoint)  # as if it had been killed before it wrote another
    (folder / "run.json").unlink()
    bundle_runs.train("dendrite", data, folder, resume=True, **options)

    client, (run,) = runs(mlflow, folder)
    assert (run.info.run_name, run.info.status) == ("run1", "FINISHED")
    assert (run.data.params["max_epochs"], run.data.params["epoch_length"]) == ("2", "2")
    assert run.data.params["dataset_dir"] == str(data)
    assert "tracking_uri" not in run.data.params
    found = curves(client, run)
    del found["seconds"]
    assert [step for step, _ in found["batch_loss"]] == [1, 2, 3, 4]
    assert_same_curves({"batch_loss": found.pop("batch_loss")}, {"batch_loss": scalars(folder)["batch_loss"]})
    assert_same_curves(found, curves_of_history(folder))
    config = max(folder.glob("config_*.json"))
    assert {config.name, "history.csv", "history.png", "threshold.json"} <= set(artifacts(client, run))

    seen = scalars(folder)
    del seen["batch_loss"]
    assert_same_curves(seen, {name: found[name] for name in found if name != "learning_rate"})


def test_a_new_run_does_not_join_an_unfinished_one(data: Path, tmp_path: Path, mlflow: Any, tables: Path) -> None:
    options = SHORT | {"tracking": "mlflow", "max_epochs": 1}
    options["tracking_uri"] = path_to_sqlite_uri(with_tables(tables, tmp_path / "shared") / "mlruns.db")
    interrupt("dendrite", data, tmp_path / "killed", tmp_path / "stop.yaml", 1, **options)
    bundle_runs.train("dendrite", data, tmp_path / "next", **options)
    client, found = runs(mlflow, tmp_path / "shared")
    assert {run.info.run_name: run.info.status for run in found} == {"killed": "RUNNING", "next": "FINISHED"}
    (run,) = [run for run in found if run.info.run_name == "next"]
    assert [step for step, _ in curves(client, run)["batch_loss"]] == [1, 2]
    _end_unfinished(client, next(run.info.run_id for run in found if run.info.run_name == "killed"))
    assert {run.info.status for run in runs(mlflow, tmp_path / "shared")[1]} == {"KILLED", "FINISHED"}


def test_the_run_of_an_evaluation_has_its_scores(data: Path, tmp_path: Path, mlflow: Any, tables: Path) -> None:
    folder = with_tables(tables, tmp_path / "scores")
    bundle_runs.evaluate("dendrite", data, folder, WEIGHTS, tracking="mlflow", splits=["validation", "test"])
    client, (run,) = runs(mlflow, folder)
    assert run.info.status == "FINISHED"
    means = json.loads((folder / "scores.json").read_text())["splits"]
    expected = {f"{split}_{name}": value for split, numbers in means.items() for name, value in numbers.items()}
    assert run.data.metrics == pytest.approx(expected)
    (config,) = folder.glob("config_*.json")
    assert {config.name, "scores.csv", "scores.json"} <= set(artifacts(client, run))


def test_the_run_of_inference_has_its_tables(data: Path, tmp_path: Path, mlflow: Any, tables: Path) -> None:
    folder = with_tables(tables, tmp_path / "masks")
    for _ in range(2):  # the second time there is nothing to do
        bundle_runs.infer("dendrite", data / "image" / "1.png", folder, WEIGHTS, tracking="mlflow")
    client, found = runs(mlflow, folder)
    for run in found:
        assert run.info.status == "FINISHED"
        assert run.data.params["ckpt_path"] == str(WEIGHTS)
        assert "measurements_summary.csv" in artifacts(client, run)
        assert any(name.startswith("config_") for name in artifacts(client, run))
    assert len(found) == 2


@pytest.mark.parametrize("bundle", bundle_runs.BUNDLES)
def test_mlflow_finds_the_engines_of_every_bundle(bundle: str, tmp_path: Path) -> None:
    """MONAI finds the engines and adds its handler to each; the runs look for it there."""
    runs = {"training": ["train"], "evaluating": ["train", "evaluate"], "inference": ["inference"]}
    engines = {
        "training": ("train::trainer", "validate::evaluator"),
        "evaluating": ("validate::evaluator",),
        "inference": ("evaluator",),
    }
    for run, names in runs.items():
        options = {"output_dir": str(tmp_path)}
        files = bundle_runs.config(bundle, *names)
        parser = ConfigWorkflow(files, workflow_type=None, run_id=run, tracking="mlflow", **options).parser
        for engine in engines[run]:
            handlers = parser[engine].get("train_handlers") or parser[engine]["val_handlers"]
            if isinstance(handlers, str):
                handlers = parser[handlers.removeprefix("@")]
            assert handlers[-1]["_target_"] == "MLFlowHandler"


# -------------------------------------------------------------------------------------------------- the command line


def type_options(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    (config,) = bundle_runs.config("dendrite", "train")
    monkeypatch.setattr(
        sys, "argv", ["/somewhere/monai/bundle/__main__.py", "run", "training", "--config_file", config, *options]
    )


def test_the_options_of_tracking_are_known(monkeypatch: pytest.MonkeyPatch, mlflow: Any) -> None:
    type_options(monkeypatch, "--tracking", "mlflow", "--tracking_uri", "https://lab.org", "--experiment_name", "x")
    check_overrides()
    type_options(monkeypatch, "--tracking", "mlflow", "--experiment_nam", "x")
    with pytest.raises(InputError, match=r"--experiment_nam: .* nearest is --experiment_name"):
        check_overrides()


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns"])
def test_a_folder_to_record_in_is_refused(uri: str, monkeypatch: pytest.MonkeyPatch, mlflow: Any) -> None:
    type_options(monkeypatch, "--tracking", "mlflow", "--tracking_uri", uri)
    with pytest.raises(InputError, match=f"--tracking_uri: found {uri}, expected a server"):
        check_overrides()


def test_a_missing_mlflow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom.runs._overrides.find_spec", lambda name: None)
    type_options(monkeypatch, "--tracking", "mlflow")
    with pytest.raises(InputError, match=r"--tracking: found mlflow without the package mlflow.*pip install mlflow"):
        check_overrides()
