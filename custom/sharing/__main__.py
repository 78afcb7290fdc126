"""Ship trained weights with a bundle: ``python -m custom.sharing RUN_FOLDER BUNDLE_FOLDER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import show_input_errors
from ..ground.names import as_given
from ._shipping import ship


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.sharing", description=__doc__)
    parser.add_argument("run", type=Path, help="output folder of a training run")
    parser.add_argument("bundle", type=Path, help="root folder of the bundle")
    parser.add_argument("--scores", type=Path, help="scores.json of an evaluation")
    parser.add_argument("--note", help="a note on these scores")
    parser.add_argument("--name", help="subfolder of models/, for additional weights")
    given = parser.parse_args()
    show_input_errors()
    print(f"Shipped: {as_given(ship(given.run, given.bundle, given.scores, given.note, given.name))}")


if __name__ == "__main__":
    main()
