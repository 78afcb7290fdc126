"""Find the bundles and the manifests that ship with this package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ..errors import InputError

PACKAGE = __package__.rpartition(".")[0]
"""``custom``, or the name of the package inside a shared bundle."""


def shipped_manifests() -> Path:
    """Return the folder with the manifests of known data sets.

    Raises:
        InputError: this copy of the package has no manifests.
    """
    return _shipped("data_manifests")


def shipped_bundles() -> dict[str, Path]:
    """Return the root folder of each shipped bundle, by name.

    Raises:
        InputError: this copy of the package has no bundles.
    """
    folders = _shipped("bundles").iterdir()
    return {folder.name: folder for folder in sorted(folders) if (folder / "configs").is_dir()}


def shipped_bundle(name: str) -> Path:
    """Return the root folder of a shipped bundle.

    Args:
        name: name of the bundle, such as ``dendrite``.

    Raises:
        InputError: there is no such bundle.
    """
    known = shipped_bundles()
    if name not in known:
        raise InputError.about(name, "no such bundle", f"one of: {', '.join(known)}")
    return known[name]


def default_root(name: str) -> Path:
    """Return the root folder of the bundle that contains this package; if none does, that of a shipped bundle.

    Args:
        name: name of the bundle, such as ``dendrite``.

    Raises:
        InputError: there is no such bundle.
    """
    around = Path(str(resources.files(PACKAGE))).parent
    return around if (around / "configs" / "metadata.json").is_file() else shipped_bundle(name)


def _shipped(name: str) -> Path:
    """Return a folder from the wheel; in a checkout, and in a shared bundle, the one next to the package."""
    package = Path(str(resources.files(PACKAGE)))
    places = (package / "_shipped" / name, package.parent / name)
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise InputError.about(places[0], "nothing", f"the {name} that ship with {PACKAGE}")
    return found
