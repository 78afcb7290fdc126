"""From a finished training run to the shipped weights of a bundle, with their provenance."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from bundle_runs import train

from custom.errors import InputError
from custom.ground.files import sha256
from custom.samples import make_samples
from custom.sharing import ship
from custom.sharing.__main__ import main


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sharing")
    return train("dendrite", make_samples("dendrite", folder / "data"), folder / "run", max_epochs=1)


def test_run_json_contains_the_provenance(finished):
    record = json.loads((finished / "run.json").read_text())
    assert record["sha256"] == sha256(finished / "model.pt")
    assert record["seed"] == 0
    assert record["data"][0]["name"] == "sample_dendrite"
    assert record["data"][0]["splits"]["test"] == {"numbers": list(range(35, 41))}
    assert record["best"]["epoch"] == 1
    assert set(record["versions"]) >= {"python", "torch", "monai"}


def test_ship_copies_weights_and_thresholds_and_keeps_the_scores(finished, tmp_path):
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps({"weights": "elsewhere", "splits": {"test": {"dice": 0.5}}}))
    weights = ship(finished, tmp_path / "bundle", scores, "of other weights")
    assert weights.read_bytes() == (finished / "model.pt").read_bytes()
    assert weights.with_name("threshold.json").read_bytes() == (finished / "threshold.json").read_bytes()
    provenance = json.loads(weights.with_name("provenance.json").read_text())
    assert provenance["sha256"] == sha256(weights)
    assert provenance["scores"] == {"test": {"dice": 0.5}}
    assert provenance["note"] == "of other weights"


def test_weights_of_another_bundle_are_not_shipped(finished, tmp_path):
    ship(finished, tmp_path)
    assert json.loads((tmp_path / "models" / "settings.json").read_text())["bundle"] == "dendrite"
    (tmp_path / "models" / "settings.json").write_text('{"bundle": "vesicle"}')
    with pytest.raises(InputError, match=r"found weights of dendrite, expected weights of vesicle"):
        ship(finished, tmp_path)


def without_threshold(finished, folder):
    """Copy a run without a threshold, as of a network with several classes."""
    folder.mkdir()
    for name in ("model.pt", "run.json"):
        (folder / name).write_bytes((finished / name).read_bytes())
    return folder


def test_named_weights_are_added_to_the_first_ones(finished, tmp_path):
    first = ship(finished, tmp_path / "bundle", note="the first")
    before = {file.name: file.read_bytes() for file in first.parent.iterdir()}
    named = ship(finished, tmp_path / "bundle", note="of electron microscopy", name="sem")
    assert named == tmp_path / "bundle" / "models" / "sem" / "model.pt"
    expected = {"model.pt", "threshold.json", "settings.json", "reference.json", "provenance.json"}
    assert {file.name for file in named.parent.iterdir()} == expected
    assert json.loads(named.with_name("provenance.json").read_text())["note"] == "of electron microscopy"
    assert {file.name: file.read_bytes() for file in first.parent.iterdir() if file.is_file()} == before


def test_the_name_on_the_command_line(finished, tmp_path, exit_code, capsys):
    options = [str(finished), str(tmp_path / "bundle"), "--name", "sem"]
    assert exit_code(main, *options) == 0
    assert capsys.readouterr().out == f"Shipped: {tmp_path / 'bundle' / 'models' / 'sem' / 'model.pt'}\n"


def test_a_training_without_a_threshold_ships(finished, tmp_path):
    weights = ship(without_threshold(finished, tmp_path / "run"), tmp_path / "bundle")
    assert {file.name for file in weights.parent.iterdir()} == {"model.pt", "provenance.json"}


def test_the_threshold_of_earlier_weights_is_removed(finished, tmp_path):
    weights = ship(finished, tmp_path / "bundle")
    assert weights.with_name("threshold.json").is_file()
    ship(without_threshold(finished, tmp_path / "run"), tmp_path / "bundle")
    assert not weights.with_name("threshold.json").exists()


def test_weights_that_the_run_did_not_record_are_refused(finished, tmp_path):
    for name in ("model.pt", "threshold.json", "run.json"):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    (tmp_path / "model.pt").write_bytes(b"other")
    with pytest.raises(InputError, match=r"model\.pt: found weights other than"):
        ship(tmp_path, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_unfinished_training_is_one_sentence_on_the_command_line(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "custom.sharing", str(tmp_path), str(tmp_path / "bundle")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'model.pt'}: found nothing")
    assert "Traceback" not in result.stderr
