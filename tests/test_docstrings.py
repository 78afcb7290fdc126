"""Docstring examples: all of them run, and every function, loss, network and transform has one."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from monai.inferers import Inferer
from monai.transforms import Transform
from torch import nn

import custom

ROOT = Path(custom.__file__).parent
PROMPT = ">>> "
PACKAGES = ("custom.losses", "custom.metrics", "custom.networks", "custom.transforms")


def modules_with_examples() -> list[str]:
    """Return the dotted names of all modules of `custom` that contain a doctest prompt."""
    files = sorted(file for file in ROOT.rglob("*.py") if PROMPT in file.read_text(encoding="utf-8"))
    parts = (("custom", *file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return [".".join(path).removesuffix(".__init__") for path in parts]


def names_that_need_an_example() -> list[tuple[str, str]]:
    """Return (package, name) of every public function, loss, network, inferer and transform."""
    names = [(package, name) for package in PACKAGES for name in sorted(import_module(package).__all__)]
    return [(package, name) for package, name in names if needs_example(getattr(import_module(package), name))]


def needs_example(public: object) -> bool:
    """Return whether a public object needs an example: not constants, type aliases and classes that hold results."""
    if inspect.isclass(public):
        return issubclass(public, (nn.Module, Transform, Inferer))
    return inspect.isfunction(public)


def has_example(package: ModuleType, name: str) -> bool:
    return PROMPT in (getattr(getattr(package, name, None), "__doc__", None) or "")  # not inherited


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # examples may write files
    module = import_module(name)
    results = doctest.testmod(module)
    assert results.failed == 0
    assert results.attempted == inspect.getsource(module).count(PROMPT)  # doctest found all of them


@pytest.mark.parametrize(("package", "name"), names_that_need_an_example())
def test_every_public_name_has_an_example(package: str, name: str) -> None:
    """One example suffices for a transform and its dictionary version, such as `Clahe` and `Clahed`."""
    module = import_module(package)
    versions = name, f"{name}d", name.removesuffix("d")
    assert any(has_example(module, version) for version in versions), (
        f"{package}.{name} has no example in its docstring"
    )
