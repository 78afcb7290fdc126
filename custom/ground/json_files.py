"""JSON files that people write."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..errors import InputError
from .files import atomic_path


def read_object(file: Path, expected: str) -> dict[str, Any]:
    """Return the object in a JSON file.

    Args:
        file: the file.
        expected: what it should hold, for the message.

    Raises:
        InputError: when it cannot be read, is not JSON, or not an object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.about(file, f"nothing that can be read ({error.strerror})", expected) from error
    except (ValueError, RecursionError) as error:  # also of a number with too many digits, or of too deep a nesting
        raise InputError.about(file, f"no valid JSON ({error})", expected) from error
    if not isinstance(content, dict):
        raise InputError.about(file, type(content).__name__, "a JSON object")
    return content


def write_json(file: str | Path, content: dict[str, Any]) -> None:
    """Write numbers as JSON, and print where they are; NaN, which JSON does not know, becomes null.

    Args:
        file: the file; its folder is created.
        content: what JSON can hold, paths, and numbers that are not finite, nested in any way.

    Raises:
        InputError: the folder cannot be created.
    """
    with atomic_path(file) as path:
        path.write_text(json.dumps(_plain(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    print(f"Scores: {file}")


def _plain(value: Any) -> Any:
    """Return the value with None for numbers that are not finite and text for paths."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
