"""Labels of every kind, read by the rule of their item."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom.data import INSTANCES, ColorRule, LabelRule
from custom.errors import InputError
from custom.images import read_colors, read_labels
from custom.transforms import ReadInstancesd, ReadLabeld

BLACK, RED, BLUE = (0, 0, 0), (255, 0, 0), (0, 0, 255)
COLORS = ColorRule((BLACK, BLUE, RED), ("no", "axon", "myelin"))
NUMBERS = [[0, 1, 2], [2, 1, 0]]  # of COLORS
TWO = LabelRule((0, 255), ("no", "cell"))


def colored(numbers: list[list[int]] = NUMBERS) -> Image.Image:
    return Image.fromarray(np.array(COLORS.colors, np.uint8)[np.array(numbers)])


def read(file: Path, rule: object) -> list:
    return ReadLabeld("label")({"label": str(file), "rule": rule})["label"][0].tolist()


# -------------------------------------------------------------------------------------------------------------- colors


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colors(tmp_path: Path, mode: str) -> None:
    colored().convert(mode).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", COLORS) == NUMBERS


def test_a_palette_by_its_numbers_or_its_colors(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 3, 7]], np.uint8))
    picture.putpalette([0, 0, 0, *range(6), 0, 0, 255, *range(9), 255, 0, 0])
    picture.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", LabelRule((0, 3, 7), COLORS.names)) == [[0, 1, 2]]
    assert read_colors(tmp_path / "a.png").tolist() == [[[0, 0, 0], [0, 0, 255], [255, 0, 0]]]
    assert read(tmp_path / "a.png", COLORS) == [[0, 1, 2]]


def test_gray_is_a_color(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", ColorRule((BLACK, (255, 255, 255)), ("no", "cell"))) == [[0, 1]]


def test_undeclared_colors_are_counted(tmp_path: Path) -> None:
    picture = colored()
    picture.putpixel((0, 0), (1, 0, 0))
    picture.putpixel((1, 0), (0, 1, 0))
    picture.putpixel((2, 0), (1, 0, 0))
    picture.save(tmp_path / "a.png")
    with pytest.raises(InputError) as raised:
        read(tmp_path / "a.png", COLORS)
    assert str(raised.value) == (
        f"{tmp_path / 'a.png'}: found the undeclared color(s) [0, 1, 0], [1, 0, 0] (2 color(s), 3 pixel(s)), expected "
        "[0, 0, 0] (no), [0, 0, 255] (axon), [255, 0, 0] (myelin)."
    )


def test_colors_without_their_rule(tmp_path: Path) -> None:
    colored().save(tmp_path / "a.png")
    with pytest.raises(InputError, match="labels in one channel, or their colors in `labels` of a manifest"):
        read(tmp_path / "a.png", TWO)


# -------------------------------------------------------------------------------------------------------- transparency


def with_alpha(gray: list[int], alpha: list[int], path: Path, mode: str = "LA") -> Path:
    picture = Image.fromarray(np.array([gray], np.uint8)).convert(mode)
    picture.putalpha(Image.fromarray(np.array([alpha], np.uint8)))
    picture.save(path)
    return path


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_mask_with_varying_transparency(tmp_path: Path, mode: str) -> None:
    file = with_alpha([0, 255, 255, 0], [0, 255, 128, 255], tmp_path / "a.png", mode)
    assert read_labels(file).tolist() == [[0, 255, 255, 0]]
    assert read(file, TWO) == [[0, 1, 1, 0]]


@pytest.mark.parametrize(
    ("gray", "found"),
    [([0, 255, 255, 255], "2 labels under varying"), ([0] * 4, "one value, 0,"), ([255] * 4, "one value, 255,")],
)
def test_transparency_that_may_be_the_mask(tmp_path: Path, gray: list[int], found: str) -> None:
    with pytest.raises(InputError, match=found.rstrip(",")):
        read_labels(with_alpha(gray, [255, 255, 0, 0], tmp_path / "a.png"))


# ----------------------------------------------------------------------------------------------- instances and classes


def test_classes_where_instances_are_needed(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="labels of the classes no, cell, expected a number for each object"):
        ReadInstancesd("label")({"label": str(tmp_path / "a.png"), "rule": TWO})


def test_instances_where_classes_are_needed(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png: found instance labels, expected class labels"):
        read(tmp_path / "a.png", INSTANCES)


def test_instances_in_an_annotated_region(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 7, 0, 2]], np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[1, 1, 0, 0]], np.uint8)).save(tmp_path / "seen.png")
    item = {"label": str(tmp_path / "a.png"), "region": str(tmp_path / "seen.png"), "rule": INSTANCES}
    item = ReadInstancesd("label")(item)
    assert item["label"].tolist() == [[[0, 7, -1, -1]]]
    assert set(item) == {"label"}


def test_a_binary_mask_of_several_objects_has_no_instances(tmp_path: Path) -> None:
    Image.fromarray(np.array([[255, 0, 255, 255]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="0 and 255 in 2 objects, expected a number for each object"):
        ReadInstancesd("label")({"label": str(tmp_path / "a.png")})
    Image.fromarray(np.array([[0, 0, 255, 255]], np.uint8)).save(tmp_path / "a.png")
    assert ReadInstancesd("label")({"label": str(tmp_path / "a.png")})["label"].tolist() == [[[0, 0, 255, 255]]]
