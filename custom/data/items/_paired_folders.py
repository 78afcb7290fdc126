"""Layout ``"paired_folders"``: a folder of images and a folder of masks, shared by the splits or one pair for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from .. import pairing
from ..listing import image_files, label_files
from ..manifests._manifest import SPLITS, Manifest
from ._files import check_pair, check_same_size, choose
from ._several_files import as_text, label_of, merged


def paired_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    """Return an item for each pair of a split."""
    pairs = _pairs(manifest, *manifest.splits[split].get("folders", (manifest.image, manifest.label)))
    regions = _regions(manifest)
    items = []
    for key in _keys_of_split(manifest, split, list(pairs)):
        image, label = pairs[key]
        check_pair(image, label, manifest)
        item = {
            "image": str(image),
            "label": as_text(label),
            "page": 0,
            "name": key.replace("/", "_") if manifest.pair_by == "folder" and key != "." else pairing.stem_of(image),
            "rule": manifest.rule,
        }
        if manifest.region is not None:
            if key not in regions:
                raise InputError.about(
                    manifest.folder / manifest.region, f"no file for {image.name}", "one for each image"
                )
            check_same_size(image, regions[key], manifest)
            item["region"] = str(regions[key])
        items.append(item)
    return items


def _pairs(manifest: Manifest, image: str, label: str | Mapping[str, str]) -> dict:
    """Return key → (image, mask), or (image, class name → mask) for one mask per class."""
    if isinstance(label, str):
        return _pairs_with(manifest, image, label)
    return merged({name: _pairs_with(manifest, image, where) for name, where in label.items()})


def _pairs_with(manifest: Manifest, image: str, label: str) -> dict:
    images = image_files(manifest.folder, image)
    if "{stem}" in label:
        labels: list[Path] = []
        pairs: dict = _pairs_by_pattern(manifest, images, label)
    else:
        images, labels = pairing.apart(images, label_files(manifest.folder, label, beside=Path(label) == Path(image)))
        pairs = _pairs_by_name(manifest, images, labels)
    if not pairs:
        found = f"{len(images)} image(s) in {image}, {len(labels)} mask(s) in {label} and no pair"
        raise InputError.about(manifest.folder, found, f"files that share a {manifest.pair_by}")
    return pairs


def _pairs_by_pattern(manifest: Manifest, images: list[Path], pattern: str) -> dict:
    pairs = pairing.pair_by_rule(images, lambda image: label_of(manifest.folder, image, pattern))
    by_key, _ = pairing.index_files([image for image, _ in pairs.values()], _key(manifest))
    return {key: pairs[pairing.stem_of(image)] for key, image in by_key.items()}


def _pairs_by_name(manifest: Manifest, images: list[Path], labels: list[Path]) -> dict:
    if manifest.pair_by == "stem":
        return pairing.pair_by_stem(images, labels)
    if manifest.pair_by == "folder":
        return pairing.pair_by_folder(images, labels, manifest.folder)
    return pairing.pair_by_number(images, labels, manifest.number_pattern or pairing.LAST_NUMBER)


def _key(manifest: Manifest) -> Callable[[Path], Any]:
    """Return the function from a file to what it shares with its partner."""
    if manifest.pair_by == "stem":
        return pairing.stem_of
    if manifest.pair_by == "folder":
        return lambda file: pairing.folder_of(file, manifest.folder)
    return lambda file: pairing.number_of(file, manifest.number_pattern or pairing.LAST_NUMBER)


def _regions(manifest: Manifest) -> dict:
    if manifest.region is None:
        return {}
    return pairing.index_files(image_files(manifest.folder, manifest.region), _key(manifest))[0]


def _keys_of_split(manifest: Manifest, split: str, keys: list) -> list:
    kind, value = next(iter(manifest.splits[split].items()))
    if kind == "folders":
        return keys
    if kind == "fraction":
        return _keys_of_fraction(manifest, split, keys)
    return choose(split, kind, value, {key: key if kind == "numbers" else str(key) for key in keys})


def _keys_of_fraction(manifest: Manifest, split: str, keys: list) -> list:
    """Divide the shuffled pairs into train, validation and test by their fractions; rounding is cumulative."""
    order = np.random.default_rng(manifest.split_seed).permutation(len(keys))
    names = [name for name in SPLITS if name in manifest.splits]
    share = [manifest.splits[name]["fraction"] for name in names]
    end = [math.floor(sum(share[: i + 1]) * len(keys) + 0.5) for i in range(len(share))]
    at = names.index(split)
    chosen = order[(end[at - 1] if at else 0) : end[at]]
    return sorted(keys[i] for i in chosen)
