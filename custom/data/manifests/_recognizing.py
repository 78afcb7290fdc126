"""Recognizes images and masks in a folder without a manifest, where only one reading is possible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import InputError
from ...ground.processes import is_main
from ...ground.wording import counted
from ...images import files_in, is_shape_file
from .. import pairing
from ..listing import image_files, label_files
from ._checking import manifest_of
from ._manifest import INSTANCES, SPLITS, Manifest
from ._mask_values import are_instances, foreground_value

IMAGES = ("image", "images", "img", "raw")
MASKS = ("mask", "masks", "label", "labels", "seg", "gt")
_SPLIT_OF = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
_FEW = 5  # fewer pairs are not divided


class _Place(NamedTuple):
    """A folder of images and a folder of masks, relative to the data folder; the same if masks are beside images."""

    images: str
    masks: str


def recognize(root: Path, default: Manifest, classes: Sequence[str] | None = None) -> Manifest | None:
    """Return the data set in a folder without a manifest and mention how it is read; None if nothing is recognized.

    Recognized are masks beside their images (``a.tif`` and ``a_mask.tif``), and a subfolder of images with one of
    masks (``images`` and ``masks``); both in the folder itself, or in its subfolders ``train``, ``val`` and ``test``.

    Args:
        root: the data folder.
        default: the manifest of the bundle, which gives the classes.
        classes: instead, the names of the values 0, 1, 2 … of the masks.

    Raises:
        InputError: several readings are possible, or the masks do not tell what their values mean.
    """
    here, below = _place(root, root), _places_of_splits(root)
    if here and below:
        found = f"images and masks both in the folder and in {', '.join(below)}"
        raise InputError.about(root, found, "either of them, or a manifest.json")
    places = {"": here} if here else below
    if not places:
        return None
    pairs = {split: (place, _masks_in(root, place)) for split, place in places.items() if place}
    content: dict[str, Any] = {"name": root.name, "layout": "paired_folders"}
    content |= _keys(root, pairs)
    masks = [mask for _, split in pairs.values() for mask in split]
    content["labels"] = _numbered(classes) if classes else _labels(root, default, content, masks)
    if default.colors and not classes:
        content["colors"] = {name: list(color) for name, color in default.colors.items()}
    if is_main():
        print(f"{root}: no manifest.json; {_note(content, len(masks))}", flush=True)
    return manifest_of(root, content, root)


def _places_of_splits(root: Path) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    for folder in files_in(root):
        split = _SPLIT_OF.get(folder.name.lower())
        place = _place(folder, root) if split and folder.is_dir() else None
        if place and split in found:
            raise InputError.about(root, f"two folders for {split}", "one of val and validation, or a manifest.json")
        if place and split:
            found[split] = place
    return {split: found[split] for split in SPLITS if split in found}


def _place(folder: Path, root: Path) -> _Place | None:
    """Return where a folder has images and masks, or None."""
    entries = files_in(folder)
    images, masks = (
        [entry for entry in entries if entry.name.lower() in names and entry.is_dir()] for names in (IMAGES, MASKS)
    )
    if images and masks:
        if len(images) + len(masks) > 2:
            found = f"the folders {', '.join(entry.name for entry in [*images, *masks])}"
            raise InputError.about(folder, found, "one of images and one of masks, or a manifest.json")
        return _Place(*(one.relative_to(root).as_posix() for one in (images[0], masks[0])))
    where = folder.relative_to(root).as_posix()
    beside = _Place(where, where)
    return beside if _masks_in(root, beside) else None


def _masks_in(root: Path, place: _Place) -> list[Path]:
    """Return the masks that belong to an image by their names."""
    labels = label_files(root, place.masks, beside=place.images == place.masks)
    images, masks = pairing.apart(image_files(root, place.images), labels)
    stems = {pairing.stem_of(image) for image in images}
    return [mask for mask in masks if pairing.image_stem(mask, stems) in stems]


def _keys(root: Path, pairs: dict[str, tuple[_Place, list[Path]]]) -> dict[str, Any]:
    """Return the keys of a manifest on files and splits."""
    count = sum(len(masks) for _, masks in pairs.values())
    if not count:
        places = " and ".join(" and ".join(place) for place, _ in pairs.values())
        expected = "equal names, such as a.tif with a.tif, a_mask.tif or a_seg.tif, or a manifest.json with pair_by"
        raise InputError.about(root, f"images and masks in {places} without common names", expected)
    if "" not in pairs:
        return {"pair_by": "stem", "splits": {split: {"folders": list(place)} for split, (place, _) in pairs.items()}}
    splits = (
        {"train": {"fraction": 1}} if count < _FEW else {"train": {"fraction": 0.8}, "validation": {"fraction": 0.2}}
    )
    place, _ = pairs[""]
    return {"image": place.images, "label": place.masks, "pair_by": "stem", "splits": splits}


def _labels(root: Path, default: Manifest, content: dict[str, Any], masks: Iterable[Path]) -> Any:
    """Return the key ``labels``: what the values in the masks mean, for the classes of the bundle's own manifest."""
    pictures = [mask for mask in masks if not is_shape_file(mask)]
    if not default.labels:
        if pictures and not are_instances(pictures):
            raise InputError.about(root, "masks without a number for each object", "a number for each object")
        return INSTANCES
    names, first = list(default.labels), next(iter(default.labels.values()))
    if not pictures and first == 0:
        return names  # which the outlines name, unless there is only one foreground
    if len(names) == 2 and first == 0:
        value = foreground_value(pictures)
        if value is not None:
            return {names[0]: 0, names[1]: value}
        lines = _lines(content, default.labels)
        expected = f"0 and 1, or 0 and 255, or a manifest.json with label_threshold or the values: {lines}"
        raise InputError.about(root, "masks with other values", expected)
    numbered = dict(default.labels) if len(names) == 2 else _numbered(names)
    typed = "" if len(names) == 2 else f'--classes "{list(names)}" for the values 0, 1, 2 and so on, or '
    found = f"images and masks, but no manifest.json that tells which value is {', '.join(names[:-1])} or {names[-1]}"
    raise InputError.about(root, found, f"{typed}a manifest.json such as {_lines(content, numbered)}")


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _lines(content: dict[str, Any], labels: Any) -> str:
    return json.dumps({**content, "labels": labels}, ensure_ascii=False)


def _note(content: dict[str, Any], count: int) -> str:
    """Return how a folder is read, in words."""
    image, label = content.get("image"), content.get("label")
    if image is None:
        folders = {split: dict.fromkeys(one["folders"]) for split, one in content["splits"].items()}
        where = ", ".join(f"{split} in {' and '.join(names)}" for split, names in folders.items())
    elif image == label:
        where = "with masks beside them"
    else:
        where = f"in {image} with masks in {label}"
    labels = content["labels"]
    if labels == INSTANCES:
        meaning = "a number for each object"
    elif isinstance(labels, list):
        meaning = f"outlines of {', '.join(labels[1:])}"
    else:
        meaning = ", ".join(f"{value} {name}" for name, value in labels.items())
    if image is None:
        shares = ""
    elif len(content["splits"]) == 1:
        shares = ", all for training, none for validation"
    else:
        shares = ", 80 % for training, 20 % for validation"
    return f"{counted(count, 'image')} {where}, paired by name{shares}; masks: {meaning}."
