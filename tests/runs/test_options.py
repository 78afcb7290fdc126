"""Kinds and ranges of options, their list, and starts that MONAI would end in a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from bundle_runs import BUNDLES, ENVIRONMENT, ROOT, command, config
from monai.bundle import ConfigWorkflow, run

from custom.errors import InputError, find_input_error
from custom.runs.__main__ import main
from custom.runs._options import KINDS, check_kinds, listed_options

CONFIGS = sorted((ROOT / "bundles").glob("*/configs/*.yaml"))
NOT_OPTIONS = {"imports", "this_config", "run", "training", "inference", "evaluating", "tracking", "handlers"}


def options_in(file: Path) -> dict[str, Any]:
    """Return the literal settings of a config."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {
        name: value
        for name, value in content.items()
        if "#" not in name
        and name not in NOT_OPTIONS | {"show_augmentation", "evaluating_tracks"}
        and not isinstance(value, dict)
        and not str(value).startswith(("$", "@", "%"))
    }


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_every_option_has_a_kind_and_a_valid_default(file: Path) -> None:
    options = options_in(file)
    assert options.keys() <= KINDS.keys()
    check_kinds(options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_epochs", value) for value in (0, -1, 1.5, "3", True)),
        *(("num_workers", value) for value in (-1, 0.5, "many")),
        *(("seed", value) for value in ("abc", -1, [1])),
        *(("cache_rate", value) for value in (2, -0.1, "all")),
        *(("learning_rate", value) for value in (0, -1, float("nan"), "1e-3")),
        *(("pixel_size", value) for value in (0, -0.1, "0,1", [0.1, 0.1, 0.1], float("inf"))),
        *(("tta", value) for value in ("maybe", 2, [])),
        *(("channels", value) for value in ("color", 1)),
        *(("frames", value) for value in ("5", "5-", 7)),
        *(("class_ratios", value) for value in (1, ["a"])),
        *(("colors", value) for value in (["red"], [[0, 0]], [[0, 0, 300]], [[0, 0, 1.5]])),
        *(("crop_size", value) for value in (-1, 7)),
    ],
)
def test_other_values_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"^--{name}: found .*, expected "):
        check_kinds({name: value})


def test_values_of_the_command_line_and_expressions_pass() -> None:
    check_kinds({"tta": "true", "resume": False, "pixel_size": (0.1, 0.2), "threshold": None, "size": "$2 * 128"})


def test_the_list_has_comments_ranges_and_defaults() -> None:
    file = Path(config("vesicle", "inference")[0])
    text = listed_options([file], yaml.safe_load(file.read_text(encoding="utf-8")))
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    assert "--min_area pixels; smaller vesicles are removed; a whole number of at least 0; default 4 --" in words
    assert "--rois also write x_rois.zip: outlines of all objects for ImageJ's ROI Manager; default false --" in words


@pytest.mark.parametrize("bundle", BUNDLES)
def test_a_misspelt_keyword_is_refused(bundle: str, tmp_path: Path) -> None:
    """Before anything is read or written."""
    with pytest.raises((RuntimeError, InputError)) as caught:
        run("inference", config_file=config(bundle, "inference"), output_dir=str(tmp_path / "out"), treshold=0.9)
    assert str(find_input_error(caught.value)).startswith("--treshold: found an option that no config contains")
    assert not (tmp_path / "out").exists()


def test_a_workflow_of_another_program_is_checked() -> None:
    workflow = ConfigWorkflow(config_file=config("dendrite", "train"), workflow_type="train", max_epochs=0)
    workflow.initialize()
    with pytest.raises(RuntimeError) as caught:
        workflow.run()
    assert find_input_error(caught.value) == "--max_epochs: found 0, expected a whole number of at least 1."


@pytest.mark.parametrize(
    ("bundle", "name", "option", "value"),
    [
        ("dendrite", "train", "ckpt_path", "model.pt"),
        ("tem", "train", "ckpt_path", "model.pt"),
        ("dendrite", "train", "splits", ["test"]),
        ("dendrite", "inference", "max_epochs", 3),
    ],
)
def test_a_program_is_refused_options_of_other_configs(bundle: str, name: str, option: str, value: object) -> None:
    workflow = ConfigWorkflow(config_file=config(bundle, name), workflow_type="train", **{option: value})
    workflow.initialize()
    with pytest.raises(RuntimeError) as caught:
        workflow.run()
    assert str(find_input_error(caught.value)).startswith(f"--{option}: found an option that no config contains")


@pytest.mark.parametrize(
    ("bundle", "name", "option"),
    [("dendrite", "train", "max_epochs"), ("dendrite", "inference", "size"), ("hela_track", "inference", "min_area")],
)
def test_null_is_refused_where_the_default_is_a_value(bundle: str, name: str, option: str) -> None:
    workflow = ConfigWorkflow(config_file=config(bundle, name), workflow_type="train", **{option: None})
    workflow.initialize()
    with pytest.raises(RuntimeError) as caught:
        workflow.run()
    assert str(find_input_error(caught.value)).startswith(f"--{option}: found None, expected a whole number")


def test_null_passes_where_it_is_a_value() -> None:
    check_kinds({"threshold": None, "seed": None, "min_area": None}, {"threshold": None, "seed": 0, "min_area": None})
    check_kinds({"threshold": None})


@pytest.mark.parametrize(
    ("bundle", "names", "run_id"),
    [
        *((bundle, ("train", "evaluate"), "evaluating") for bundle in BUNDLES),
        ("tem", ("train", "sem"), "training"),
        ("tem", ("train", "evaluate", "sem"), "evaluating"),
        ("hela_track", ("track", "evaluate_track"), "evaluating_tracks"),
    ],
)
def test_ids_of_overlays_are_known(bundle: str, names: tuple[str, ...], run_id: str) -> None:
    """The run ends at the next check, that of the device."""
    workflow = ConfigWorkflow(
        config_file=config(bundle, *names), workflow_type="train", run_id=run_id, ckpt_path="model.pt", device="none"
    )
    workflow.initialize()
    with pytest.raises(RuntimeError) as caught:
        workflow.run()
    assert find_input_error(caught.value) == "--device: found 'none', expected cpu, cuda or cuda:0."


def test_overlays_of_a_program_may_have_ids_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("fold: 3\nmy_threshold: 0.7\nthreshold: '@my_threshold'\nmax_epochs: 0\n")
    with pytest.raises(RuntimeError) as caught:
        run("training", config_file=[*config("dendrite", "train"), str(tmp_path / "mine.yaml")])
    assert find_input_error(caught.value) == "--max_epochs: found 0, expected a whole number of at least 1."


def typed(*arguments: str, module: str = "monai.bundle") -> subprocess.CompletedProcess:
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_options_in_a_file_and_a_path_with_signs(tmp_path: Path) -> None:
    odd = tmp_path / "it's, [my] lab" / "configs"
    odd.mkdir(parents=True)
    (odd / "inference.yaml").write_bytes(Path(config("dendrite", "inference")[0]).read_bytes())
    arguments = {"config_file": str(odd / "inference.yaml"), "output_dir": str(tmp_path / "out"), "treshold": 0.9}
    (tmp_path / "args.json").write_text(json.dumps(arguments))
    process = typed("run", "inference", "--args_file", str(tmp_path / "args.json"))
    assert "Error: --treshold: found an option that no config contains; the nearest is --threshold." in process.stderr
    assert "Traceback" not in process.stderr


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the hooks that a command of this package sets."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.mark.usefixtures("hooks")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["run", "trainin", "--config_file", "{0}"],
            "trainin: found a run that no config contains; the nearest is training",
        ),
        (["run", "training", "--config_file", "no.yaml"], "no.yaml: found nothing, expected a config file"),
        (["run", "training", "--config_file", "{1}"], "found broken YAML"),
        (["inference", "--config_file", "{0}"], "microscopy: found inference, expected run and what to run"),
        (["run", "--config_file", "{0}"], "microscopy: found run, expected run and what to run"),
        (["run", "size", "--config_file", "{0}"], "size: found a run that no config contains"),
        (["run", "--run_id", "trainin", "--config_file", "{0}"], "trainin: found a run that no config contains"),
        (
            ["run", "training", "--config_file", "{0}", "--train#trianer#max_epochs", "3"],
            "--train#trianer#max_epochs: found an option that no config contains; the nearest is "
            "--train#trainer#max_epochs",
        ),
        (["run", "training", "--config_file", "{2}"], "expected the config that it extends before it"),
        (["run", "training", "--args_file", "no.yaml"], "no.yaml: found nothing, expected a file of options"),
    ],
)
def test_a_wrong_start_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1,\nb: {")
    places = config("dendrite", "train")[0], tmp_path / "broken.yaml", config("dendrite", "evaluate")[-1]
    monkeypatch.setattr(sys, "argv", ["microscopy", *(argument.format(*places) for argument in arguments)])
    with pytest.raises(InputError, match=re.escape(sentence)):
        main()


@pytest.mark.usefixtures("hooks")
def test_help_lists_bundles_or_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["microscopy", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "bundles/vesicle" in capsys.readouterr().out
    listed = typed("run", "training", "--config_file", config("dendrite", "train")[0], "--help", module="custom.runs")
    assert "--learning_rate" in listed.stdout
    assert listed.returncode == 0


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--pixel_size", "None"], "--pixel_size: found None, expected a value, or no --pixel_size at all"),
        (["--pixel_size", "null"], "--pixel_size: found null, expected a value, or no --pixel_size at all"),
        (["--num_workers", "None"], "--num_workers: found None, expected a whole number of at least 0."),
    ],
)
def test_a_typed_null_is_not_ignored(option: list[str], words: str, tmp_path: Path) -> None:
    """MONAI drops ``None``, and reads ``null`` as a text."""
    done = command("inference", "--config_file", *config("tem", "inference"), *option, cwd=tmp_path)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
