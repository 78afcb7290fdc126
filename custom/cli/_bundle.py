"""A bundle, named or given by its folder, and its files; found without loading MONAI."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..data._shipped import shipped_bundles
from ..errors import InputError
from ..ground.names import as_given, in_home

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Bundle:
    """A folder with configs.

    Attributes:
        folder: root folder of the bundle.
        shipped: whether it ships with this package.
    """

    folder: Path
    shipped: bool

    @property
    def name(self) -> str:
        """Name of the bundle: that of its folder."""
        return as_given(self.folder).name

    def configs(self) -> dict[str, Path]:
        """Return the configs of the bundle by name."""
        files = sorted((self.folder / "configs").iterdir())
        return {file.stem: file for file in files if file.suffix in _SUFFIXES and file.stem != "metadata"}

    def metadata(self) -> dict[str, Any]:
        """Return the content of ``metadata.json``; empty if there is none."""
        file = self.folder / "configs" / "metadata.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def find_bundle(text: str) -> Bundle:
    """Return a bundle that ships with this package, by its name, or any other, by its folder.

    Raises:
        InputError: there is neither; the message gives the nearest name.
    """
    shipped = shipped_bundles()
    if text in shipped:
        return Bundle(shipped[text], shipped=True)
    folder = in_home(text)
    if (folder / "configs").is_dir():
        return Bundle(folder, shipped=False)
    found = "a folder without configs" if folder.is_dir() else "no such bundle"
    raise InputError.about(text, found, f"one of: {', '.join(shipped)}, or the folder of a bundle{near(text, shipped)}")


def content_of(files: Iterable[Path]) -> dict[str, Any]:
    """Return the ids at the top of configs with their values; those of later files count.

    Raises:
        InputError: a file is not a config.
    """
    content: dict[str, Any] = {}
    for file in files:
        try:
            content |= yaml.safe_load(file.read_bytes())
        except (TypeError, ValueError, yaml.YAMLError) as error:
            raise InputError.about(file, "broken YAML", "a config with ids and their values") from error
    return content


def near(word: str, known: Iterable[str]) -> str:
    """Return the most similar of the known words as a question in parentheses; empty if none is similar."""
    found = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {found[0]}?)" if found else ""
