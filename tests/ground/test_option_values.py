"""What a user may type, and what is refused with a hint."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from custom.errors import InputError
from custom.ground.command_line import path, paths, resume_command, typed
from custom.ground.option_values import choice, flag, frame_range, number
from custom.runs import check_overrides

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
    monkeypatch.setattr(sys, "argv", ["monai.bundle", "run", *arguments])


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the configs ``train.yaml`` and ``overlay.yaml``."""
    (tmp_path / "train.yaml").write_text(TRAIN)
    (tmp_path / "overlay.yaml").write_text(OVERLAY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize("value", [True, "true", "True", "yes", 1])
def test_flag_on(value: bool | str | int) -> None:
    assert flag("resume", value) is True


@pytest.mark.parametrize("value", [False, "false", "False", "NO", 0])
def test_flag_off(value: bool | str | int) -> None:
    assert flag("resume", value) is False


@pytest.mark.parametrize("value", ["maybe", "", 2, None])
def test_flag_refuses(value: object) -> None:
    with pytest.raises(InputError, match=f"{value!r}.* true or false"):
        flag("resume", value)


@pytest.mark.parametrize(
    "arguments",
    [
        ("training", "--dataset_dir", "2024_05"),
        ("training", "--dataset_dir=2024_05"),
        ("training", "--size", "3", "--dataset_dir", "2024_05", "--seed", "1"),
        ("training", "--dataset_dir", "2023", "--dataset_dir", "2024_05"),
    ],
)
def test_typed_is_what_was_typed(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, *arguments)
    assert typed("dataset_dir", 202405) == "2024_05"


def test_typed_leaves_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--dataset_dir", "'2024_05'")
    assert typed("dataset_dir", "2024_05") == "2024_05"


@pytest.mark.parametrize(
    ("typed_arguments", "expected"),
    [
        ((), ""),
        (("--resume", "false", "--seed", "3"), " --seed 3"),
        (("--seed", "3", "--resume=true"), " --seed 3"),
        (("--resume", "--seed", "3"), " --seed 3"),
        (("--output_dir", "my run", "--resumed", "x"), " --output_dir 'my run' --resumed x"),
    ],
)
def test_the_command_that_goes_on(
    typed_arguments: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    program = "/somewhere/monai/bundle/__main__.py"
    files = ("--config_file", "['a.yaml','b.yaml']")
    monkeypatch.setattr(sys, "argv", [program, "run", "training", *files, *typed_arguments])
    run = f"""-m monai.bundle run training --config_file "['a.yaml','b.yaml']"{expected}"""
    assert resume_command() == f"python {run} --resume true"
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert resume_command() == f"torchrun --nproc_per_node 2 {run} --resume true"


def test_started_from_python_there_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["my_script.py", "--seed", "3"])
    assert resume_command() == "the same call with resume=True"


@pytest.mark.parametrize("arguments", [(), ("--dataset_dirs", "7"), ("dataset_dir", "7"), ("--dataset_dir",)])
def test_typed_of_a_number_in_the_config(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, *arguments)
    assert typed("dataset_dir", 2024) == "2024"


def test_typed_keeps_an_equals_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--input=dose=5")
    assert typed("input", None) == "dose=5"


def test_paths_start_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    here = tmp_path.resolve()
    assert paths("dataset_dir", ["a b", "~/c", "../d", "/e"]) == [
        here / "a b",
        here / "home" / "c",
        here.parent / "d",
        Path("/e"),
    ]
    assert paths("dataset_dir", "Präparat") == [here / "Präparat"]


def test_path_is_the_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command_line(monkeypatch, "--output_dir", "2024_05")
    assert path("output_dir", 202405) == tmp_path.resolve() / "2024_05"
    assert path("output_dir", ["one"]) == tmp_path.resolve() / "one"


@pytest.mark.parametrize("value", [["a", "b"], []])
def test_path_refuses_several(value: list[str]) -> None:
    with pytest.raises(InputError, match=f"--output_dir: found {len(value)} paths"):
        path("output_dir", value)


def test_choice() -> None:
    assert choice("spatial_mode", "tiles", "resize", "tiles") == "tiles"


@pytest.mark.parametrize(
    ("value", "hint"), [("tile", " (did you mean tiles?)"), ("Resize", " (did you mean resize?)"), (None, ""), (3, "")]
)
def test_choice_names_the_nearest(value: object, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        choice("spatial_mode", value, "resize", "tiles")
    assert str(raised.value) == f"--spatial_mode: found {value!r}, expected resize or tiles{hint}."


def test_number() -> None:
    assert number("crop_size", 188, least=188) == 188
    assert number("seed_depth", 0.5, above=0) == 0.5


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (187, {"least": 188}, "187, expected a number of at least 188."),
        (0, {"above": 0}, "0, expected a number above 0."),
        (float("nan"), {"above": 0}, "nan, expected a number above 0."),
        ("null", {"above": 0}, "'null', expected a number above 0."),
        (True, {"above": 0}, "True, expected a number above 0."),
    ],
)
def test_number_out_of_range(value: object, limit: dict[str, float], expected: str) -> None:
    with pytest.raises(InputError) as raised:
        number("size", value, **limit)
    assert str(raised.value) == f"--size: found {expected}"


def test_frame_range() -> None:
    assert frame_range("frames", "7-9") == range(7, 10)
    assert frame_range("frames", "0-0") == range(0, 1)
    assert frame_range("frames", "") is frame_range("frames", None) is None


@pytest.mark.parametrize("text", ["9-7", "7", "-7", "a-b", "[0, 3]"])
def test_frame_range_of_something_else(text: str) -> None:
    with pytest.raises(
        InputError, match=r"^--frames: found .*, expected the first and the last frame, such as 0-35\.$"
    ):
        frame_range("frames", text)


# ----------------------------------------------------------------------------------------------------------- overrides


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
        ("--learning_rat", "--learning_rat: found an option that no config knows; the nearest is --learning_rate."),
        (
            "--train#batchsize",
            "--train#batchsize: found an option that no config knows; the nearest is --train#batch_size.",
        ),
        ("--train#handlers#1#name", "--train#handlers#1#name: .*nearest is --train#handlers#0#name."),
        ("--+train#handler", r"--\+train#handler: .*nearest is --train#handlers."),
        ("--batch_size", "--batch_size: found an option that no config knows"),
        ("--zzz", r"--zzz: found an option that no config knows\.$"),
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
def test_several_configs_know_more(quoted: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_sign_of_comments_stays_in_a_path(monkeypatch, tmp_path):
    """The command line reads values as Python and would cut them off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bundle", "run", "training", "--output_dir", "run#2"])
    assert path("output_dir", "run") == tmp_path / "run#2"


def test_commas_stay_in_a_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bundle", "run", "training", "--output_dir", "a,b"])
    assert path("output_dir", ("a", "b")) == tmp_path / "a,b"


def test_a_glob_without_quotes_is_refused(monkeypatch, tmp_path):
    config = tmp_path / "x.yaml"
    config.write_text("input: null\n")
    arguments = ["bundle", "run", "inference", f"--config_file={config}", "--input", "1.tif", "2.tif"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(InputError, match=r"2\.tif: .*quotes"):
        check_overrides()
    monkeypatch.setattr(sys, "argv", arguments[:-1])
    check_overrides()
