"""From a manifest, or from what the user gives for inference, to the list of items that the transforms read."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import pairing
from .errors import InputError
from .manifests import SPLITS, Manifest
from .readers import SUFFIXES, describe, is_image_file


def datalist(manifests: Manifest | Sequence[Manifest], splits: str | Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of one or several splits: ``image``, ``label``, ``page``, ``name`` and what reading them needs.

    Args:
        manifests: one or several data sets.
        splits: ``"train"``, ``"validation"``, ``"test"`` or several of them.

    Raises:
        InputError: when nothing is there, an image and its label differ in size, a pair is a pair of stacks, or no item
            is left.
    """
    manifests = [manifests] if isinstance(manifests, Manifest) else manifests
    names = [splits] if isinstance(splits, str) else splits
    items = [item for manifest in manifests for name in names for item in _items(manifest, name)]
    if not items:
        folders = ", ".join(str(manifest.folder) for manifest in manifests)
        raise InputError.about(folders, f"no image for the split {' + '.join(names)}", "at least one")
    return items


def _items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    if split not in manifest.splits:
        return []
    common = {"rule": manifest.rule, "channels": manifest.channels}
    found = _stack_items(manifest, split) if manifest.layout == "stacks" else _paired_items(manifest, split)
    return [item | common for item in found]


def _stack_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    image, label = manifest.folder / manifest.image, manifest.folder / manifest.label
    shape = _check_same_size(image, label)
    pages = shape[0] if len(shape) == 3 else 1
    start, stop = manifest.splits[split]["pages"]
    if stop > pages:
        raise InputError.about(image, f"{pages} pages", f"at least {stop}, which the split {split} names")
    return [
        {"image": str(image), "label": str(label), "page": page, "name": f"{image.stem}_{page:03d}"}
        for page in range(start, stop)
    ]


def _paired_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    pairs = _pairs(manifest)
    regions = _regions(manifest)
    items = []
    for key in _chosen(manifest, split, list(pairs)):
        image, label = pairs[key]
        item = {"image": str(image), "label": str(label), "page": 0, "name": image.stem}
        shape = _check_same_size(image, label)
        if len(shape) == 3:
            raise InputError.about(image, f"a stack of {shape[0]} pages", "one page, or the layout 'stacks'")
        if manifest.region is not None:
            if key not in regions:
                raise InputError.about(
                    manifest.folder / manifest.region, f"no file for {image.name}", "one for each image"
                )
            _check_same_size(image, regions[key])
            item["region"] = str(regions[key])
        items.append(item)
    return items


def _pairs(manifest: Manifest) -> dict:
    images = _files(manifest.folder, manifest.image)
    labels = _files(manifest.folder, manifest.label)
    if manifest.pair_by == "stem":
        pairs: dict = pairing.pair_by_stem(images, labels)
    else:
        pairs = pairing.pair_by_number(images, labels, manifest.number_pattern or pairing.LAST_NUMBER)
    if not pairs:
        found = f"{len(images)} image(s) in {manifest.image}, {len(labels)} mask(s) in {manifest.label} and no pair"
        raise InputError.about(manifest.folder, found, f"files that share a {manifest.pair_by}")
    return pairs


def _regions(manifest: Manifest) -> dict:
    if manifest.region is None:
        return {}
    pattern = manifest.number_pattern or pairing.LAST_NUMBER
    by_stem = manifest.pair_by == "stem"
    files = _files(manifest.folder, manifest.region)
    return pairing.index_files(files, lambda file: file.stem if by_stem else pairing.number_of(file, pattern))[0]


def _files(folder: Path, where: str) -> list[Path]:
    """Return the image files in a folder, or those that a glob names."""
    if any(sign in where for sign in "*?["):
        return sorted(_glob(folder, where))
    if not (folder / where).is_dir():
        raise InputError.about(folder / where, "nothing", "a folder of images")
    return sorted(file for file in (folder / where).iterdir() if is_image_file(file))


def _glob(folder: Path, pattern: str) -> list[Path]:
    """Return the image files in ``folder`` that a pattern names, in no order."""
    try:
        found = list(folder.glob(pattern))
    except ValueError as error:  # for example, ** with more in the same name
        raise InputError.about((folder / pattern).absolute(), f"a broken pattern ({error})", "a glob") from error
    return [file for file in found if is_image_file(file)]


def _chosen(manifest: Manifest, split: str, keys: list) -> list:
    kind, value = next(iter(manifest.splits[split].items()))
    if kind == "fraction":
        return _fraction(manifest, split, keys)
    pairs = {key if kind == "numbers" else str(key): key for key in keys}
    missing = [name for name in value if name not in pairs]
    if missing:
        _warn_of_missing(split, kind, missing)
    named = set(value)
    return [key for name, key in pairs.items() if name in named]


def _warn_of_missing(split: str, kind: str, missing: list) -> None:
    first = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
    warnings.warn(f"{len(missing)} of the {kind} in the split {split} match no pair: {first}", stacklevel=6)


def _fraction(manifest: Manifest, split: str, keys: list) -> list:
    """Cut the shuffled pairs in the order train, validation, test; each split gets its share of the running total."""
    order = np.random.default_rng(manifest.split_seed).permutation(len(keys))
    names = [name for name in SPLITS if name in manifest.splits]
    share = [manifest.splits[name]["fraction"] for name in names]
    end = [math.floor(sum(share[: i + 1]) * len(keys) + 0.5) for i in range(len(share))]
    at = names.index(split)
    chosen = order[(end[at - 1] if at else 0) : end[at]]
    return sorted(keys[i] for i in chosen)


def _check_same_size(image: Path, label: Path) -> tuple[int, ...]:
    image_shape, label_shape = describe(image).shape, describe(label).shape
    if image_shape != label_shape:
        found = f"{_size(label_shape)} pixels"
        raise InputError.about(label, found, f"{_size(image_shape)} as in its image {image}")
    return image_shape


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def input_files(source: str | Path) -> list[Path]:
    """Return the image files that ``source`` names: a file, a folder, or a glob.

    Raises:
        InputError: when there is nothing there, no image in it, or the glob is broken.
    """
    path = Path(source).expanduser()
    if path.is_file():
        return [path.resolve()]
    if path.is_dir():
        found = [file for file in path.iterdir() if is_image_file(file)]
    else:
        found = _glob(Path(path.anchor or "."), str(path.relative_to(path.anchor)))
    if not found:
        what = "a folder without images" if path.is_dir() else "nothing"
        raise InputError.about(path.resolve(), what, f"images ({' '.join(SUFFIXES)})")
    return sorted(file.resolve() for file in _without_results(found))


def _without_results(files: list[Path]) -> list[Path]:
    """Leave out what an earlier inference wrote into the folder of its input."""
    stems = {file.stem for file in files}
    results = {f"{stem}_{kind}" for stem in stems for kind in ("probability", "mask", "labels", "overlay")}
    return [file for file in files if file.stem not in results]


def _check_names(files: list[Path]) -> None:
    """Refuse inputs whose results would have one name."""
    by_stem: dict[str, Path] = {}
    for file in files:
        if file.stem in by_stem:
            raise InputError.about(
                file, f"the same name as {by_stem[file.stem]}", "names that differ before the suffix"
            )
        by_stem[file.stem] = file


def input_list(source: str | Path, channels: str = "equal") -> list[dict[str, Any]]:
    """Return an item for every page of every image that ``source`` names: ``image``, ``page``, ``pages``, ``name``."""
    items = []
    files = input_files(source)
    _check_names(files)
    for file in files:
        shape = describe(file).shape
        pages = shape[0] if len(shape) == 3 else 1
        items += [
            {
                "image": str(file),
                "file": str(file),
                "page": page,
                "pages": pages,
                "name": file.stem,
                "channels": channels,
            }
            for page in range(pages)
        ]
    return items
