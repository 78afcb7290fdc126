"""Every dotted name of this package that configs and docs use can be found, and every command can be run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from bundle_runs import ROOT

FILES = [
    *sorted(ROOT.glob("bundles/*/configs/*.yaml")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("bundles/*/docs/README.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")),
]


def names_in(file: Path) -> set[str]:
    names = re.findall(r"\bcustom(?:\.[A-Za-z_]\w*)+", file.read_text(encoding="utf-8"))
    return {name for name in names if not name.endswith(".md")}


def exists(name: str) -> bool:
    """Return whether a dotted name is a module, or an attribute of one."""
    module, rest = "custom", name.split(".")[1:]
    found = importlib.import_module(module)
    while rest:
        part = rest.pop(0)
        module = f"{module}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(module)
            except ModuleNotFoundError:
                return False
    return True


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_name_exists(file: Path) -> None:
    assert [name for name in sorted(names_in(file)) if not exists(name)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_command_can_be_run(file: Path) -> None:
    named = set(re.findall(r"python -m (custom(?:\.[a-z_]+)+)", file.read_text(encoding="utf-8")))
    assert [module for module in sorted(named) if not is_command(module)] == []


def is_command(module: str) -> bool:
    """Return whether ``python -m MODULE`` has something to run."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.submodule_search_locations is not None:
        return spec is not None and importlib.util.find_spec(f"{module}.__main__") is not None
    return 'if __name__ == "__main__":' in Path(str(spec.origin)).read_text(encoding="utf-8")


def test_an_unknown_name_is_noticed() -> None:
    assert not exists("custom.transforms.Clahedd")
    assert not exists("custom.nothing")
    assert not is_command("custom.metrics")
