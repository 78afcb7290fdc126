"""Options, paths and commands exactly as they were typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from custom.errors import InputError
from custom.ground.command_line import command_line, config_files, path, paths, resume_command, typed

MONAI = "/somewhere/monai/bundle/__main__.py"


def typing(monkeypatch: pytest.MonkeyPatch, *arguments: str, program: str = MONAI) -> None:
    monkeypatch.setattr(sys, "argv", [program, "run", *arguments])


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
    typing(monkeypatch, *arguments)
    assert typed("dataset_dir", 202405) == "2024_05"


def test_typed_leaves_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "--dataset_dir", "'2024_05'")
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
    files = ("--config_file", "['a.yaml','b.yaml']")
    monkeypatch.setattr(sys, "argv", [MONAI, "run", "training", *files, *typed_arguments])
    run = f"""-m monai.bundle run training --config_file "['a.yaml','b.yaml']"{expected}"""
    assert resume_command() == f"python {run} --resume true"
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert resume_command() == f"torchrun --nproc_per_node 2 {run} --resume true"


def test_started_from_python_there_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["my_script.py", "--seed", "3"])
    assert resume_command() == "the same call with resume=True"


@pytest.mark.parametrize("arguments", [(), ("--dataset_dirs", "7"), ("dataset_dir", "7"), ("--dataset_dir",)])
def test_typed_of_a_number_in_the_config(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, *arguments)
    assert typed("dataset_dir", 2024) == "2024"


def test_typed_keeps_an_equals_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "--input=dose=5")
    assert typed("input", "dose=5") == "dose=5"


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
    typing(monkeypatch, "--output_dir", "2024_05")
    assert path("output_dir", 202405) == tmp_path.resolve() / "2024_05"
    assert path("output_dir", ["one"]) == tmp_path.resolve() / "one"


@pytest.mark.parametrize("value", [["a", "b"], []])
def test_path_refuses_several(value: list[str]) -> None:
    with pytest.raises(InputError, match=f"--output_dir: found {len(value)} paths"):
        path("output_dir", value)


def test_a_sign_of_comments_stays_in_a_path(monkeypatch, tmp_path):
    """MONAI's command line parses values as Python and would drop the rest."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [MONAI, "run", "training", "--output_dir", "run#2"])
    assert path("output_dir", "run") == tmp_path / "run#2"


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("2024_05", "2023", "2023"),  # the same process calls `monai.bundle.run` again
        ("2024_05", 2023, "2023"),
        ("$'a' + 'b'", "ab", "ab"),  # an expression
        ("'run#2'", "run::2", "run#2"),
        ("a::b", "a::b", "a::b"),
    ],
)
def test_typed_is_the_value_in_the_config(text, value, expected, monkeypatch):
    typing(monkeypatch, "--output_dir", text)
    assert typed("output_dir", value) == expected


@pytest.mark.parametrize("program", ["server.py", "/opt/other/bundle/__main__.py", "-c"])
def test_the_arguments_of_another_program_are_not_read(program, monkeypatch):
    typing(monkeypatch, "--input", "B", "--config_file", "x.yaml", program=program)
    monkeypatch.setattr(sys, "orig_argv", ["/usr/bin/python3", "server.py", "--input", "B"])
    assert typed("input", "A") == "A"
    assert config_files() == []
    assert command_line() == "from Python: python server.py --input B"


def test_from_python_a_sign_of_comments_stays_in_a_path(tmp_path, monkeypatch):
    """MONAI's parser writes two colons for it."""
    monkeypatch.chdir(tmp_path)
    assert path("output_dir", "run::2") == tmp_path / "run#2"
    assert paths("dataset_dir", ["a::1", Path("b")]) == [tmp_path / "a#1", tmp_path / "b"]
    assert paths("dataset_dir", ("a", "b")) == [tmp_path / "a", tmp_path / "b"]


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("a.yaml", ["a.yaml"]),
        ("['a.yaml','b.yaml']", ["a.yaml", "b.yaml"]),
        ("data [1], it's/a.yaml", ["data [1], it's/a.yaml"]),
        ("", []),
    ],
)
def test_config_files_are_those_that_the_command_reads(text, files, monkeypatch):
    typing(monkeypatch, "--config_file", text)
    assert config_files() == files


def test_commas_stay_in_a_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [MONAI, "run", "training", "--output_dir", "a,b"])
    assert path("output_dir", ("a", "b")) == tmp_path / "a,b"
