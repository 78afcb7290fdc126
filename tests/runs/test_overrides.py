"""Options that no config contains are refused, with the nearest known one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from custom.errors import InputError
from custom.runs._overrides import check_overrides

TRAIN = """\
learning_rate: 0.001
dataset_dir: data
train:
  batch_size: 2
  handlers:
    - _target_: StatsHandler
      name: loss
"""
OVERLAY = """\
train#workers: 4
threshold: 0.5
"""


def command_line(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/monai/bundle/__main__.py", "run", *arguments])


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with the configs ``train.yaml`` and ``overlay.yaml``."""
    (tmp_path / "train.yaml").write_text(TRAIN)
    (tmp_path / "overlay.yaml").write_text(OVERLAY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("configs")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--learning_rate", "1.0e-4"),
        ("--learning_rate=1.0e-4",),
        ("--learning_rate", "-1"),
        ("--train#batch_size", "8"),
        ("--train::batch_size", "8"),
        ("--train#handlers#0#name", "x"),
        ("--+train#handlers", "[]"),
        ("--run_id", "training", "--meta_file", "m.json", "--logging_file", "l.conf", "--tracking", "mlflow"),
    ],
)
def test_known_options_pass(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "training", "--config_file", "train.yaml", *arguments)
    check_overrides()


@pytest.mark.usefixtures("configs")
@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--learning_rat", "--learning_rat: found an option that no config contains; the nearest is --learning_rate."),
        (
            "--train#batchsize",
            "--train#batchsize: found an option that no config contains; the nearest is --train#batch_size.",
        ),
        ("--train#handlers#1#name", "--train#handlers#1#name: .*nearest is --train#handlers#0#name."),
        ("--+train#handler", r"--\+train#handler: .*nearest is --train#handlers."),
        ("--batch_size", "--batch_size: found an option that no config contains"),
        ("--zzz", r"--zzz: found an option that no config contains\.$"),
    ],
)
@pytest.mark.parametrize("joined", [True, False])
def test_unknown_options_name_the_nearest(
    argument: str, message: str, joined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line(monkeypatch, "--config_file=train.yaml", *([f"{argument}=1"] if joined else [argument, "1"]))
    with pytest.raises(InputError, match=message):
        check_overrides()


@pytest.mark.usefixtures("configs")
@pytest.mark.parametrize("quoted", ["['train.yaml','overlay.yaml']", '["train.yaml", "overlay.yaml"]'])
def test_options_of_all_configs_are_known(quoted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--threshold", "0.4", "--train#workers", "1", "--train#batch_size", "1")
    command_line(monkeypatch, "--config_file", quoted, *options)
    check_overrides()
    command_line(monkeypatch, "--config_file", "train.yaml", *options)
    with pytest.raises(InputError, match="--threshold"):
        check_overrides()
    command_line(monkeypatch, "--config_file", quoted, "--treshold", "0.4")
    with pytest.raises(InputError, match="nearest is --threshold"):
        check_overrides()


@pytest.mark.usefixtures("configs")
@pytest.mark.parametrize(
    "arguments", [("--zzz", "1"), ("--config_file", "none.yaml", "--zzz", "1"), ("--config_file",)]
)
def test_nothing_to_compare_with(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, *arguments)
    check_overrides()


def test_a_glob_without_quotes_is_refused(monkeypatch, tmp_path):
    config = tmp_path / "x.yaml"
    config.write_text("input: null\n")
    arguments = [
        "/somewhere/monai/bundle/__main__.py",
        "run",
        "inference",
        f"--config_file={config}",
        "--input",
        "1.tif",
        "2.tif",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(InputError, match=r"2\.tif: .*quotes"):
        check_overrides()
    monkeypatch.setattr(sys, "argv", arguments[:-1])
    check_overrides()
