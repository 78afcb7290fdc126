"""Training in two processes started by torchrun: the overlay of every bundle, and the functions that it uses."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bundle_runs import BUNDLES, REPRESENTATIVE, ROOT, SMALL, config, weights
from monai.bundle import ConfigParser
from torch import nn

from custom import training
from custom.errors import InputError
from custom.ground.processes import is_main
from custom.samples import make_samples


@pytest.mark.parametrize("bundle", REPRESENTATIVE)
def test_two_processes_train_together(bundle: str, tmp_path: Path) -> None:
    """One epoch of two iterations in each of two processes on the CPU; one of them writes."""
    data = make_samples(bundle, tmp_path / "data")
    settings = SMALL[bundle] | {"batch_size": (SMALL[bundle]["batch_size"] + 1) // 2, "max_epochs": 1}
    files = ",".join(f"'{file}'" for file in config(bundle, "train", "multi_gpu_train"))
    if bundle == "hela_track":
        settings |= {"precompute": "true"}
    options = [f"--{name}={value}" for name, value in settings.items()]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
            *("-m", "monai.bundle", "run", "training", "--config_file", f"[{files}]"),
            *(f"--dataset_dir={data}", f"--output_dir={tmp_path / 'run'}", *options),
        ],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.count(f"Training {bundle} on CPU") == 1
    assert "weight maps made with other" not in result.stderr  # no process looks for one that another is writing
    assert bool(list(data.rglob("weight_map_*.npy"))) == (bundle == "hela_track")
    checkpoint = weights(tmp_path / "run" / "checkpoint_last.pt")
    assert checkpoint["trainer"] == {"epoch": 1, "iteration": 2}
    assert not any(name.startswith("module.") for name in checkpoint["network"])
    with (tmp_path / "run" / "history.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1
    assert len(list((tmp_path / "run").glob("events.out.tfevents*"))) == 1
    assert (tmp_path / "run" / "run.json").is_file()


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_overlay_trains_what_train_yaml_does(bundle: str) -> None:
    """It changes device, network and sampler, and has no run of its own."""
    alone, several = ConfigParser(), ConfigParser()
    alone.read_config(config(bundle, "train"))
    several.read_config(config(bundle, "train", "multi_gpu_train"))
    assert several["training"] == alone["training"]
    assert several["training_run"] == alone["training_run"]
    assert several["single_network"] == alone["network"]
    assert several["network"] == "$ignite.distributed.auto_model(@single_network)"


def test_without_torchrun_an_input_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(InputError, match="found a single process, expected `torchrun"):
        training.join_processes()


def test_alone_is_main_and_the_network_itself() -> None:
    network = nn.Linear(1, 1)
    assert is_main()
    assert training.unwrapped(network) is network
    assert training.largest_of_processes([3, 0], torch.device("cpu")) == [3, 0]
