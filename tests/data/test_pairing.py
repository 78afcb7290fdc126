"""Pairing of images with masks."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from custom.data import index_files, number_of, pair_by_folder, pair_by_number, pair_by_rule, pair_by_stem
from custom.data.pairing import apart
from custom.errors import InputError


def images(*names: str) -> list[Path]:
    return [Path("image", name) for name in names]


def masks(*names: str) -> list[Path]:
    return [Path("mask", name) for name in names]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("1.png", 1),
        ("1_mask.png", 1),
        ("img_007.tif", 7),
        ("binary-7.png", 7),
        ("rr30a_tp0.png", 0),
        ("2024-05-01_cell12_mask.tif", 12),
        ("frame 10.ome.tif", 10),
        ("mask.png", None),
        ("²³.png", None),
        ("cell.123", None),
    ],
)
def test_last_number_of_the_stem(name: str, number: int | None) -> None:
    assert number_of(Path("run99", name)) == number


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        (r"^(\d+)_", 12),
        (r"t(\d+)", 34),
        (r"\d+", 12),
        (r"z(\d+)", None),
        (r"_(t)", None),
        (r"(\d+)?_t", 12),
        (r"(9)?z", None),
    ],
)
def test_number_by_pattern(pattern: str, number: int | None) -> None:
    assert number_of(Path("12_t34_56z.png"), pattern) == number


def test_pairs_in_the_order_of_numbers() -> None:
    pairs = pair_by_number(images("img_010.tif", "img_9.tif", "1.png"), masks("1_mask.png", "binary-9.png", "m10.png"))
    assert list(pairs.items()) == [
        (1, (Path("image/1.png"), Path("mask/1_mask.png"))),
        (9, (Path("image/img_9.tif"), Path("mask/binary-9.png"))),
        (10, (Path("image/img_010.tif"), Path("mask/m10.png"))),
    ]


def test_pairs_by_pattern() -> None:
    files = ("3_t1.png", "4_t1.png")
    assert list(pair_by_number(images(*files), masks(*files), r"^(\d+)")) == [3, 4]
    with pytest.raises(InputError):
        pair_by_number(images(*files), masks(*files))


def test_pairs_by_stem() -> None:
    pairs = pair_by_stem(images("b.png", "a 1.png"), masks("a 1.tif", "b.npy"))
    assert list(pairs.items()) == [
        ("a 1", (Path("image/a 1.png"), Path("mask/a 1.tif"))),
        ("b", (Path("image/b.png"), Path("mask/b.npy"))),
    ]


def test_whole_pairs_give_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(pair_by_number(images("1.png"), masks("1.png"))) == 1


def test_unpaired_files_are_named_and_counted() -> None:
    with pytest.warns(UserWarning, match="left out") as caught:
        pairs = pair_by_number(images("1.png", "2.png", "thumbs.png"), masks("1.png", "3.png"))
    assert list(pairs) == [1]
    message = str(caught[0].message)
    assert message.startswith("3 file(s)")
    assert set(message.split(": ")[1].split(", ")) == {"image/2.png", "image/thumbs.png", "mask/3.png"}


@pytest.mark.parametrize("pair", [pair_by_number, pair_by_stem])
def test_nothing_in_common(pair: object) -> None:
    with pytest.warns(UserWarning, match=r"^2 file\(s\)"):
        assert pair(images("1.png"), masks("2.png")) == {}


@pytest.mark.parametrize(
    ("left", "right", "folder"),
    [(("a1.png", "b01.png"), ("1.png",), "image"), (("1.png",), ("1.png", "1_mask.tif"), "mask")],
)
def test_two_candidates(left: tuple[str, ...], right: tuple[str, ...], folder: str) -> None:
    with pytest.raises(InputError) as raised:
        pair_by_number(images(*left), masks(*right))
    both = left if folder == "image" else right
    assert str(raised.value) == f"{folder}: found {both[0]} and {both[1]}, both for 1, expected one file."


def test_two_files_with_one_stem() -> None:
    with pytest.raises(InputError, match=r"a\.png and a\.tif, both for 'a'"):
        pair_by_stem(images("a.tif", "a.png"), masks("a.png"))


def test_index_keeps_those_without_a_key() -> None:
    files = images("c.png", "2.png", "a.png", "1.png")
    assert index_files(files, number_of) == ({1: files[3], 2: files[1]}, [files[2], files[0]])


def test_by_rule(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / f"{name}_mask.png").touch()
    given = images("2.png", "3.png", "1.png")
    with pytest.warns(UserWarning, match=r"^1 file\(s\) without a partner are left out: image/3\.png$"):
        pairs = pair_by_rule(given, lambda image: tmp_path / f"{image.stem}_mask.png")
    assert pairs == {
        "1": (given[2], tmp_path / "1_mask.png"),
        "2": (given[0], tmp_path / "2_mask.png"),
    }
    assert list(pairs) == ["1", "2"]


@pytest.mark.parametrize("suffix", ["_mask", "_masks", "_seg", "_label", "_labels", "_cp_masks", "_rois", "_Mask", ""])
def test_names_of_masks_end_in_what_programs_add(suffix: str) -> None:
    assert pair_by_stem(images("cell_1.tif"), masks(f"cell_1{suffix}.png")) == {
        "cell_1": (Path("image/cell_1.tif"), Path("mask", f"cell_1{suffix}.png"))
    }


def test_an_image_may_be_named_like_a_mask() -> None:
    pairs = pair_by_stem(images("a_mask.tif", "a.tif"), masks("a_mask.png", "a_seg.png"))
    assert {stem: mask.name for stem, (_, mask) in pairs.items()} == {"a": "a_seg.png", "a_mask": "a_mask.png"}


def test_two_masks_of_one_image() -> None:
    with pytest.raises(InputError, match=r"a\.png and a_mask\.png, both for 'a'"):
        pair_by_stem(images("a.tif"), masks("a.png", "a_mask.png"))


def test_by_folder(tmp_path: Path) -> None:
    files = [tmp_path / "day1" / "set2" / "raw.tif", tmp_path / "set1" / "phase.png"]
    ids = [file.with_name("ids.png") for file in files]
    assert pair_by_folder(files, ids, tmp_path) == {"day1/set2": (files[0], ids[0]), "set1": (files[1], ids[1])}
    with pytest.raises(InputError, match=r"phase\.png and raw\.tif, both for 'set1'"):
        pair_by_folder([*files, tmp_path / "set1" / "raw.tif"], ids, tmp_path)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("a.tif", "a_masks.tif", "b.tif", "b_cp_masks.png", "c.tif"),) * 2,  # one folder for both
        (("a.tif", "a_masks.tif", "b.tif", "c.tif"), ("a_masks.tif", "b_cp_masks.png")),  # *.tif with *_masks.*
        (("a.tif", "a_masks.tif", "b.tif", "c.tif"), ("a.tif", "a_masks.tif", "b.tif", "c.tif", "b_cp_masks.png")),
    ],
)
def test_masks_beside_images(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    found = apart([Path(name) for name in left], [Path(name) for name in right])
    assert [[file.name for file in group] for group in found] == [
        ["a.tif", "b.tif", "c.tif"],
        ["a_masks.tif", "b_cp_masks.png"],
    ]


def test_folders_of_their_own_stay_as_they_are() -> None:
    assert apart(images("a.tif", "a_mask.tif"), masks("a.tif")) == (images("a.tif", "a_mask.tif"), masks("a.tif"))
