"""Check that the classes in a config match those of its data sets."""

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
    """Check that each data set has the classes of the config in the same order, and each class a color and a ratio.

    Args:
        manifests: the data sets; empty for inference.
        classes: names of the N classes, in the order of their numbers.
        colors: (N, 3), a color for each class.
        ratios: relative frequency of crops around each class, 0 or more and not all 0; None if crops are not drawn.

    Returns:
        The data sets.

    Raises:
        InputError: the classes differ, a data set is annotated only in a region, or an option has the wrong length.

    Examples:
        >>> check_classes([], ["background", "axon"], [[0, 0, 0], [255, 0, 0]], [1, 2])
        []
    """
    for manifest in manifests:
        found = list(manifest.labels)
        if found != list(classes):
            raise InputError.about(
                manifest.folder, f"the classes {', '.join(found)} ({manifest.name})", f"--classes, {', '.join(classes)}"
            )
        if manifest.region is not None:
            raise InputError.about(
                manifest.folder, f"a region ({manifest.name})", "fully annotated images, which several classes need"
            )
    if len(colors) != len(classes):
        raise InputError(f"--colors: found {len(colors)} colors, expected one for each of {len(classes)} classes.")
    if ratios is not None and (len(ratios) != len(classes) or min(ratios) < 0 or max(ratios) == 0):
        expected = f"a number for each of {len(classes)} classes, 0 or more and not all 0"
        raise InputError(f"--class_ratios: found {list(ratios)}, expected {expected}.")
    return list(manifests)
