"""Reads a manifest file, and turns pydantic's errors into one sentence."""

from __future__ import annotations

import difflib
import reprlib
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ...errors import InputError
from ...ground.json_files import read_object
from ._labels import check_labels, colors_of, values_of
from ._manifest import Manifest
from ._models import LAYOUTS, Download, Downloads, layout_model
from ._splits import check_splits

_Model = TypeVar("_Model", bound=Downloads)
_LEVELS = {"splits": 3, "download": 2}  # levels of keys that the models describe; 1 for all other keys
_ALL_KEYS = {field.name for field in fields(Manifest)} - {"folder"}
_short = reprlib.Repr()  # of values that may be large or deep
_short.maxstring = _short.maxother = _short.maxlong = 200
_short.maxlist = _short.maxdict = 10


def load_manifest(path: Path, folder: Path) -> Manifest:
    """Read and check the manifest at ``path`` for the data in ``folder``.

    Raises:
        InputError: the file is not JSON, has an unknown or missing key, a value of the wrong kind, a path outside its
            folder, or splits that overlap.

    Examples:
        >>> from custom.data import find_manifest
        >>> load_manifest(find_manifest("isbi2012"), Path("data")).labels
        {'cell': 255, 'membrane': 0}
    """
    content = read_object(path, "a manifest")
    if content.get("layout") not in LAYOUTS:
        found = f"layout {_short.repr(content['layout'])}" if "layout" in content else "no 'layout'"
        raise InputError.about(path, found, " or ".join(map(repr, LAYOUTS)))
    return manifest_of(path, content, folder)


def manifest_of(path: Path, content: dict[str, Any], folder: Path) -> Manifest:
    """Return the data set that the keys of a manifest describe; errors as in `load_manifest`, about ``path``."""
    _check(path, layout_model(content), content)
    check_labels(path, content)
    check_splits(path, content)
    keys = {key: value for key, value in content.items() if key not in ("$schema", "labels", "colors")}
    return Manifest(folder=folder, **keys, labels=values_of(content), colors=colors_of(content))


def read_downloads(path: Path, value: Any) -> list[Download]:
    """Return the downloads in the key ``download`` of the manifest at ``path``: an object or a list of objects.

    Raises:
        InputError: a key is unknown or missing, or its value is wrong.

    Examples:
        >>> read_downloads(Path("manifest.json"), {"url": "https://example.org/cells.zip", "sha256": 64 * "0"})[0].url
        'https://example.org/cells.zip'
    """
    return _check(path, Downloads, {"download": value}).download


def _check(path: Path, model: type[_Model], content: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        errors, schema = error.errors(include_url=False), model.model_json_schema()
        _refuse_keys(path, schema, content, errors)
        _, found, expected = max((_about(schema, content, one) for one in errors), key=lambda about: about[0])
        raise InputError.about(path, found, expected) from error


def _refuse_keys(path: Path, schema: dict[str, Any], content: dict[str, Any], errors: list[ErrorDetails]) -> None:
    """Raise InputError for a key of the manifest that is unknown, missing, or belongs to another layout."""
    unknown, missing = (
        [str(one["loc"][0]) for one in errors if one["type"] == kind and len(one["loc"]) == 1]
        for kind in ("extra_forbidden", "missing")
    )
    for key in unknown:
        if key in _ALL_KEYS:
            why = (
                "splits that name their folders"
                if schema["title"] == "FoldersBySplit"
                else f"the layout {content['layout']!r}"
            )
            raise InputError.about(path, f"{key} with {why}", f"no {key}, which has no meaning there")
        near = difflib.get_close_matches(key, schema["properties"], n=1)
        expected = repr(near[0]) if near else f"one of {list(schema['properties'])}"
        raise InputError.about(path, f"the unknown key {_short.repr(key)}", expected)
    if missing:
        found = f"no {' and no '.join(map(repr, missing))}"
        raise InputError.about(path, found, f"all of {', '.join(schema['required'])}")


def _about(schema: dict[str, Any], content: dict[str, Any], error: ErrorDetails) -> tuple[int, str, str]:
    """Return how deep an error is, the innermost value around it that the schema describes, and what is expected."""
    steps = _steps(content, error["loc"][:-1] if error["type"] in ("extra_forbidden", "missing") else error["loc"])
    if not steps:  # a key that is no Unicode text
        return 0, _short.repr(error["input"]), error["msg"].removeprefix("Input should be ")
    steps = steps[: _LEVELS.get(steps[0][0], 1)]
    names, (key, value) = [name for name, _ in steps], steps[-1]
    described = schema["properties"][names[0]]
    if len(steps) == _LEVELS.get(names[0]):
        described = next(inner["properties"][key] for inner in schema["$defs"].values() if key in inner["properties"])
    if len(names) > 1:
        names[0] = names[0].removesuffix("s")
    reason = f" ({error['ctx']['error']})" if error["type"] == "value_error" else ""
    return len(steps), f"{' '.join(names)} {_short.repr(value)}{reason}", described["description"].partition(": ")[0]


def _steps(value: Any, location: tuple[int | str, ...]) -> list[tuple[str, Any]]:
    """Return the keys on the way to a location, each with its value."""
    steps = []
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):  # the name of a type that pydantic tried
            continue
        if isinstance(part, str):
            steps.append((part, value))
    return steps
