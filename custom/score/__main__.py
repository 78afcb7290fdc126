"""Scores of a result on disk: ``python -m custom.score ctc|masks|membrane TRUTH RESULT [--json FILE]``."""

from __future__ import annotations

from ..ground.commands import run_commands
from ._commands import ctc, masks, membrane


def main() -> None:
    """Run the command line."""
    run_commands("custom.score", {"ctc": ctc, "masks": masks, "membrane": membrane})


if __name__ == "__main__":
    main()
