"""Nothing from outside is executed: weights, manifests, settings, result folders."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from bundle_runs import ROOT, train
from tiny_data import make_data

from custom.data import open_datasets
from custom.errors import InputError, find_input_error

# Modules and functions that can execute what they read.
FORBIDDEN = {"eval", "exec", "pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
SAFE_CALLS = {("torch", "load"): ("weights_only", True), ("np", "load"): ("allow_pickle", False)}


def calls_and_names(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", sorted((ROOT / "custom").rglob("*.py")), ids=lambda file: file.stem)
def test_the_package_loads_nothing_that_is_executed(file: Path) -> None:
    for node in calls_and_names(file):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name.split(".")[0] for alias in node.names} | {
                (getattr(node, "module", "") or "").split(".")[0]
            }
            assert not names & FORBIDDEN
        if isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN), ast.unparse(node)
            _check_call(node)


def _check_call(node: ast.Call) -> None:
    """Check that torch.load and np.load are called so that they execute nothing, and that YAML is loaded safely."""
    if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Name):
        return
    called = (node.func.value.id, node.func.attr)
    assert called not in {("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load")}, ast.unparse(node)
    if called in SAFE_CALLS:
        keyword, value = SAFE_CALLS[called]
        given = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
        assert given.get(keyword) is value, ast.unparse(node)


EXPRESSIONS = ["$__import__('pathlib').Path({file!r}).touch()", "%{file}", "@bundle_root", "{{stem.__class__}}"]
KEYS = ["name", "image", "label", "region", "number_pattern", "channels", "pair_by", "layout", "description", "source"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("key", KEYS)
def test_nothing_in_a_manifest_is_evaluated(key: str, expression: str, tmp_path: Path) -> None:
    data, trap = make_data("dendrite", tmp_path / "data"), tmp_path / "trapped"
    text = expression.format(file=str(trap))
    content = json.loads((data / "manifest.json").read_text()) | {key: text}
    (data / "manifest.json").write_text(json.dumps(content))
    with suppress(InputError):
        (manifest,) = open_datasets([data], None, "dendrite")
        assert getattr(manifest, key) == text
    assert not trap.exists()


def test_training_treats_expressions_in_a_manifest_as_text(tmp_path: Path) -> None:
    """Names of files and of the data set pass through the whole config."""
    data, trap = make_data("dendrite", tmp_path / "data"), tmp_path / "trapped"
    text = f"$open({str(trap)!r}, 'w')"
    content: dict[str, Any] = json.loads((data / "manifest.json").read_text())
    content |= {"name": text, "source": text, "labels": {text: 0, "@resume": 255}, "image": "$images"}
    (data / "image").rename(data / "$images")
    (data / "manifest.json").write_text(json.dumps(content))
    train("dendrite", data, tmp_path / "out", max_epochs=1)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["data"][0]["name"] == text
    assert not trap.exists()


def test_a_folder_that_looks_like_an_expression_is_one(tmp_path: Path) -> None:
    """MONAI evaluates what is typed: the README says to write ./$name."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        train("dendrite", f"./$1/{tmp_path.name}", tmp_path / "out")  # type: ignore[arg-type]
    assert "found nothing, expected a folder" in (find_input_error(caught.value) or "")
