"""The data set of an output folder of inference: images whose mask or labels were corrected by hand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...ground.wording import counted
from .. import results
from ._manifest import Manifest


def results_manifest(folder: Path, default: Manifest, labels: str) -> Manifest:
    """Return the data set of an output folder.

    Images with a corrected mask or corrected labels are training images; from five on, every fifth is for validation.

    Args:
        folder: the output folder.
        default: the manifest of the bundle's data, for the kind of labels.
        labels: ``"edited"``, or ``"all"`` to learn also from what the network has predicted.

    Raises:
        InputError: nothing was corrected, or the results are of another kind of bundle.
    """
    markers = results.markers_in(folder)
    classes = next((list(marker["classes"]) for marker in markers.values() if marker.get("classes")), [])
    if bool(classes) != (len(default.labels) > 2):
        found = f"masks of the classes {', '.join(classes)}" if classes else "masks without classes"
        raise InputError.about(folder, found, "results of this bundle")
    chosen = [name for name, marker in markers.items() if labels == "all" or _is_learnable(folder, marker, classes)]
    if not chosen:
        found = f"no corrected mask or labels among {counted(len(markers), 'result')}"
        raise InputError.about(folder, found, "some, or --labels all to learn from what was predicted")
    numbers = {name: value for value, name in enumerate(classes)} if classes else default.labels
    return Manifest(
        folder=folder,
        name=f"results, {labels}",
        layout="results",
        labels=numbers,
        splits=_splits(chosen),
    )


def _is_learnable(folder: Path, marker: Mapping[str, Any], classes: Sequence[str]) -> bool:
    kinds = {results.kind_of(file) for file in results.corrected_files(folder, marker)}
    if classes and kinds == {"labels"}:
        name = Path(marker["input"]["file"]).name
        warnings.warn(f"{name}: only its labels were edited, which tell no class; edit its mask.", stacklevel=3)
        return False
    return bool(kinds)


def _splits(names: Sequence[str]) -> dict[str, dict]:
    validation = list(names[4::5])
    train = [name for name in names if name not in validation]
    return {"train": {"stems": train}} | ({"validation": {"stems": validation}} if validation else {})
