"""Make sample data: ``python -m custom.samples TASK FOLDER``, with ``--count`` as many images as wanted."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..errors import InputError
from ..ground.command_line import joined
from . import make_many_samples, make_samples


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.samples", description=__doc__)
    parser.add_argument("task", help="name of the bundle, for example cytoskeleton")
    parser.add_argument("folder", type=Path, help="a new or an empty folder")
    parser.add_argument("--count", type=int, help="number of images; without it, the small set that the tests use")
    parser.add_argument("--size", type=int, help="height and width in pixels, with --count (512)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same images (0)")
    parser.add_argument("--workers", type=int, help="processes, with --count (as many as cores)")
    given = parser.parse_args()
    if given.count is None and (given.size, given.workers) != (None, None):
        parser.error("--size and --workers go with --count")
    try:
        _check_empty(given.folder)
        if given.count is None:
            make_samples(given.task, given.folder, given.seed)
        else:
            size = 512 if given.size is None else given.size
            workers = (os.cpu_count() or 1) if given.workers is None else given.workers
            make_many_samples(given.task, given.folder, given.count, size, given.seed, workers)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    _conclude(given.task, given.folder.resolve())
    return 0


def _conclude(task: str, folder: Path) -> None:
    print(f"Sample data: {folder}")
    config = Path(__file__).resolve().parents[2] / "bundles" / task / "configs" / "train.yaml"
    if config.is_file():  # in the repository, and not in a package installed elsewhere
        words = ["python", "-m", "monai.bundle", "run", "training", "--config_file", str(config)]
        print(f"Next, train on them:\n  {joined([*words, '--dataset_dir', str(folder)])}")


def _check_empty(folder: Path) -> None:
    """Refuse what is there: it may be of another seed or number."""
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError.about(folder, "files", "a new or an empty folder")


if __name__ == "__main__":
    sys.exit(main())
