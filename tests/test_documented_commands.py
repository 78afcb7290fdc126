"""The commands in the documentation: their configs exist and have the options; short ones are read as typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from bundle_runs import ROOT

from custom.bundles import copy_bundle
from custom.cli import _app
from custom.cli._lines import RUNS
from custom.ground.commands import _parse
from custom.runs._options import check_kinds

PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "bundles").glob("*/docs/README.md")),
]
START = "python -m monai.bundle run "


def commands_in(page: Path) -> list[str]:
    """Return the commands of MONAI's bundle module in a page, with their continued lines."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [re.sub(r"^[\s$]*", "", line) for line in text.splitlines()]
    return [
        line[line.index(START) :] for line in lines if START in line and "`" not in line and "--config_file" in line
    ]


COMMANDS = [(page, command) for page in PAGES for command in commands_in(page)]


def configs_of(value: str) -> list[Path]:
    names = re.findall(r"[^\[\]'\",]+", value)
    return [ROOT / "bundles" / name.split("bundles/")[-1] for name in names if "bundles/" in name]


def short_commands_in(page: Path) -> list[str]:
    """Return the commands that begin with microscopy, on lines or in running text, without those for reference."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^ {4}(?:\$ )?(microscopy .*)|`(microscopy [^`|]*)`", text, flags=re.MULTILINE)
    commands = [line or inline for line, inline in found]
    return [command for command in commands if not re.search(r"\b(BUNDLE|NAME|IMAGES)\b|…| --install", command)]


SHORT = [(page, command) for page in PAGES for command in short_commands_in(page)]


def ids(content: Any, prefix: str = "") -> set[str]:
    if not isinstance(content, dict):
        return set()
    found = {f"{prefix}{key}" for key in content}
    return found.union(*(ids(value, f"{prefix}{key}#") for key, value in content.items()))


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20
    assert {page.parents[1].name for page, _ in COMMANDS if page.name == "README.md"} >= {"tem", "dendrite"}


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_configs_exist_and_have_the_options(page: Path, command: str) -> None:
    check_words(page, shlex.split(command, comments=True)[4:])


def check_words(page: Path, words: list[str]) -> None:
    """Check the words after ``python -m monai.bundle run``."""
    options = dict(zip(words[1::2], words[2::2], strict=False))
    files = configs_of(options.pop("--config_file"))
    known: set[str] = {"tracking", "tracking_uri", "experiment_name", "run_name", "args_file"}
    for file in files:
        assert file.is_file(), f"{page}: {file}"
        known |= ids(yaml.safe_load(file.read_text(encoding="utf-8")))
    if not files:
        pytest.skip("a bundle of the reader's own")
    assert words[0] in known
    for name, text in options.items():
        assert name[2:].lstrip("+") in known, f"{page}: {name}"
        if re.fullmatch(r"[\d.]+|true|false|[a-z_]+", text):
            check_kinds({name[2:]: yaml.safe_load(text)})


def test_there_are_short_commands() -> None:
    typed = {command.split()[1] for _, command in SHORT}
    assert {"bundles", "options", "score", *RUNS} <= typed
    assert len({page for page, _ in SHORT}) >= 9


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Return a function that reads a short command, and returns the words of MONAI's command that would run."""
    (tmp_path / "run1").mkdir()
    copy_bundle("dendrite", tmp_path / "my_dendrites")
    monkeypatch.chdir(tmp_path)
    started: list[list[str]] = []
    monkeypatch.setattr(_app, "start", lambda words, trusted: started.append(words))
    monkeypatch.setattr(_app, "_print", print)  # it changes how the process reacts to a signal
    monkeypatch.setattr(_app, "_pass_on", lambda module, words: _check_score(words))

    def read(command: str) -> list[str]:
        words = shlex.split(command, comments=True)[1:]
        words = [word.replace("my_dendrites", "copy") if "--copy" in words else word for word in words]
        typer.main.get_command(_app.app).main(words, prog_name="microscopy", standalone_mode=False)()
        return started[0] if started else []

    return read


def _check_score(words: list[str]) -> None:
    from custom.score import _commands

    _parse("microscopy score", getattr(_commands, words[0]), words[1:])


@pytest.mark.parametrize(("page", "command"), SHORT)
def test_short_commands_can_be_read(page: Path, command: str, read: Callable[[str], list[str]]) -> None:
    words = read(command)
    assert bool(words) == (command.split()[1] in RUNS)
    if words:
        check_words(page, words[1:])
