"""Make sample data: ``python -m custom.samples TASK FOLDER``; ``--count`` sets the number of images."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..errors import InputError, show_input_errors
from ..ground.command_line import joined
from ..ground.names import as_given
from . import make_many_samples, make_samples


def main() -> None:
    """Run the command ``python -m custom.samples``."""
    parser = argparse.ArgumentParser(prog="python -m custom.samples", description=__doc__)
    parser.add_argument("task", help="name of the bundle, for example cytoskeleton")
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--count", type=int, help="number of images; without it, the small default set")
    parser.add_argument("--size", type=int, help="height and width in pixels, only with --count (default: 512)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same images (default: 0)")
    parser.add_argument("--workers", type=int, help="number of processes, only with --count (default: number of cores)")
    given = parser.parse_args()
    if given.count is None and (given.size, given.workers) != (None, None):
        parser.error("--size and --workers require --count")
    show_input_errors()
    _check_empty(given.folder)
    if given.count is None:
        make_samples(given.task, given.folder, given.seed)
    else:
        size = 512 if given.size is None else given.size
        workers = (os.cpu_count() or 1) if given.workers is None else given.workers
        make_many_samples(given.task, given.folder, given.count, size, given.seed, workers)
    _print_next_step(given.task, as_given(given.folder))


def _print_next_step(task: str, folder: Path) -> None:
    print(f"Sample data: {folder}")
    config = Path(__file__).resolve().parents[2] / "bundles" / task / "configs" / "train.yaml"
    if config.is_file():  # only in the repository, not in an installed package
        words = ["python", "-m", "monai.bundle", "run", "training", "--config_file", str(config)]
        print(f"Next, train on them:\n  {joined([*words, '--dataset_dir', str(folder)])}")


def _check_empty(folder: Path) -> None:
    """Raise InputError for existing files, which may be of another seed or number."""
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError.about(folder, "files", "a new or empty folder")


if __name__ == "__main__":
    main()
