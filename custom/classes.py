"""The classes of a config and those of its data sets have to be the same."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import InputError
from .manifests import Manifest


def check_classes(manifests: Sequence[Manifest], classes: Sequence[str], colors: Sequence[Sequence[int]]) -> None:
    """Check that every data set has the classes of the config, in their order, and every class a color.

    Args:
        manifests: the data sets.
        classes: names, by class number.
        colors: (N, 3), of the classes.

    Raises:
        InputError: when they differ; it names the data set, what it has and what the config has.
    """
    for manifest in manifests:
        found = list(manifest.labels)
        if found != list(classes):
            raise InputError.about(
                manifest.folder, f"the classes {', '.join(found)} ({manifest.name})", f"--classes, {', '.join(classes)}"
            )
    if len(colors) != len(classes):
        raise InputError(f"--colors: found {len(colors)} colors, expected one for each of {len(classes)} classes.")
