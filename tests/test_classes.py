"""The classes of a config against those of its data sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from custom import check_classes
from custom.errors import InputError
from custom.manifests import Manifest

CLASSES = ["background", "axon", "vessel"]
COLORS = [[0, 0, 0], [0, 180, 90], [200, 40, 10]]


def data_set(name: str, *labels: str) -> Manifest:
    """Return a manifest with these classes, whose label values are in no order."""
    return Manifest(Path("/data") / name, name, "paired_folders", labels={label: len(label) for label in labels})


def test_the_same_classes_in_the_same_order() -> None:
    check_classes([data_set("nerve", *CLASSES), data_set("brain", *CLASSES)], tuple(CLASSES), COLORS)


@pytest.mark.parametrize(
    "labels",
    [("background", "vessel", "axon"), ("background", "axon"), (*CLASSES, "cell"), ("background", "myelin", "vessel")],
    ids=["order", "fewer", "more", "name"],
)
def test_other_classes_are_refused(labels: tuple[str, ...]) -> None:
    """The message names the data set, also when it is not the first, what it has and what the config has."""
    found = f"/data/brain: found the classes {', '.join(labels)} (brain), expected --classes, background, axon, vessel"
    with pytest.raises(InputError, match=re.escape(found)):
        check_classes([data_set("nerve", *CLASSES), data_set("brain", *labels)], CLASSES, COLORS)


@pytest.mark.parametrize("count", [2, 4])
def test_each_class_has_a_color(count: int) -> None:
    with pytest.raises(InputError, match=f"--colors: found {count} colors, expected one for each of 3 classes"):
        check_classes([data_set("nerve", *CLASSES)], CLASSES, (COLORS + COLORS)[:count])
