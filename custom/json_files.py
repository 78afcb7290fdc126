"""JSON files that people write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import InputError


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
