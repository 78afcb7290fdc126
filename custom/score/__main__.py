"""Score any result on disk: ``python -m custom.score ctc|masks|membrane TRUTH RESULT [--json FILE]``."""

from __future__ import annotations

import fire

from ..errors import show_input_errors
from .ctc import ctc
from .masks import masks
from .membrane import membrane

COMMANDS = {"ctc": ctc, "masks": masks, "membrane": membrane}


def main() -> None:
    """Run the command line."""
    show_input_errors()
    fire.Fire(COMMANDS, name="python -m custom.score")


if __name__ == "__main__":
    main()
