"""Reading a manifest, and everything that can be wrong with it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from ...errors import InputError
from ...ground.json_files import read_object
from ._downloads import read_downloads
from ._manifest import LAYOUTS, PAIRINGS, Manifest
from ._splits import check_choice, check_inside, check_splits

_MOST_CLASSES = 254  # a label is a byte, of which 255 is what nobody annotated
_ONLY_FOR_PAIRED_FOLDERS = ("region", "pair_by", "number_pattern", "split_seed")
_NOT_FOR_CELL_TRACKING = ("image", "label", "labels", "label_threshold", "label_tolerance", *_ONLY_FOR_PAIRED_FOLDERS)


def load_manifest(path: Path, folder: Path) -> Manifest:
    """Read and check the manifest at ``path`` for the data in ``folder``.

    Raises:
        InputError: when it is not JSON, has an unknown or missing key, a value of the wrong kind, names a path outside
            its folder, or has splits that overlap.
    """
    content = read_object(path, "a manifest")
    _check_known(path, content)
    _check_complete(path, content)
    manifest = Manifest(folder=folder, **content)
    _check_values(path, manifest)
    check_splits(path, manifest)
    return manifest


# ---------------------------------------------------------------------------------------------------------------- keys


def _check_known(path: Path, content: dict) -> None:
    known = [f.name for f in fields(Manifest) if f.name != "folder"]
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise InputError.about(path, f"the unknown key {key!r}", f"{near[0]!r}" if near else f"one of {known}")


def _check_complete(path: Path, content: dict) -> None:
    needed, refused, why = _keys(content)
    missing = [key for key in needed if key not in content]
    if missing:
        raise InputError.about(path, f"no {' and no '.join(map(repr, missing))}", f"all of {', '.join(needed)}")
    for key in refused:
        if content.get(key) is not None:
            raise InputError.about(path, f"{key} with {why}", f"no {key}, which means nothing there")


def _keys(content: dict) -> tuple[Sequence[str], Sequence[str], str]:
    """Return the keys that a manifest needs, those that it must not have, and what forbids them."""
    if content.get("layout") == "cell_tracking":
        return ("name", "layout", "splits"), _NOT_FOR_CELL_TRACKING, "the layout 'cell_tracking'"
    if content.get("layout") == "paired_folders" and _split_by_folders(content.get("splits")):
        return ("name", "layout", "labels", "splits"), ("image", "label", "region"), "splits that name their folders"
    refused = () if content.get("layout") == "paired_folders" else _ONLY_FOR_PAIRED_FOLDERS
    return ("name", "layout", "image", "label", "labels"), refused, f"the layout {content.get('layout')!r}"


def _split_by_folders(splits: object) -> bool:
    found = splits.values() if isinstance(splits, dict) else ()
    return any(isinstance(split, dict) and "folders" in split for split in found)


# -------------------------------------------------------------------------------------------------------------- values


def _check_values(path: Path, manifest: Manifest) -> None:
    for key in ("name", "description", "source", "license"):
        if not isinstance(getattr(manifest, key), str):
            raise InputError.about(path, f"{key} {getattr(manifest, key)!r}", "text")
    check_choice(path, "layout", manifest.layout, LAYOUTS)
    check_choice(path, "pair_by", manifest.pair_by, PAIRINGS)
    check_choice(path, "channels", manifest.channels, ("equal", "luminance"))
    for key in ("image", "label"):
        check_inside(path, key, getattr(manifest, key))
    if manifest.region is not None:
        check_inside(path, "region", manifest.region)
    if manifest.layout != "cell_tracking":
        _check_labels(path, manifest)
    if manifest.layout == "bids":
        _check_label_rule(path, manifest.label)
    if manifest.number_pattern is not None:
        _check_pattern(path, manifest.number_pattern)
    _check_numbers(path, manifest)
    read_downloads(path, manifest.download)


def _check_labels(path: Path, manifest: Manifest) -> None:
    values = list(manifest.labels.values()) if isinstance(manifest.labels, dict) else []
    if len(values) > _MOST_CLASSES or not all(type(value) is not int or abs(value) < 2**32 for value in values):
        expected = f"at most {_MOST_CLASSES}, with values of at most 32 bits"
        raise InputError.about(path, f"{len(values)} labels", expected)
    if len(values) < 2 or not all(type(value) is int for value in values) or len(set(values)) < len(values):
        raise InputError.about(
            path, f"labels {manifest.labels!r}", "two or more class names with different whole numbers"
        )
    if manifest.label_threshold is not None and len(values) != 2:
        raise InputError.about(path, f"label_threshold with {len(values)} classes", "two classes")


def _check_label_rule(path: Path, label: str) -> None:
    unknown = [name for name in re.findall(r"\{(.*?)\}", label) if name not in ("folder", "stem")]
    if unknown or "{stem}" not in label:
        raise InputError.about(
            path, f"label {label!r}", "a path with {stem}, and {folder} if it is needed, for an image's"
        )


def _check_pattern(path: Path, pattern: object) -> None:
    try:
        re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError) as error:
        raise InputError.about(path, f"number_pattern {pattern!r} ({error})", "a regular expression") from error


def _check_numbers(path: Path, manifest: Manifest) -> None:
    size = [1, 1] if manifest.pixel_size_um is None else manifest.pixel_size_um
    if not isinstance(size, list) or len(size) != 2 or not all(_is_number(v) and v > 0 for v in size):
        raise InputError.about(path, f"pixel_size_um {size!r}", "[row, column], two numbers above 0")
    threshold, tolerance, seed = manifest.label_threshold, manifest.label_tolerance, manifest.split_seed
    if threshold is not None and not _is_number(threshold):
        raise InputError.about(path, f"label_threshold {threshold!r}", "a number")
    if not _is_number(tolerance) or tolerance < 0:
        raise InputError.about(path, f"label_tolerance {tolerance!r}", "a number from 0 up")
    if type(seed) is not int or seed < 0:
        raise InputError.about(path, f"split_seed {seed!r}", "a whole number from 0 up")


def _is_number(value: object) -> bool:
    """Tell whether this is a number that a float can hold."""
    try:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:
        return False
