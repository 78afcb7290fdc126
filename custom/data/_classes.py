"""The classes of a config, and what it says of each of them, have to fit its data sets."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError
from ..images import Colors
from .manifests._manifest import Manifest


def check_classes(
    manifests: Sequence[Manifest],
    classes: Sequence[str],
    colors: Colors,
    ratios: Sequence[float] | None = None,
) -> list[Manifest]:
    """Check that every data set has the classes of the config, in their order, and every class a color and a ratio.

    Args:
        manifests: the data sets; none in inference.
        classes: names, by class number.
        colors: (N, 3), of the classes.
        ratios: how often crops are drawn around each class, 0 or more and not all 0; None where they are not.

    Returns:
        the data sets.

    Raises:
        InputError: when they differ, or a data set is annotated only in a region; it names the data set or the option,
            what it has and what is expected.
    """
    for manifest in manifests:
        found = list(manifest.labels)
        if found != list(classes):
            raise InputError.about(
                manifest.folder, f"the classes {', '.join(found)} ({manifest.name})", f"--classes, {', '.join(classes)}"
            )
        if manifest.region is not None:
            raise InputError.about(
                manifest.folder, f"a region ({manifest.name})", "labels of whole images, for several classes"
            )
    if len(colors) != len(classes):
        raise InputError(f"--colors: found {len(colors)} colors, expected one for each of {len(classes)} classes.")
    if ratios is not None and (len(ratios) != len(classes) or min(ratios) < 0 or max(ratios) == 0):
        expected = f"a number for each of {len(classes)} classes, 0 or more and not all 0"
        raise InputError(f"--class_ratios: found {list(ratios)}, expected {expected}.")
    return list(manifests)
