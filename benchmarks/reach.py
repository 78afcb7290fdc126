"""Count the lines of ``custom`` that the inference of each bundle reaches: what a packed bundle takes along.

    python benchmarks/reach.py [--config inference] [--modules dendrite]

Names such as ``custom.inference.Pages`` in a config lead to the modules that define them, through the stubs
(``__init__.pyi``) of the wings. Their imports, including those within functions, lead to further modules. All lines of
these files count, and those of their packages' ``__init__``. Of the generators of sample data, only the one that the
config names counts. Nothing is imported.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "custom"
BUNDLES = sorted(folder.name for folder in (ROOT / "bundles").iterdir() if (folder / "configs").is_dir())

_NAME = re.compile(rf"\b{PACKAGE}(?:\.[A-Za-z_]\w*)+")
_SAMPLES = re.compile(rf"\b{PACKAGE}\.make_samples\('(\w+)'")  # imports the generator of this name


def reached(bundle: str, config: str = "inference") -> dict[str, int]:
    """Return the modules of the package that a config of a bundle reaches → their lines, by name."""
    texts = list(_texts(yaml.safe_load((ROOT / "bundles" / bundle / "configs" / f"{config}.yaml").read_text("utf-8"))))
    generators = {f"{PACKAGE}.samples.{task}" for text in texts for task in _SAMPLES.findall(text)}
    todo = generators | {defining_module(name) for text in texts for name in _NAME.findall(text)}
    found: set[str] = set()
    while todo:
        module = todo.pop()
        found.add(module)
        todo |= (_packages(module) | imports(module)) - found
    return {module: _lines(module) for module in sorted(found)}


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules of the package whose names a module imports, wherever it does."""
    tree = ast.parse(_file(module).read_text("utf-8"))
    names = {name for node in ast.walk(tree) for name in _imported(node, module, tree)}
    return frozenset(defining_module(name) for name in names if name.split(".")[0] == PACKAGE)


@cache
def defining_module(name: str) -> str:
    """Return the module that a dotted name of the package leads to, through the stubs of lazy packages."""
    place, *rest = name.split(".")
    for part in rest:
        if not _is_package(place):
            return place
        place = f"{place}.{part}" if _exists(f"{place}.{part}") else _stub(place).get(part, place)
    return place


@cache
def _stub(package: str) -> dict[str, str]:
    """Return the public names of a lazy package → the modules that define them."""
    stub = _file(package).with_suffix(".pyi")
    if not stub.is_file():
        return {}
    nodes = [node for node in ast.walk(ast.parse(stub.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    return {alias.name: _absolute(node, package) for node in nodes if node.module for alias in node.names}


def _imported(node: ast.AST, module: str, tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a node imports; of a package, the names that the module takes from it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        source = _absolute(node, module)
        for alias in node.names:
            name = f"{source}.{alias.name}"
            yield name
            if _is_package(name):
                yield from (f"{name}.{attribute}" for attribute in _attributes(tree, alias.asname or alias.name))


def _attributes(tree: ast.Module, name: str) -> set[str]:
    """Return what a module takes from an imported package: ``dice`` for ``metrics.dice``."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == name}


def _absolute(node: ast.ImportFrom, module: str) -> str:
    """Return the dotted name of the module from which a node imports."""
    parts = module.split(".")
    up = node.level - _is_package(module)
    source = parts[: len(parts) - up] if node.level else []
    return ".".join([*source, *(node.module.split(".") if node.module else [])])


def _packages(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


def _is_package(name: str) -> bool:
    return (ROOT / Path(*name.split(".")) / "__init__.py").is_file()


def _exists(name: str) -> bool:
    return _is_package(name) or (ROOT / Path(*name.split("."))).with_suffix(".py").is_file()


def _file(module: str) -> Path:
    place = ROOT / Path(*module.split("."))
    return place / "__init__.py" if _is_package(module) else place.with_suffix(".py")


def _lines(module: str) -> int:
    """Return the lines of a module, with those of its stub."""
    files = (_file(module), _file(module).with_suffix(".pyi"))
    return sum(len(file.read_text("utf-8").splitlines()) for file in files if file.is_file())


def _texts(content: Any) -> Iterator[str]:
    """Yield all texts in a config, which has no comments any more."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def main() -> None:
    """Print the table, or the modules of one bundle."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="inference", help="name of the config; default: inference")
    parser.add_argument("--modules", choices=BUNDLES, help="list the modules that this bundle reaches, instead")
    arguments = parser.parse_args()
    if arguments.modules:
        for module, lines in reached(arguments.modules, arguments.config).items():
            print(f"{lines:6} {module}")
        return
    print("| bundle | modules | lines |\n|---|---|---|")
    for bundle in BUNDLES:
        found = reached(bundle, arguments.config)
        print(f"| {bundle} | {len(found)} | {sum(found.values())} |")


if __name__ == "__main__":
    main()
