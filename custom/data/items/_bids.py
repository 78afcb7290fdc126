"""Layout ``"bids"``: microscopy data in the Brain Imaging Data Structure, with labels in its derivatives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...errors import InputError
from .. import pairing
from ..manifests._manifest import Manifest
from ._bids_sidecars import sidecar_pixel_size
from ._files import check_pair, choose, glob_images


def bids_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    """Return an item for each image of a split, with the pixel size from its JSON sidecars."""
    pairs = _pairs(manifest)
    kind, value = next(iter(manifest.splits[split].items()))
    subject_of = {stem: image.relative_to(manifest.folder).parts[0] for stem, (image, _) in pairs.items()}
    items = []
    for stem in choose(split, kind, value, subject_of if kind == "subjects" else {stem: stem for stem in pairs}):
        image, label = pairs[stem]
        check_pair(image, label, manifest)
        items.append(
            {
                "image": str(image),
                "label": str(label),
                "page": 0,
                "name": stem,
                "rule": manifest.rule,
                "pixel_size": sidecar_pixel_size(image, manifest.folder),
            }
        )
    return items


def _pairs(manifest: Manifest) -> dict[str, tuple[Path, Path]]:
    images = glob_images(manifest.folder, manifest.image)
    pairs = pairing.pair_by_rule(images, lambda image: _label_of(manifest, image))
    if not pairs:
        found = f"{len(images)} image(s) {manifest.image} and no label {manifest.label}"
        raise InputError.about(manifest.folder, found, "images with labels")
    return pairs


def _label_of(manifest: Manifest, image: Path) -> Path:
    parts = {"{folder}": image.parent.relative_to(manifest.folder).as_posix(), "{stem}": image.stem}
    return manifest.folder / re.sub(r"\{folder\}|\{stem\}", lambda found: parts[found.group()], manifest.label)
