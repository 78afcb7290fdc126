"""The next commands after training and evaluation."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from bundle_runs import ROOT, config

from custom.runs._next_commands import evaluating_command, inference_command

WEIGHTS = Path("/my runs/one/model.pt")


def typed(monkeypatch: pytest.MonkeyPatch, run: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/monai/bundle/__main__.py", "run", run, *arguments])


def options(command: str | None) -> dict[str, str]:
    """Return the run and the options of a `python -m monai.bundle run` command."""
    assert command is not None
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "monai.bundle", "run"]
    return {"run": words[4]} | {name[2:]: value for name, value in zip(words[5::2], words[6::2], strict=True)}


def test_after_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of the network and of the data are repeated, options of training are not."""
    train, evaluate, inference = (config("hela_track", name)[0] for name in ("train", "evaluate", "inference"))
    own = ("--dataset_dir", "my data", "--width=8", "--truth", "gold", "--max_epochs", "3", "--resume", "true")
    typed(monkeypatch, "training", "--config_file", train, *own, "--output_dir", "/my runs/one")
    assert options(evaluating_command(WEIGHTS)) == {
        "run": "evaluating",
        "config_file": f"['{train}','{evaluate}']",
        "dataset_dir": "my data",
        "width": "8",
        "truth": "gold",
        "ckpt_path": str(WEIGHTS),
        "output_dir": "/my runs/one/evaluation",
    }
    assert options(inference_command(WEIGHTS)) == {
        "run": "inference",
        "config_file": inference,
        "input": "IMAGES",
        "width": "8",
        "ckpt_path": str(WEIGHTS),
        "output_dir": "/my runs/one/inference",
    }


def test_after_an_evaluation_results_go_next_to_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights may be in a bundle, in whose folder results of a user do not belong."""
    typed(monkeypatch, "evaluating", "--config_file", "['train.yaml','evaluate.yaml']", "--output_dir", "/mine/scores")
    monkeypatch.setattr(
        "custom.runs._next_commands._sibling_config", lambda name: config("dendrite", name.removesuffix(".yaml"))[0]
    )
    assert options(inference_command(WEIGHTS))["output_dir"] == "/mine/inference"


def test_on_sample_data_commands_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "training", "--config_file", config("dendrite", "train")[0])
    assert set(options(evaluating_command(WEIGHTS))) == {"run", "config_file", "ckpt_path"}
    assert set(options(inference_command(WEIGHTS))) == {"run", "config_file", "ckpt_path"}


def test_overlays_that_belong_to_the_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    train, several, sem = config("tem", "train", "multi_gpu_train", "sem")
    evaluate, inference = config("tem", "evaluate", "inference")
    typed(monkeypatch, "training", "--config_file", f"['{train}','{several}','{sem}']")
    assert options(evaluating_command(WEIGHTS))["config_file"] == f"['{train}','{sem}','{evaluate}']"
    assert options(inference_command(WEIGHTS))["config_file"] == f"['{inference}','{sem}']"


def test_a_list_of_configs_is_in_double_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    typed(monkeypatch, "training", "--config_file", "bundles/dendrite/configs/train.yaml")
    files = "['bundles/dendrite/configs/train.yaml','bundles/dendrite/configs/evaluate.yaml']"
    assert f'--config_file "{files}"' in (evaluating_command(WEIGHTS) or "")


@pytest.mark.parametrize("program", [["/somewhere/bin/microscopy"], ["-m", "custom"]])
def test_a_bundle_that_was_named_is_named_again(program: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    train, few_images, sem = config("tem", "train", "few_images", "sem")
    own = ("--dataset_dir", "my data", "--output_dir", "/my runs/one", "--pixel_size", "0.13")
    typed(monkeypatch, "training", "--config_file", f"['{train}','{few_images}','{sem}']", *own)
    monkeypatch.setattr(sys, "orig_argv", ["python", *program, "train", "tem", "my data", "-c", "sem"])
    words = "tem 'my data' -c sem -w '/my runs/one' -o '/my runs/one/evaluation' --pixel_size 0.13"
    assert evaluating_command(WEIGHTS) == f"microscopy evaluate {words}"
    words = "tem IMAGES -c sem -w '/my runs/one' -o '/my runs/one/inference' --pixel_size 0.13"
    assert inference_command(WEIGHTS) == f"microscopy segment {words}"


def test_configs_that_were_typed_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    train, evaluate = config("dendrite", "train", "evaluate")
    typed(monkeypatch, "training", "--config_file", train)
    monkeypatch.setattr(sys, "orig_argv", ["python", "/bin/microscopy", "run", "training", "--config_file", train])
    assert options(evaluating_command(WEIGHTS))["config_file"] == f"['{train}','{evaluate}']"


def test_other_programs_get_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["my_script.py", "--seed", "3"])
    assert evaluating_command(WEIGHTS) is None
    assert inference_command(WEIGHTS) is None
