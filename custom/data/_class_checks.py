"""Names and colors of classes: those of the data sets, and whether a config agrees with them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError
from ..images import Colors, class_palette
from .manifests._manifest import Manifest


def class_names(manifests: Sequence[Manifest], classes: Sequence[str] | None = None) -> list[str]:
    """Return the names of the classes, background first: those given, else those of the first data set.

    Args:
        manifests: the data sets.
        classes: value of ``--classes``.

    Examples:
        >>> class_names([], ["background", "axon"])
        ['background', 'axon']
    """
    if classes is not None:
        return list(classes)
    return list(manifests[0].labels) if manifests else []


def class_colors(manifests: Sequence[Manifest], classes: Sequence[str], colors: Colors | None = None) -> Colors:
    """Return a color for each class: those given, else those of the data sets, else distinct ones.

    Args:
        manifests: the data sets.
        classes: names of the N classes.
        colors: value of ``--colors``, (N, 3) from 0 to 255.

    Examples:
        >>> class_colors([], ["background", "axon"], [[0, 0, 0], [255, 0, 0]])
        [[0, 0, 0], [255, 0, 0]]
    """
    if colors is not None:
        return colors
    known = {name: list(color) for manifest in manifests for name, color in manifest.colors.items()}
    return [known.get(name, color) for name, color in zip(classes, class_palette(len(classes)), strict=True)]


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
