"""The commands in the documentation: their configs exist and have the options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from bundle_runs import ROOT

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
    words = shlex.split(command, comments=True)[4:]
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
