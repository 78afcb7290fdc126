"""Option values: which are accepted, and which are refused with a hint."""

from __future__ import annotations

import pytest

from custom.errors import InputError
from custom.ground.option_values import choice, flag, frame_range, number


@pytest.mark.parametrize("value", [True, "true", "True", "yes", 1])
def test_flag_on(value: bool | str | int) -> None:
    assert flag("resume", value) is True


@pytest.mark.parametrize("value", [False, "false", "False", "NO", 0])
def test_flag_off(value: bool | str | int) -> None:
    assert flag("resume", value) is False


@pytest.mark.parametrize("value", ["maybe", "", 2, None])
def test_flag_refuses(value: object) -> None:
    with pytest.raises(InputError, match=f"{value!r}.* true or false"):
        flag("resume", value)


def test_choice() -> None:
    assert choice("spatial_mode", "tiles", "resize", "tiles") == "tiles"


@pytest.mark.parametrize(
    ("value", "hint"), [("tile", " (did you mean tiles?)"), ("Resize", " (did you mean resize?)"), (None, ""), (3, "")]
)
def test_choice_names_the_nearest(value: object, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        choice("spatial_mode", value, "resize", "tiles")
    assert str(raised.value) == f"--spatial_mode: found {value!r}, expected resize or tiles{hint}."


def test_number() -> None:
    assert number("crop_size", 188, least=188) == 188
    assert number("seed_depth", 0.5, above=0) == 0.5


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (187, {"least": 188}, "187, expected a number of at least 188."),
        (0, {"above": 0}, "0, expected a number above 0."),
        (float("nan"), {"above": 0}, "nan, expected a number above 0."),
        ("null", {"above": 0}, "'null', expected a number above 0."),
        (True, {"above": 0}, "True, expected a number above 0."),
    ],
)
def test_number_out_of_range(value: object, limit: dict[str, float], expected: str) -> None:
    with pytest.raises(InputError) as raised:
        number("size", value, **limit)
    assert str(raised.value) == f"--size: found {expected}"


def test_frame_range() -> None:
    assert frame_range("frames", "7-9") == range(7, 10)
    assert frame_range("frames", "0-0") == range(0, 1)
    assert frame_range("frames", "") is frame_range("frames", None) is None


@pytest.mark.parametrize("text", ["9-7", "7", "-7", "a-b", "[0, 3]"])
def test_frame_range_of_something_else(text: str) -> None:
    with pytest.raises(
        InputError, match=r"^--frames: found .*, expected the first and the last frame, such as 0-35\.$"
    ):
        frame_range("frames", text)
