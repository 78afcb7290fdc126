"""Layout ``"results"``: an output folder of inference, whose masks or labels were corrected by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...images import describe, describe_item
from .. import results
from ..manifests._manifest import INSTANCES, LabelRule, Manifest
from ._files import check_same_size


def result_items(manifest: Manifest, split: str) -> list[dict[str, Any]]:
    """Return an item for each page of the images of a split, which lie where inference has found them."""
    wanted = set(manifest.splits[split]["stems"])
    return [item for name in sorted(wanted) for item in _pages(manifest, name)]


def _pages(manifest: Manifest, name: str) -> list[dict[str, Any]]:
    marker = results.read_marker(manifest.folder, name) or {}
    image = Path(marker["input"]["file"])
    if not image.is_file():
        raise InputError.about(image, "nothing", f"the image of {name} in {manifest.folder}")
    label = _label(manifest, name, marker)
    reading = marker.get("read_as", {}) | _given(manifest)
    shape = check_same_size(image, label, replace(manifest, axes=reading.get("axes"), channel=reading.get("channel")))
    count = shape[0] if len(shape) == 3 else 1
    common = {"image": str(image), "label": str(label), "rule": _rule(manifest)} | reading
    common["pixel_size"] = tuple(size) if (size := common.get("pixel_size")) else None
    return [common | {"page": page, "name": name if count == 1 else f"{name}_{page:03d}"} for page in range(count)]


def _given(manifest: Manifest) -> dict[str, Any]:
    """Return a channel and axes that were typed now, which count instead of those of the inference."""
    given = {"axes": manifest.axes} if manifest.axes else {}
    return given if manifest.channel is None else given | {"channel": manifest.channel, "channels": "equal"}


def _rule(manifest: Manifest) -> Any:
    """Return the rule of the labels: any value but 0 is the foreground if there is one class."""
    names = tuple(manifest.labels)
    if len(names) == 2 and manifest.rule != INSTANCES:
        return LabelRule((0, 1), names, threshold=0)
    return manifest.rule


def _label(manifest: Manifest, name: str, marker: Mapping[str, Any]) -> Path:
    """Return the file to learn from."""
    folder = manifest.folder
    corrected = {results.kind_of(file): file for file in results.corrected_files(folder, marker)}
    labels, mask = (folder / f"{name}_{kind}.tif" for kind in ("labels", "mask"))
    if len(manifest.labels) > 2:
        return corrected.get("mask", mask)
    if "labels" in corrected:  # they count if both were edited
        return corrected["labels"]
    unmeasured = [file for file in results.edited_files(folder, marker) if results.kind_of(file) == "mask"]
    if manifest.rule == INSTANCES:
        if unmeasured:
            expected = "the same inference once more, which makes labels of it"
            raise InputError.about(unmeasured[0], "an edited mask that was not measured", expected)
        return labels
    found = corrected.get("mask", mask)
    reading = marker.get("read_as", {}) | _given(manifest)
    fits = describe(found).shape == describe_item(marker["input"]["file"], reading).shape
    return found if fits or unmeasured else labels  # those have the size of the image
