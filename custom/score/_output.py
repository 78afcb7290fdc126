"""What every command of `custom.score` writes: its numbers as JSON, and where they are."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..writers import atomic_path


def announce(result: str | Path, truth: str | Path, what: str) -> None:
    """Print what is going to be scored against what, and how much of it."""
    print(f"Scoring {what} of {Path(result).resolve()} against {Path(truth).resolve()}", flush=True)


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
