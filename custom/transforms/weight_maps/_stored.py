"""Precomputed weight maps, stored next to the label files, with a check that they are up to date."""

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
from ._parameters import WeightMapParameters

FOLDER, RECORD = "WEIGHT_MAPS", "weight_maps.json"

Item = Mapping[str, Any]


def precompute_weight_maps(items: Iterable[Item], reading: Sequence[Callable[[Any], Any]], **parameters: Any) -> None:
    """Write the weight maps of label files, for `stored_weight_map`; existing maps that are up to date are kept.

    The map of ``01_ST/SEG/man_seg007.tif`` is ``01_ST/WEIGHT_MAPS/weight_map_007.npy``, float32 (H, W). The file
    ``weight_maps.json`` in the same folder records the parameters, and for each map the digests of the label file and
    of the labels from which it was computed.

    Args:
        items: data items with the path of an instance-label file under ``"label"``.
        reading: transforms that read this file as training does, as labels (1, H, W) under the same key.
        parameters: see `WeightMapParameters`.

    Raises:
        InputError: A label file cannot be read or is a stack, two label files would have the same map, or the folder
            is not writable.

    Examples:
        >>> import numpy as np
        >>> from custom.images import write_image
        >>> from custom.transforms import ReadInstancesd, precompute_weight_maps
        >>> write_image("01_ST/SEG/man_seg000.tif", np.array([[1, 1, 0, 2, 2]], np.uint16))
        >>> items = [{"label": "01_ST/SEG/man_seg000.tif"}]
        >>> precompute_weight_maps(items, [ReadInstancesd("label")], w0=10, sigma=5)
        >>> np.load("01_ST/WEIGHT_MAPS/weight_map_000.npy").shape
        (1, 5)
    """
    settings, read = WeightMapParameters(**parameters), Compose(reading)
    by_map = _by_map(items)
    with Bar(len(by_map), "weight maps") as bar:
        for folder in sorted({file.parent for file in by_map}):
            _precompute_folder(folder, {m: i for m, i in by_map.items() if m.parent == folder}, read, settings, bar)


def stored_weight_map(
    label_file: str | os.PathLike[str], labels: Labels, parameters: WeightMapParameters
) -> Weights | None:
    """Return the weight map that `precompute_weight_maps` stored for a label file, or None if none is up to date.

    A map is up to date if it was computed with the same parameters from the same ``labels``. A warning is issued if the
    parameters differ or the label file has changed since, but not if only ``labels`` differ, because deformed labels
    never match the file.

    Args:
        label_file: the file from which the labels were read.
        labels: integer (H, W), before separation of touching cells.
        parameters: parameters of the weight map.

    Returns:
        float32 (H, W), or None.

    Raises:
        InputError: The map or its record is a broken file.

    Examples:
        >>> import numpy as np
        >>> from custom.images import write_image
        >>> from custom.transforms import ReadInstancesd, WeightMapParameters
        >>> from custom.transforms import precompute_weight_maps, stored_weight_map
        >>> labels = np.array([[1, 1, 0, 2, 2]], np.uint16)
        >>> write_image("02_ST/SEG/man_seg000.tif", labels)
        >>> precompute_weight_maps([{"label": "02_ST/SEG/man_seg000.tif"}], [ReadInstancesd("label")])
        >>> stored_weight_map("02_ST/SEG/man_seg000.tif", labels, WeightMapParameters()).shape
        (1, 5)
    """
    label_file = Path(label_file)
    file = _map_file(label_file)
    if not file.exists():
        return None
    record = _read_record(file.parent)
    if record["parameters"] == parameters.as_json():
        digests = record["digests"].get(file.name, {})
        if digests.get("labels") == _digest(labels):
            return read_image(file)
        if digests.get("file") == _file_digest(label_file, label_file.stat().st_mtime_ns):
            return None
    # The same text for all files of a folder, because Python shows identical warnings only once.
    found = "stored weight maps have other parameters or are from other labels; they are recomputed"
    warnings.warn(f"{file.parent}: {found}", stacklevel=2)
    return None


def _precompute_folder(
    folder: Path, items: Mapping[Path, Item], read: Compose, parameters: WeightMapParameters, bar: Bar
) -> None:
    record = _read_record(folder)
    if record["parameters"] != parameters.as_json():
        record = {"parameters": parameters.as_json(), "digests": {}}
        _write_record(folder, record)  # before the first map, to which the old record must not apply
    for file, item in items.items():
        label_file = Path(item["label"])
        digest = _file_digest(label_file, label_file.stat().st_mtime_ns)
        labels = convert_to_numpy(read(item)["label"])[0]
        digests = {"file": digest, "labels": _digest(labels)}
        if not file.exists() or record["digests"].get(file.name) != digests:
            with _writing(file) as path:
                np.save(path, parameters.apply(labels)[1])
            record["digests"][file.name] = digests
            _write_record(folder, record)
        bar.update()


def _map_file(label_file: Path) -> Path:
    """Return the path of the map of a label file, named by the digits at the end of its stem, or by the whole stem."""
    number = re.split(r"\D", label_file.stem)[-1]
    return label_file.absolute().parent.parent / FOLDER / f"weight_map_{number or label_file.stem}.npy"


def _by_map(items: Iterable[Item]) -> dict[Path, Item]:
    """Return the items by map file."""
    by_map: dict[Path, Item] = {}
    for item in items:
        other = by_map.setdefault(_map_file(Path(item["label"])), item)
        if other["label"] != item["label"]:
            found, expected = f"the same number as in {other['label']}", "label files with different numbers"
            raise InputError.about(item["label"], found, expected)
    return by_map


def _read_instances(file: Path) -> Labels:
    labels = read_labels(file)
    if labels.ndim != 2:
        raise InputError.about(file, f"a stack of {len(labels)} pages", "one label image per file")
    return labels


def _digest(labels: Labels) -> str:
    """Return a digest of labels that does not depend on their integer dtype."""
    digest = hashlib.blake2b(str(labels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(labels, dtype="<i4").data)
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _file_digest(file: Path, modified: int) -> str:
    """Return the digest of a label file; ``modified`` is its time stamp, so that each version is read only once."""
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
        expected = f"parameters and digests of weight maps (remove the folder {FOLDER} to recompute them)"
        raise InputError.about(file, "a broken record of weight maps", expected) from error


def _write_record(folder: Path, record: dict[str, Any]) -> None:
    with _writing(folder / RECORD) as path:
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")


@contextmanager
def _writing(file: Path) -> Iterator[Path]:
    """Yield the path to write to; raise InputError if the folder is not writable."""
    try:
        with atomic_path(file) as path:
            yield path
    except OSError as error:
        found = f"a folder that cannot be written to ({error.strerror})"
        expected = "a writable folder, or training without precomputed weight maps"
        raise InputError.about(file.parent, found, expected) from error
