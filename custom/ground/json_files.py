"""JSON files: read the object of a file with clear errors, write scores."""

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
        expected: what the file should contain, for the message.

    Raises:
        InputError: the file cannot be read, is not JSON, or is not an object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError.about(file, f"a file that cannot be read ({error.strerror})", expected) from error
    except (ValueError, RecursionError) as error:  # also for numbers with too many digits and for too deep nesting
        raise InputError.about(file, f"invalid JSON ({error})", expected) from error
    if not isinstance(content, dict):
        raise InputError.about(file, type(content).__name__, "a JSON object")
    return content


def write_json(file: str | Path, content: dict[str, Any]) -> None:
    """Write scores as JSON and print the path of the file. NaN and infinite numbers become null, paths become text.

    Args:
        file: the file; its folder is created.
        content: JSON values, paths and numbers, nested in any way.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json(f"{folder}/scores.json", {"dice": 0.9, "hd95": float("nan")})  # doctest: +ELLIPSIS
        ...     read_object(Path(folder) / "scores.json", "scores")
        Scores: .../scores.json
        {'dice': 0.9, 'hd95': None}
    """
    with atomic_path(file) as path:
        path.write_text(json.dumps(_plain(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    print(f"Scores: {file}")


def _plain(value: Any) -> Any:
    """Return the value with None for non-finite numbers and text for paths."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
