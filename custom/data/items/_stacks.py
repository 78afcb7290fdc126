"""Layout ``"stacks"``: one file with all images and one with all labels, with matching pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import InputError
from ..manifests._manifest import Manifest
from ._files import check_same_size
from ._several_files import as_text


def stack_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    """Return an item for each page of a split."""
    image = manifest.folder / manifest.image
    label = (
        {name: manifest.folder / where for name, where in manifest.label.items()}
        if isinstance(manifest.label, Mapping)
        else manifest.folder / manifest.label
    )
    shape = check_same_size(image, label, manifest)
    pages = shape[0] if len(shape) == 3 else 1
    start, stop = manifest.splits[split]["pages"]
    if stop > pages:
        raise InputError.about(image, f"{pages} pages", f"at least {stop} for the split {split}")
    return [
        {
            "image": str(image),
            "label": as_text(label),
            "page": page,
            "name": f"{image.stem}_{page:03d}",
            "rule": manifest.rule,
        }
        for page in range(start, stop)
    ]
