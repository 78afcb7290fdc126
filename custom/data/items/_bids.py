"""Layout ``"bids"``: microscopy data in the Brain Imaging Data Structure, with labels in its derivatives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import InputError
from .. import pairing
from ..listing import glob_images
from ..manifests._manifest import Manifest
from ._bids_sidecars import sidecar_pixel_size
from ._files import check_pair, choose
from ._several_files import Label, as_text, label_of, merged


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
                "label": as_text(label),
                "page": 0,
                "name": stem,
                "rule": manifest.rule,
                "pixel_size": sidecar_pixel_size(image, manifest.folder),
            }
        )
    return items


def _pairs(manifest: Manifest) -> dict[str, tuple[Path, Label]]:
    images = glob_images(manifest.folder, manifest.image)
    if isinstance(manifest.label, str):
        return _pairs_with(manifest, images, manifest.label)
    return merged({name: _pairs_with(manifest, images, pattern) for name, pattern in manifest.label.items()})


def _pairs_with(manifest: Manifest, images: list[Path], pattern: str) -> dict[str, tuple[Path, Label]]:
    pairs = pairing.pair_by_rule(images, lambda image: label_of(manifest.folder, image, pattern))
    if not pairs:
        found = f"{len(images)} image(s) {manifest.image} and no label {pattern}"
        raise InputError.about(manifest.folder, found, "images with labels")
    return dict(pairs)
