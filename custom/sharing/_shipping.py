"""Copy the weights of a training run, with everything that belongs to them, into a bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ..errors import InputError
from ..ground.files import atomic_path, sha256
from ..ground.json_files import read_object
from ..review import REFERENCE_FILE
from ..weights import RUN_FILE, SETTINGS_FILE, THRESHOLD_FILE, WEIGHTS_FILE

LARGEST = 16_000_000
"""Maximum size of weights in bytes; larger files do not belong in a repository."""


def ship(run: Path, bundle: Path, scores: Path | None = None, note: str | None = None, name: str | None = None) -> Path:
    """Copy the weights of a training run, with threshold, settings and reference, into ``models/`` of a bundle.

    ``provenance.json`` is written next to them.

    Args:
        run: output folder of a training run.
        bundle: root folder of the bundle.
        scores: ``scores.json`` of an evaluation, stored in ``provenance.json``.
        note: a note on these scores, for example that they are scores of other weights.
        name: subfolder of ``models/``, for additional weights.

    Returns:
        The file of the weights in the bundle.

    Raises:
        InputError: a file is missing, ``run.json`` belongs to other weights, the weights belong to another bundle, or
            they are too large.
    """
    for file in (run / WEIGHTS_FILE, run / RUN_FILE, *([scores] if scores else [])):
        if not file.is_file():
            raise InputError.about(file, "nothing", "a file of a finished run")
    content = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
    if sha256(run / WEIGHTS_FILE) != content["sha256"]:
        raise InputError.about(
            run / WEIGHTS_FILE, "weights other than those of run.json", "the weights of the finished run"
        )
    here, there = (_name_of_bundle(file) for file in (run / SETTINGS_FILE, bundle / "models" / SETTINGS_FILE))
    if None not in (here, there) and here != there:
        raise InputError.about(run / WEIGHTS_FILE, f"weights of {here}", f"weights of {there}")
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
        else:  # not every network has all files; files of previously shipped weights must not remain
            (models / file.name).unlink(missing_ok=True)
    with atomic_path(models / "provenance.json") as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return models / WEIGHTS_FILE


def _name_of_bundle(file: Path) -> str | None:
    return read_object(file, "a JSON object with the settings of weights").get("bundle") if file.is_file() else None
