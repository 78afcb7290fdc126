"""Layout ``"paired_folders"``: a folder of images and a folder of masks, shared by the splits or one pair for each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import InputError
from .. import pairing
from ..manifests._manifest import SPLITS, Manifest
from ._files import check_pair, check_same_size, choose, image_files


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
            "label": str(label),
            "page": 0,
            "name": pairing.stem_of(image),
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


def _pairs(manifest: Manifest, image: str, label: str) -> dict:
    images, labels = image_files(manifest.folder, image), image_files(manifest.folder, label)
    if manifest.pair_by == "stem":
        pairs: dict = pairing.pair_by_stem(images, labels)
    else:
        pairs = pairing.pair_by_number(images, labels, manifest.number_pattern or pairing.LAST_NUMBER)
    if not pairs:
        found = f"{len(images)} image(s) in {image}, {len(labels)} mask(s) in {label} and no pair"
        raise InputError.about(manifest.folder, found, f"files that share a {manifest.pair_by}")
    return pairs


def _regions(manifest: Manifest) -> dict:
    if manifest.region is None:
        return {}
    pattern = manifest.number_pattern or pairing.LAST_NUMBER
    by_stem = manifest.pair_by == "stem"
    files = image_files(manifest.folder, manifest.region)
    return pairing.index_files(
        files, lambda file: pairing.stem_of(file) if by_stem else pairing.number_of(file, pattern)
    )[0]


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
