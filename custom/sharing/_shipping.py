"""Make trained weights those that a bundle ships: ``python -m custom.sharing RUN_FOLDER BUNDLE_FOLDER``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from ..errors import InputError
from ..ground.files import atomic_path, sha256
from ..review import REFERENCE_FILE
from ..weights import RUN_FILE, SETTINGS_FILE, THRESHOLD_FILE, WEIGHTS_FILE

LARGEST = 16_000_000
"""Bytes; larger weights do not belong into a repository."""


def ship(run: Path, bundle: Path, scores: Path | None = None, note: str | None = None, name: str | None = None) -> Path:
    """Copy weights and threshold of a training into ``models/`` of a bundle, with ``provenance.json`` beside them.

    Args:
        run: output folder of a training.
        bundle: root folder of the bundle.
        scores: ``scores.json`` of an evaluation, to be kept with the weights.
        note: what a reader of the scores has to know, for example that they are those of other weights.
        name: folder in ``models/``, for weights beside the bundle's first ones.

    Returns:
        The file of the weights.

    Raises:
        InputError: when a file is missing, the weights are not those that the run recorded, or they are too large.
    """
    for file in (run / WEIGHTS_FILE, run / RUN_FILE, *([scores] if scores else [])):
        if not file.is_file():
            raise InputError.about(file, "nothing", "a file of a finished training")
    content = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
    if sha256(run / WEIGHTS_FILE) != content["sha256"]:
        raise InputError.about(
            run / WEIGHTS_FILE, "other weights than run.json records", "those of the finished training"
        )
    if (run / WEIGHTS_FILE).stat().st_size > LARGEST:
        raise InputError.about(run / WEIGHTS_FILE, f"{(run / WEIGHTS_FILE).stat().st_size} bytes", f"at most {LARGEST}")
    if scores is not None:
        content["scores"] = json.loads(scores.read_text(encoding="utf-8"))["splits"]
    if note is not None:
        content["note"] = note
    models = bundle / "models" / (name or "")
    for file in (run / WEIGHTS_FILE, run / THRESHOLD_FILE, run / SETTINGS_FILE, run / REFERENCE_FILE):
        if file.is_file():
            with atomic_path(models / file.name) as path:
                shutil.copyfile(file, path)
        else:  # not every network has all of them, and those of weights shipped before are not its
            (models / file.name).unlink(missing_ok=True)
    with atomic_path(models / "provenance.json") as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return models / WEIGHTS_FILE


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.sharing", description=__doc__)
    parser.add_argument("run", type=Path, help="output folder of a training")
    parser.add_argument("bundle", type=Path, help="root folder of the bundle")
    parser.add_argument("--scores", type=Path, help="scores.json of an evaluation")
    parser.add_argument("--note", help="what a reader of the scores has to know")
    parser.add_argument("--name", help="folder in models/, for weights beside the bundle's first ones")
    given = parser.parse_args()
    try:
        print(f"Shipped: {ship(given.run, given.bundle, given.scores, given.note, given.name).resolve()}")
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
