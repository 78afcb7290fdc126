"""The first line of every command of `custom.score`."""

from __future__ import annotations

from pathlib import Path


def announce(result: str | Path, truth: str | Path, what: str) -> None:
    """Print what is going to be scored against what, and how much of it."""
    print(f"Scoring {what} of {Path(result).resolve()} against {Path(truth).resolve()}", flush=True)
