"""Finds the manifest that describes a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import InputError
from ...ground.names import as_given, in_home
from .._shipped import shipped_manifests
from ..results import is_output_folder
from ._checking import load_manifest
from ._manifest import Manifest
from ._output_folder import results_manifest
from ._recognizing import recognize
from ._splits import places


def open_datasets(
    folders: Sequence[Path],
    manifest: str | Path | None,
    default: str,
    labels: str = "edited",
    channel: int | None = None,
    axes: str | None = None,
    classes: Sequence[str] | None = None,
) -> list[Manifest]:
    """Return the manifests of several data folders.

    Args:
        folders: the data folders.
        manifest: as in `open_dataset`.
        default: as in `open_dataset`.
        labels: as in `open_dataset`.
        channel: used instead of the manifests' ``channel`` and ``channels``, if it is not None.
        axes: used instead of the manifests' ``axes``, if they are not None.
        classes: as in `open_dataset`.

    Raises:
        InputError: as in `open_dataset`.
    """
    return [read_as(open_dataset(folder, manifest, default, labels, classes), channel, axes) for folder in folders]


def read_as(manifest: Manifest, channel: int | None, axes: str | None) -> Manifest:
    """Return a manifest with another channel and other axes, if they are not None."""
    if channel is not None:
        manifest = replace(manifest, channel=channel, channels="equal")
    return manifest if axes is None else replace(manifest, axes=axes)


def open_dataset(
    folder: str | Path,
    manifest: str | Path | None,
    default: str,
    labels: str = "edited",
    classes: Sequence[str] | None = None,
) -> Manifest:
    """Return the manifest that describes ``folder``.

    Args:
        folder: the data folder, relative to the current working directory.
        manifest: a path, the name of a manifest in ``data_manifests/``, or None: ``manifest.json`` in the folder, or
            else the manifest in ``data_manifests/`` with the name of the folder (``synseg_vesicle`` also describes
            ``synseg/vesicle``), or else ``default``, if the folder has the files that it names, or else what
            `recognize` finds in the folder.
        default: name of the manifest for folders without one, which also gives the classes of recognized masks.
        labels: in an output folder of inference without a manifest: ``"edited"`` for the images whose mask or labels
            were corrected by hand, ``"all"`` also for what was predicted.
        classes: names of the classes 0, 1, 2 … in recognized masks; None: those of ``default``.

    Raises:
        InputError: the folder or the manifest is missing, the manifest is wrong, nothing was corrected, or images and
            masks are recognized that can be read in several ways.

    Examples:
        >>> open_dataset(".", "isbi2012", "dendrite").splits
        {'train': {'pages': [0, 20]}, 'validation': {'pages': [20, 24]}}
    """
    root = as_given(in_home(folder))
    if not root.is_dir():
        raise InputError.about(root, "a file" if root.exists() else "nothing", "a folder with the data set")
    if manifest is None and not (root / "manifest.json").is_file() and is_output_folder(root):
        return results_manifest(root, load_manifest(_by_name(default), root), labels)
    file = _find_manifest(root, manifest)
    if file is None:
        usual = described_by(root, None, default)
        return usual if _fits(usual) else recognize(root, usual, classes) or usual
    found = described_by(root, file, default)
    if file.parent == root:
        _check_links(file, found)
    return found


def described_by(root: Path, manifest: str | Path | None, default: str) -> Manifest:
    """Return the manifest of a folder as in `open_dataset`, but without a look at its files."""
    file = _find_manifest(root, manifest) or _by_name(default)
    return _without_absent_splits(load_manifest(file, root))


def find_manifest(manifest: str | Path) -> Path:
    """Return the file of a manifest, which is given by its path or by its name in ``data_manifests/``.

    Raises:
        InputError: there is no such manifest.

    Examples:
        >>> find_manifest("isbi2012").name
        'isbi2012.json'
    """
    given = as_given(in_home(manifest))
    return given if given.is_file() else _by_name(str(manifest))


def _find_manifest(root: Path, manifest: str | Path | None) -> Path | None:
    if manifest is not None:
        return find_manifest(manifest)
    if (root / "manifest.json").is_file():
        return root / "manifest.json"
    names = (root.name, f"{root.parent.name}_{root.name}")
    return next((_shipped()[name] for name in names if name in _shipped()), None)


def _fits(manifest: Manifest) -> bool:
    """Return whether a folder has the images and labels that a manifest names, at least for one of its splits."""
    if manifest.layout == "cell_tracking":
        return any((manifest.folder / place).is_dir() for split in manifest.splits.values() for place in places(split))
    groups = [[manifest.image, *_labels(manifest)]] if manifest.image else map(places, manifest.splits.values())
    globs = ([re.sub(r"\{.*?\}", "*", place) for place in group] for group in groups)
    return any(all(next(manifest.folder.glob(pattern), None) for pattern in group) for group in globs)


def _labels(manifest: Manifest) -> list[str]:
    return [manifest.label] if isinstance(manifest.label, str) else list(manifest.label.values())


def _by_name(name: str) -> Path:
    known = _shipped()
    if name not in known:
        raise InputError.about(name, "no such manifest", f"a JSON file or one of: {', '.join(known)}")
    return known[name]


def _shipped() -> dict[str, Path]:
    """Return the files in ``data_manifests/`` by name."""
    files = sorted(shipped_manifests().glob("*.json"))
    return {file.stem: file for file in files if file.name != "schema.json"}


def _check_links(file: Path, manifest: Manifest) -> None:
    """Refuse links out of the data folder: a manifest that came with the data must not read other files."""
    named = [manifest.image, *_labels(manifest), manifest.region or ""]
    named += [place for split in manifest.splits.values() for place in places(split)]
    for place in named:
        target = (manifest.folder / place).resolve()
        if not target.is_relative_to(manifest.folder.resolve()):
            raise InputError.about(file, f"{place}, a link to {target}", "a path inside the data folder")


def _without_absent_splits(manifest: Manifest) -> Manifest:
    """Return the manifest without the optional splits of which no folder exists."""
    absent = [
        name
        for name in manifest.optional_splits
        if not any((manifest.folder / place).exists() for place in places(manifest.splits[name]))
    ]
    return replace(manifest, splits={name: split for name, split in manifest.splits.items() if name not in absent})
