"""Settings of the linking from a file, such as `fit` writes."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import yaml

from ...errors import InputError
from ._settings import Settings


def read_settings(file: str | os.PathLike[str]) -> Settings:
    """Return the settings in a YAML file of lines ``name: value``; those that it does not name have their defaults.

    Raises:
        InputError: the file cannot be read, or a name or a value in it is not one of the settings.
    """
    known = [field.name for field in fields(Settings)]
    expected = f"settings of the linking ({', '.join(known)})"
    try:
        values = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.about(file, "nothing that can be read", f"a YAML file with {expected}") from error
    if not isinstance(values, dict):
        raise InputError.about(file, "no lines `name: value`", expected)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise InputError.about(file, f"the name {unknown[0]}", expected)
    try:
        return Settings(**values)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
