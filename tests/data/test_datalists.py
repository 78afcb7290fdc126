"""Items from a manifest or from a folder of images."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from custom.data import LabelRule, Manifest, datalist, input_files, input_list, open_inputs
from custom.errors import InputError

SPLITS = ("train", "validation", "test")


def picture(path: Path, size: tuple[int, int] = (4, 3)) -> Path:
    """Write a black PNG of ``size`` (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)
    return path


def stack(path: Path, shape: tuple[int, ...] = (5, 3, 4)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.zeros(shape, np.uint8), photometric="minisblack")
    return path


def pairs(folder: Path, numbers: Sequence[int]) -> Path:
    for number in numbers:
        picture(folder / "image" / f"{number}.png")
        picture(folder / "mask" / f"{number}_mask.png")
    return folder


def manifest(folder: Path, **changes: Any) -> Manifest:
    by_fraction = {"train": {"fraction": 0.7}, "validation": {"fraction": 0.15}, "test": {"fraction": 0.15}}
    usual = {"name": "cells", "layout": "paired_folders", "image": "image", "label": "mask"}
    return Manifest(**{"folder": folder, "labels": {"no": 0, "yes": 255}, "splits": by_fraction, **usual, **changes})


def stacks(folder: Path, **splits: list[int]) -> Manifest:
    by_pages = {name: {"pages": pages} for name, pages in splits.items()}
    return manifest(folder, layout="stacks", image="a.tif", label="b.tif", splits=by_pages)


def names(items: list[dict]) -> list[str]:
    return [item["name"] for item in items]


# --------------------------------------------------------------------------------------------------------- whole items


def test_an_item_of_a_pair(tmp_path: Path) -> None:
    pairs(tmp_path / "my Zellen µ", [7])
    folder = tmp_path / "my Zellen µ"
    picture(folder / "seen" / "7.png")
    (item,) = datalist(
        manifest(folder, splits={"train": {"numbers": [7]}}, region="seen", channels="luminance"), "train"
    )
    assert item == {
        "image": str(folder / "image" / "7.png"),
        "label": str(folder / "mask" / "7_mask.png"),
        "region": str(folder / "seen" / "7.png"),
        "page": 0,
        "name": "7",
        "rule": LabelRule((0, 255), ("no", "yes")),
        "channels": "luminance",
        "pixel_size": None,
    }


def test_items_of_a_stack(tmp_path: Path) -> None:
    image, label = stack(tmp_path / "a.tif"), stack(tmp_path / "b.tif")
    items = datalist(stacks(tmp_path, train=[0, 3], validation=[3, 5]), "validation")
    assert [(item["page"], item["name"]) for item in items] == [(3, "a_003"), (4, "a_004")]
    assert {(item["image"], item["label"], item["channels"]) for item in items} == {(str(image), str(label), "equal")}


def test_a_stack_of_one_page(tmp_path: Path) -> None:
    stack(tmp_path / "a.tif", (3, 4))
    stack(tmp_path / "b.tif", (3, 4))
    assert names(datalist(stacks(tmp_path, train=[0, 1]), "train")) == ["a_000"]


# --------------------------------------------------------------------------------------------------------------- splits


def test_by_numbers(tmp_path: Path) -> None:
    pairs(tmp_path, [1, 2, 10])
    data = manifest(tmp_path, splits={"train": {"numbers": [10, 1]}, "test": {"numbers": [2]}})
    assert names(datalist(data, "train")) == ["1", "10"]
    assert names(datalist(data, ["test", "train"])) == ["2", "1", "10"]


def test_by_stems(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        picture(tmp_path / "image" / f"{name}.png")
        stack(tmp_path / "mask" / f"{name}.tif", (3, 4))
    data = manifest(tmp_path, pair_by="stem", splits={"train": {"stems": ["c", "a"]}, "test": {"stems": ["b"]}})
    assert (names(datalist(data, "train")), names(datalist(data, "test"))) == (["a", "c"], ["b"])


def test_by_number_pattern_and_glob(tmp_path: Path) -> None:
    for name in ("3_t1.png", "4_t1.png", "4_t1_mask.png", "3_t1_mask.png"):
        picture(tmp_path / name)
    splits = {"test": {"numbers": [4]}}
    data = manifest(tmp_path, image="?_t1.png", label="*_mask.png", number_pattern=r"^(\d+)", splits=splits)
    (item,) = datalist(data, "test")
    assert (Path(item["image"]).name, Path(item["label"]).name) == ("4_t1.png", "4_t1_mask.png")


@pytest.mark.parametrize(("count", "sizes"), [(20, [14, 3, 3]), (7, [5, 1, 1]), (3, [2, 1, 0])])
def test_fractions_are_disjoint_and_complete(count: int, sizes: list[int], tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, range(count)))
    found = {name: names(datalist(data, name)) for name, size in zip(SPLITS, sizes, strict=True) if size}
    assert [len(found.get(name, [])) for name in SPLITS] == sizes
    assert sorted(name for part in found.values() for name in part) == sorted(map(str, range(count)))


def test_fractions_may_leave_some_out(tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, range(10)), splits={"test": {"fraction": 0.2}, "train": {"fraction": 0.3}})
    train, test = names(datalist(data, "train")), names(datalist(data, "test"))
    assert (len(train), len(test), len({*train, *test})) == (3, 2, 5)


def test_fractions_depend_on_the_names_and_the_seed_alone(tmp_path: Path) -> None:
    first = manifest(pairs(tmp_path / "first", range(20)))
    second = manifest(pairs(tmp_path / "second", range(19, -1, -1)))
    for split in SPLITS:
        assert names(datalist(first, split)) == names(datalist(first, split)) == names(datalist(second, split))
    other = manifest(tmp_path / "first", split_seed=1)
    assert names(datalist(other, "train")) != names(datalist(first, "train"))


def test_fractions_are_shuffled(tmp_path: Path) -> None:
    train = datalist(manifest(pairs(tmp_path, range(20))), "train")
    assert [int(name) for name in names(train)] != list(range(14))


def test_several_data_sets(tmp_path: Path) -> None:
    both = [
        manifest(pairs(tmp_path / "one", [1]), splits={"train": {"numbers": [1]}}),
        manifest(pairs(tmp_path / "two", [1, 2]), splits={"train": {"numbers": [2]}, "test": {"numbers": [1]}}),
    ]
    assert [Path(item["image"]).parts[-3:] for item in datalist(both, ["train", "test"])] == [
        ("one", "image", "1.png"),
        ("two", "image", "2.png"),
        ("two", "image", "1.png"),
    ]


@pytest.mark.parametrize(
    ("kind", "named", "text"),
    [
        ("numbers", [2, 9, 8], "2 of the numbers in the split train match no pair: 9, 8"),
        ("numbers", [*range(9, 2, -1), 2], "7 of the numbers in the split train match no pair: 9, 8, 7, 6, 5, …"),
        ("stems", ["x y", "2"], "1 of the stems in the split train match no pair: x y"),
    ],
)
def test_what_matches_no_pair_is_told_once(kind: str, named: list, text: str, tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, [1, 2]), splits={"train": {kind: named}})
    with pytest.warns(UserWarning, match=f"^{re.escape(text)}$") as caught:
        assert names(datalist(data, "train")) == ["2"]
    assert len(caught) == 1


def test_no_warning_when_all_match(tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, [1, 2]), splits={"train": {"numbers": [2, 1]}, "test": {"numbers": [9]}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(datalist(data, "train")) == ["1", "2"]


# -------------------------------------------------------------------------------------------------------- what is wrong


def refusal(data: Manifest, split: str = "train") -> str:
    with pytest.raises(InputError) as raised:
        datalist(data, split)
    return str(raised.value)


def test_different_sizes(tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, [1]), splits={"train": {"numbers": [1]}})
    picture(tmp_path / "mask" / "1_mask.png", (3, 4))
    image, label = tmp_path / "image" / "1.png", tmp_path / "mask" / "1_mask.png"
    assert refusal(data) == f"{label}: found 4 × 3 pixels, expected 3 × 4 as in its image {image}."


def test_stacks_of_different_sizes(tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    stack(tmp_path / "b.tif", (4, 3, 4))
    message = refusal(stacks(tmp_path, train=[0, 2]))
    assert str(tmp_path / "a.tif") in message
    assert message.startswith(f"{tmp_path / 'b.tif'}: found 4 × 3 × 4 pixels")


def test_more_pages_than_there_are(tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    stack(tmp_path / "b.tif")
    assert "found 5 pages, expected at least 6 for the split test" in refusal(stacks(tmp_path, test=[4, 6]), "test")


def test_stack_among_the_pairs(tmp_path: Path) -> None:
    stack(tmp_path / "image" / "1.tif")
    stack(tmp_path / "mask" / "1.tif")
    data = manifest(tmp_path, splits={"train": {"numbers": [1]}})
    assert refusal(data).startswith(f"{tmp_path / 'image' / '1.tif'}: found a stack of 5 pages")


@pytest.mark.filterwarnings("ignore:.*without a partner")
@pytest.mark.parametrize("pair_by", ["number", "stem"])
def test_no_pairs(pair_by: str, tmp_path: Path) -> None:
    picture(tmp_path / "image" / "1.png")
    picture(tmp_path / "mask" / "2.png")
    found = "found 1 image(s) in image, 1 mask(s) in mask and no pair, expected files that share a"
    assert refusal(manifest(tmp_path, pair_by=pair_by)) == f"{tmp_path}: {found} {pair_by}."


def test_no_folder(tmp_path: Path) -> None:
    picture(tmp_path / "image" / "1.png")
    assert refusal(manifest(tmp_path)) == f"{tmp_path / 'mask'}: found nothing, expected a folder of images."


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 takes ** beside other letters for *")
def test_a_broken_glob_in_a_manifest(tmp_path: Path) -> None:
    assert refusal(manifest(tmp_path, image="**foo/*.png")).startswith(f"{tmp_path / '**foo/*.png'}: found an invalid")


def test_region_is_missing(tmp_path: Path) -> None:
    pairs(tmp_path, [1, 2])
    picture(tmp_path / "seen" / "1.png")
    data = manifest(tmp_path, region="seen", splits={"train": {"numbers": [1]}, "test": {"numbers": [2]}})
    assert len(datalist(data, "train")) == 1
    assert refusal(data, "test") == f"{tmp_path / 'seen'}: found no file for 2.png, expected one for each image."


def test_region_of_another_size(tmp_path: Path) -> None:
    pairs(tmp_path, [1])
    picture(tmp_path / "seen" / "1.png", (5, 5))
    data = manifest(tmp_path, region="seen", splits={"train": {"numbers": [1]}})
    assert refusal(data).startswith(f"{tmp_path / 'seen' / '1.png'}: found 5 × 5 pixels")


@pytest.mark.filterwarnings("ignore:.*match no pair")
@pytest.mark.parametrize(
    "splits", [{}, {"train": {"numbers": []}}, {"train": {"numbers": [9]}}, {"train": {"fraction": 0}}]
)
def test_empty_split(splits: dict, tmp_path: Path) -> None:
    data = manifest(pairs(tmp_path, [1]), splits=splits)
    assert refusal(data) == f"{tmp_path}: found no image for the split train, expected at least one."


# ------------------------------------------------------------------------------------------------------------ inference


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two images, a text file, a hidden file and an image in a subfolder."""
    folder = tmp_path / "Bilder für später" / "day 1"
    for name in ("zelle µ.png", "b.PNG", ".hidden.png", "below/c.png"):
        picture(folder / name)
    (folder / "notes.txt").write_text("no image")
    return folder.resolve()


def test_files_of_a_folder(folder: Path) -> None:
    assert input_files(folder) == [folder / "b.PNG", folder / "zelle µ.png"]


def test_one_file(folder: Path) -> None:
    assert input_files(str(folder / "zelle µ.png")) == [folder / "zelle µ.png"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*µ.png", ["zelle µ.png"]),
        ("*", ["b.PNG", "zelle µ.png"]),
        ("*/*.png", ["below/c.png"]),
        ("[bx].PNG", ["b.PNG"]),
        ("below/../b.*", ["b.PNG"]),
    ],
)
@pytest.mark.parametrize("relative", [True, False])
def test_files_of_a_glob(
    pattern: str, found: list[str], relative: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert input_files(pattern if relative else folder / pattern) == [folder / name for name in found]


def test_files_from_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert len(input_files("~/day 1")) == 2


@pytest.mark.parametrize(
    ("source", "found"), [("none", "nothing"), ("*.tif", "nothing"), ("a", "a folder without images")]
)
def test_nothing_to_read(source: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("no image")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as raised:
        input_files(source)
    assert str(raised.value).startswith(f"{tmp_path.resolve() / source}: found {found}, expected images (.tif ")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 takes ** beside other letters for *")
@pytest.mark.parametrize("relative", [True, False])
def test_a_broken_glob(relative: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as raised:
        input_files("**foo/*.png" if relative else tmp_path / "**foo/*.png")
    assert str(raised.value).startswith(f"{tmp_path / '**foo/*.png'}: found an invalid pattern (")
    assert str(raised.value).endswith("), expected a glob.")


def test_list_has_an_item_for_each_page(tmp_path: Path) -> None:
    one, three = picture(tmp_path / "b.png"), stack(tmp_path / "a.tif", (3, 3, 4))
    items = input_list(tmp_path, channels="luminance")
    assert [(item["name"], item["page"], item["pages"]) for item in items] == [
        ("a", 0, 3),
        ("a", 1, 3),
        ("a", 2, 3),
        ("b", 0, 1),
    ]
    assert [item["image"] for item in items] == [str(path.resolve()) for path in (three, three, three, one)]
    assert all(item["file"] == item["image"] and item["channels"] == "luminance" for item in items)


def test_two_files_of_one_name(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    stack(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: found the same name as .*a\.png"):
        input_list(tmp_path)
    assert len(input_list(tmp_path / "*.png")) == 1


def test_a_file_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=r"notes\.txt: found the suffix '\.txt'"):
        input_list(tmp_path / "notes.txt")


def test_what_an_earlier_inference_wrote_is_no_input(tmp_path):
    for name in ("a.tif", "a_mask.tif", "a_probability.tif", "a_labels.tif", "a_overlay.png", "b_mask.tif"):
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in input_files(tmp_path)] == ["a.tif", "b_mask.tif"]


def test_links_are_named_as_the_user_sees_them(tmp_path: Path) -> None:
    """As git-annex links them, and as links to files that all have the same name."""
    for place in ("SHA256E-s1--ab", "one/image.tif", "two/image.tif"):
        stack(tmp_path / "store" / place, (3, 4))
    (tmp_path / "in").mkdir()
    for name, target in (("a.tif", "two/image.tif"), ("b.tif", "SHA256E-s1--ab"), ("c.tif", "one/image.tif")):
        (tmp_path / "in" / name).symlink_to(tmp_path / "store" / target)
    items = input_list(tmp_path / "in")
    assert names(items) == ["a", "b", "c"]
    assert [item["file"] for item in items] == [str(tmp_path / "in" / f"{name}.tif") for name in "abc"]


def test_folders_with_brackets(tmp_path: Path) -> None:
    for name in ("x1.tif", "x2.tif"):
        stack(tmp_path / "plate [1]" / name, (3, 4))
    assert names(input_list(tmp_path / "plate [1]" / "*.tif")) == ["x1", "x2"]
    assert names(input_list(tmp_path / "plate [1]" / "x[2].tif")) == ["x2"]


def test_images_in_subfolders(tmp_path: Path) -> None:
    """Results of an earlier run and hidden folders are left out."""
    for name in ("sub-01/cell.tif", "sub-02/cell.tif", ".cache/cell.tif", "out/sub-01_cell_mask.tif"):
        stack(tmp_path / name, (3, 4))
    with pytest.raises(InputError, match=r"found no images, but 3 images in its subfolders, expected .* --recursive"):
        input_files(tmp_path)
    assert names(input_list(tmp_path, recursive=True)) == ["sub-01_cell", "sub-02_cell"]


def test_images_that_are_not_read_are_counted(tmp_path: Path) -> None:
    for name in ("a.czi", "b.CZI", "c.nd2", "notes.txt"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"found only 2 \.czi files, 1 \.nd2 file, which cannot be read"):
        input_files(tmp_path)
    stack(tmp_path / "d.tif", (3, 4))
    with pytest.warns(UserWarning, match=r"2 \.czi files, 1 \.nd2 file left out"):
        assert names(input_list(tmp_path)) == ["d"]


def test_names_that_look_the_same_pair(tmp_path: Path) -> None:
    """macOS stores decomposed letters (NFD)."""
    picture(tmp_path / "image" / "Gru\u0308n.png")
    picture(tmp_path / "mask" / "Gr\u00fcn.png")
    data = manifest(tmp_path, pair_by="stem", splits={"train": {"stems": ["Gru\u0308n"]}})
    assert names(datalist(data, "train")) == ["Gr\u00fcn"]


def test_a_name_too_long_for_its_results(tmp_path: Path) -> None:
    for name in ("n" * 240, "ok"):
        stack(tmp_path / f"{name}.tif", (3, 4))
    inputs = open_inputs(tmp_path)
    assert names(inputs.items) == ["ok"]
    assert list(inputs.failed.values()) == ["found a name of 240 bytes, expected at most 235, as results add to it."]


def test_several_sources_as_a_shell_makes_them_of_a_glob(tmp_path: Path) -> None:
    for name in ("a/1.tif", "a/1_mask.tif", "a/2.tif", "b/c/3.tif"):
        stack(tmp_path / name, (3, 4))
    with pytest.warns(UserWarning, match="1 file named like results"):
        inputs = open_inputs([*sorted((tmp_path / "a").glob("*.tif")), str(tmp_path / "b" / "c")])
    assert names(inputs.items) == ["1", "2", "3"]
    assert (inputs.source, inputs.single) == (tmp_path, False)
    with pytest.raises(InputError, match="--input: found an empty list, expected images"):
        open_inputs([])


def test_several_sources_with_the_same_names_fail_alone(tmp_path: Path) -> None:
    for name in ("a/1.tif", "b/1.tif", "b/2.tif"):
        stack(tmp_path / name, (3, 4))
    inputs = open_inputs([tmp_path / "a", tmp_path / "b"])
    assert names(inputs.items) == ["2"]
    assert all("same name" in reason for reason in inputs.failed.values())


@pytest.mark.parametrize("splits", [["train", "trian"], ["train", "train"]])
def test_splits_that_are_unknown_or_named_twice_are_refused(splits: list[str], tmp_path: Path) -> None:
    data = manifest(tmp_path, splits={"train": {"numbers": [1]}})
    with pytest.raises(
        InputError, match=rf"--train_splits: found '{splits[1]}', expected each of train, validation, test"
    ):
        datalist(data, splits)
