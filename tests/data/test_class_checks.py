"""Comparison of the classes in a config with those of its data sets."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from custom.data import Manifest, check_classes
from custom.errors import InputError

CLASSES = ["background", "axon", "vessel"]
COLORS = [[0, 0, 0], [0, 180, 90], [200, 40, 10]]


def data_set(name: str, *labels: str) -> Manifest:
    """Return a manifest with these classes and unordered label values."""
    return Manifest(Path("/data") / name, name, "paired_folders", labels={label: len(label) for label in labels})


def test_the_same_classes_in_the_same_order() -> None:
    check_classes([data_set("nerve", *CLASSES), data_set("brain", *CLASSES)], tuple(CLASSES), COLORS)


@pytest.mark.parametrize(
    "labels",
    [("background", "vessel", "axon"), ("background", "axon"), (*CLASSES, "cell"), ("background", "myelin", "vessel")],
    ids=["order", "fewer", "more", "name"],
)
def test_other_classes_are_refused(labels: tuple[str, ...]) -> None:
    """The message names the data set, even if it is not the first, its classes and those of the config."""
    found = f"/data/brain: found the classes {', '.join(labels)} (brain), expected --classes, background, axon, vessel"
    with pytest.raises(InputError, match=re.escape(found)):
        check_classes([data_set("nerve", *CLASSES), data_set("brain", *labels)], CLASSES, COLORS)


@pytest.mark.parametrize("count", [2, 4])
def test_each_class_has_a_color(count: int) -> None:
    with pytest.raises(InputError, match=f"--colors: found {count} colors, expected one for each of 3 classes"):
        check_classes([data_set("nerve", *CLASSES)], CLASSES, (COLORS + COLORS)[:count])


@pytest.mark.parametrize("ratios", [None, [1, 0, 2.5], (0, 0, 1)])
def test_ratios_may_be_0_for_some(ratios: list | None) -> None:
    check_classes([], CLASSES, COLORS, ratios)


@pytest.mark.parametrize("ratios", [[1, 1], [1, 1, 1, 1], [], [1, -1, 1], [0, 0, 0]], ids=str)
def test_ratios_that_mean_nothing(ratios: list) -> None:
    expected = f"--class_ratios: found {ratios}, expected a number for each of 3 classes, 0 or more and not all 0"
    with pytest.raises(InputError, match=re.escape(expected)):
        check_classes([], CLASSES, COLORS, ratios)


def test_a_region_is_refused() -> None:
    """Losses for several classes count every pixel."""
    data = dataclasses.replace(data_set("nerve", *CLASSES), region="region")
    with pytest.raises(InputError, match=re.escape("/data/nerve: found a region (nerve)")):
        check_classes([data], CLASSES, COLORS)
