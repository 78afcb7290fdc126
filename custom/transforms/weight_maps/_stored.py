"""Weight maps in files beside the labels, and whether they fit."""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from monai.transforms import Compose
from monai.utils import convert_to_numpy

from ...errors import InputError
from ...ground.files import atomic_path
from ...ground.progress import Bar
from ...images import read_image, read_labels
from ._labels import Labels, Weights
from ._recipe import Recipe

FOLDER, RECORD = "WEIGHT_MAPS", "weight_maps.json"


Item = Mapping[str, Any]


def precompute(items: Iterable[Item], reading: Sequence[Callable[[Any], Any]], **parameters: Any) -> None:
    """Write the weight maps of label files, for `stored_weight_map` to find; those that are there and fit are kept.

    The map of ``01_ST/SEG/man_seg007.tif`` is ``01_ST/WEIGHT_MAPS/weight_map_007.npy``, (H, W) float32. In the same
    folder ``weight_maps.json`` notes the parameters, and for each map a digest of its file and one of the labels that
    it was made from.

    Args:
        items: of a datalist, with the path of an instance-label file under ``"label"``.
        reading: the transforms that make of it, under the same key, the labels (1, H, W) that training weighs.
        parameters: those of `Recipe`.

    Raises:
        InputError: a label cannot be read or is a stack, two labels would have the same map, or the folder cannot be
            written to.
    """
    recipe, read = Recipe(**parameters), Compose(reading)
    by_map = _by_map(items)
    with Bar(len(by_map), "weight maps") as bar:
        for folder in sorted({file.parent for file in by_map}):
            _precompute_folder(folder, {m: i for m, i in by_map.items() if m.parent == folder}, read, recipe, bar)


def stored_weight_map(label_file: str | os.PathLike[str], labels: Labels, recipe: Recipe) -> Weights | None:
    """Return the map that `precompute` wrote for a label file, or None where there is none that fits.

    It fits when it was made by the same recipe from the same ``labels``. Warns when it was made by another one, or when
    the file has changed since; but not when ``labels`` are no more what was read then, because they were deformed.

    Args:
        label_file: where the labels were read from.
        labels: integers (H, W), not yet parted.
        recipe: how the map is to be made.

    Raises:
        InputError: the map or its record is a broken file.
    """
    label_file = Path(label_file)
    file = _map_file(label_file)
    if not file.exists():
        return None
    record = _read_record(file.parent)
    if record["parameters"] == recipe.as_json():
        digests = record["digests"].get(file.name, {})
        if digests.get("labels") == _digest(labels):
            return read_image(file)
        if digests.get("file") == _file_digest(label_file, label_file.stat().st_mtime_ns):
            return None
    # The same words for all files of a folder: Python shows the same warning once.
    found = "weight maps made with other parameters or from other labels; they are computed anew"
    warnings.warn(f"{file.parent}: {found}", stacklevel=2)
    return None


def _precompute_folder(folder: Path, items: Mapping[Path, Item], read: Compose, recipe: Recipe, bar: Bar) -> None:
    record = _read_record(folder)
    if record["parameters"] != recipe.as_json():
        record = {"parameters": recipe.as_json(), "digests": {}}
        _write_record(folder, record)  # before the first map, for which the old record must not vouch
    for file, item in items.items():
        label_file = Path(item["label"])
        digest = _file_digest(label_file, label_file.stat().st_mtime_ns)
        labels = convert_to_numpy(read(item)["label"])[0]
        digests = {"file": digest, "labels": _digest(labels)}
        if not file.exists() or record["digests"].get(file.name) != digests:
            with _writing(file) as path:
                np.save(path, recipe.apply(labels)[1])
            record["digests"][file.name] = digests
            _write_record(folder, record)
        bar.update()


def _map_file(label_file: Path) -> Path:
    """Return where the map of a label file is: named by the digits that end its stem, or by all of the stem."""
    number = re.split(r"\D", label_file.stem)[-1]
    return label_file.absolute().parent.parent / FOLDER / f"weight_map_{number or label_file.stem}.npy"


def _by_map(items: Iterable[Item]) -> dict[Path, Item]:
    """Return the item for each map file."""
    by_map: dict[Path, Item] = {}
    for item in items:
        other = by_map.setdefault(_map_file(Path(item["label"])), item)
        if other["label"] != item["label"]:
            found, expected = f"the same number as {other['label']} has", "label files with different numbers"
            raise InputError.about(item["label"], found, expected)
    return by_map


def _read_instances(file: Path) -> Labels:
    labels = read_labels(file)
    if labels.ndim != 2:
        raise InputError.about(file, f"a stack of {len(labels)} pages", "one label image per file")
    return labels


def _digest(labels: Labels) -> str:
    """Return what tells labels apart, whatever integer type they are stored in."""
    digest = hashlib.blake2b(str(labels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(labels, dtype="<i4").data)
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _file_digest(file: Path, modified: int) -> str:
    """Return the digest of what a file holds; ``modified`` is its time stamp, so that it is read once per content."""
    return _digest(_read_instances(file))


def _read_record(folder: Path) -> dict[str, Any]:
    file = folder / RECORD
    if not file.exists():
        return {"parameters": None, "digests": {}}
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        digests = {name: dict(digests) for name, digests in record["digests"].items()}
        return {"parameters": record["parameters"], "digests": digests}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        expected = f"what precompute writes (remove the folder {FOLDER} to have it made anew)"
        raise InputError.about(file, "a broken record of weight maps", expected) from error


def _write_record(folder: Path, record: dict[str, Any]) -> None:
    with _writing(folder / RECORD) as path:
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")


@contextmanager
def _writing(file: Path) -> Iterator[Path]:
    """Give the path to write to, and turn a folder that may not be written to into the one sentence for the user."""
    try:
        with atomic_path(file) as path:
            yield path
    except OSError as error:
        found = f"a folder that cannot be written to ({error.strerror})"
        expected = "a writable folder, or training without precomputed weight maps"
        raise InputError.about(file.parent, found, expected) from error
