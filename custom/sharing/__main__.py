"""Ship trained weights with a bundle: ``python -m custom.sharing RUN_FOLDER BUNDLE_FOLDER``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import InputError
from ._shipping import ship


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.sharing", description=__doc__)
    parser.add_argument("run", type=Path, help="output folder of a training run")
    parser.add_argument("bundle", type=Path, help="root folder of the bundle")
    parser.add_argument("--scores", type=Path, help="scores.json of an evaluation")
    parser.add_argument("--note", help="a note on these scores")
    parser.add_argument("--name", help="subfolder of models/, for additional weights")
    given = parser.parse_args()
    try:
        print(f"Shipped: {ship(given.run, given.bundle, given.scores, given.note, given.name).resolve()}")
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
