"""Random crops, uniform and balanced by class: positions, frequencies, contents."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from scipy.stats import chisquare

from custom.transforms import CLASS_BLOCKS, UNANNOTATED, ClassBlocksd, RandCropByClassd, class_blocks


def coordinates(size: tuple[int, int]) -> torch.Tensor:
    """Return an image (2, H, W) whose pixels hold their row and column."""
    return torch.stack(torch.meshgrid(*map(torch.arange, size), indexing="ij")).float()


def labeled(label: np.ndarray, **blocks: int) -> dict:
    """Return an item with an image of coordinates, a label and, if their arguments are given, class blocks."""
    item = {"image": MetaTensor(coordinates(label.shape)), "label": MetaTensor(label[None])}
    return ClassBlocksd("label", **blocks)(item) if blocks else item


def cropping(size: object = 5, ratios: object = None, seed: int = 0) -> RandCropByClassd:
    return RandCropByClassd(["image", "label"], "label", size, ratios).set_random_state(seed)


def rare(size: tuple[int, int] = (90, 70)) -> np.ndarray:
    """Return a label with classes 0, 1 (rare), 2 (rarer: two pixels in opposite corners) and unannotated pixels."""
    label = np.zeros(size, np.uint8)
    label[40:45, 30:33] = 1
    label[0, 0] = label[-1, -1] = 2
    label[60:80, 5:40] = UNANNOTATED
    return label


def sample_pixels(crop: RandCropByClassd, item: dict, times: int) -> list[tuple[int, int]]:
    """Return the pixels around which crops are sampled."""
    label = item["label"][0]
    return [crop._sample_pixel(label, crop.ratios, item.get(CLASS_BLOCKS)) for _ in range(times)]


# --------------------------------------------------------------------------------------------------------------- blocks


def test_blocks_by_hand() -> None:
    label = np.array([[0, 0, 1, 1, 2], [0, 255, 1, 1, 2], [2, 2, 0, 1, 255]], np.uint8)
    blocks = class_blocks(label, classes=4, side=2)
    assert blocks.side == 2
    assert blocks.counts.tolist() == [
        [[3, 0, 0], [0, 1, 0]],
        [[0, 4, 0], [0, 1, 0]],
        [[0, 0, 2], [2, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
    ]


@pytest.mark.parametrize("side", [1, 7, 64, 1000])
def test_blocks_of_any_side_count_every_pixel_once(side: int) -> None:
    label = rare()
    blocks = class_blocks(torch.as_tensor(label), 3, side)
    assert blocks.counts.shape == (3, -(-90 // side), -(-70 // side))
    assert blocks.counts.sum(axis=(1, 2)).tolist() == [int((label == number).sum()) for number in range(3)]


def test_more_classes_than_declared() -> None:
    with pytest.raises(ValueError, match="holds class 2, but classes must be 0 to 1"):
        class_blocks(rare(), 2)


@pytest.mark.parametrize("label", [np.zeros((3, 3), np.int64), np.zeros((1, 3, 3), np.uint8)])
def test_invalid_labels(label: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected a label of shape \(H, W\) and dtype uint8"):
        class_blocks(label, 2)


# ------------------------------------------------------------------------------------------------------ classes, ratios


@pytest.mark.parametrize("blocks", [{"classes": 3}, {"classes": 3, "block": 7}, {}], ids=str)
@pytest.mark.parametrize("ratios", [(1, 1, 1), (0.2, 3, 1), (0, 0, 1)])
def test_classes_are_sampled_by_their_ratios(ratios: tuple[float, ...], blocks: dict) -> None:
    item = labeled(rare(), **blocks)
    drawn = Counter(int(item["label"][0][pixel]) for pixel in sample_pixels(cropping(1, ratios), item, 600))
    wanted = {number: ratio / sum(ratios) * 600 for number, ratio in enumerate(ratios) if ratio}
    assert drawn.keys() == wanted.keys()
    assert len(wanted) == 1 or chisquare([drawn[number] for number in wanted], list(wanted.values())).pvalue > 0.01


@pytest.mark.parametrize("block", [4, 64])
def test_each_pixel_of_a_class_has_the_same_probability(block: int) -> None:
    item = labeled(rare(), classes=3, block=block)
    drawn = Counter(sample_pixels(cropping(1, (0, 1, 0)), item, 1500))
    assert len(drawn) == 15
    assert chisquare(list(drawn.values())).pvalue > 0.01


def test_the_ratio_of_an_absent_class_goes_to_the_others() -> None:
    label = np.where(rare() == 1, 0, rare()).astype(np.uint8)
    drawn = Counter(
        int(label[pixel]) for pixel in sample_pixels(cropping(1, (1, 5, 1)), labeled(label, classes=3), 400)
    )
    assert drawn.keys() == {0, 2}
    assert chisquare(list(drawn.values())).pvalue > 0.01


@pytest.mark.parametrize("label", [np.full((20, 30), UNANNOTATED, np.uint8), np.ones((20, 30), np.uint8)])
def test_an_image_without_any_of_the_classes_is_cropped_uniformly(label: np.ndarray) -> None:
    crop, item = cropping(5, (1, 0)), labeled(label, classes=2)
    corners = {(int(crop(item)["image"][0, 0, 0]), int(crop(item)["image"][1, 0, 0])) for _ in range(60)}
    assert len(corners) > 40


def test_unannotated_pixels_are_not_a_class() -> None:
    item = labeled(rare(), classes=3)
    assert UNANNOTATED not in {int(item["label"][0][p]) for p in sample_pixels(cropping(1, (1, 1, 1)), item, 200)}


@pytest.mark.parametrize("number", [1, 2])
def test_a_crop_contains_the_sampled_class_at_any_position(number: int) -> None:
    crop, item = cropping((9, 7), np.arange(3) == number), labeled(rare(), classes=3)
    crops = [crop(item) for _ in range(120)]
    assert all((result["label"] == number).any() for result in crops)
    assert all(result["label"].shape == (1, 9, 7) for result in crops)
    # Class 2 is in two corners of the image, which allow only one position each.
    corners = {tuple(result["image"][:, 0, 0].int().tolist()) for result in crops}
    assert corners == {(0, 0), (81, 63)} if number == 2 else len(corners) > 60


def test_a_crop_around_a_single_pixel_has_each_position_with_the_same_probability() -> None:
    label = np.zeros((30, 30), np.uint8)
    label[15, 2] = 1
    crop, item = cropping(4, (0, 1)), labeled(label, classes=2)
    corners = Counter(tuple(crop(item)["image"][:, 0, 0].int().tolist()) for _ in range(1200))
    assert corners.keys() == {(row, column) for row in range(12, 16) for column in range(3)}
    assert chisquare(list(corners.values())).pvalue > 0.01


# ------------------------------------------------------------------------------------------------------------- anywhere


@pytest.mark.parametrize("blocks", [{}, {"classes": 3}], ids=str)
def test_without_ratios_each_position_has_the_same_probability(blocks: dict) -> None:
    crop, item = cropping((88, 67)), labeled(rare(), **blocks)
    corners = Counter(tuple(crop(item)["image"][:, 0, 0].int().tolist()) for _ in range(1200))
    assert corners.keys() == {(row, column) for row in range(3) for column in range(4)}
    assert chisquare(list(corners.values())).pvalue > 0.01


@pytest.mark.parametrize("ratios", [None, (1, 1, 1)])
def test_image_and_label_are_cropped_alike(ratios: object) -> None:
    item = labeled(rare(), classes=3)
    result = cropping(20, ratios)(item)
    rows, columns = (result["image"][axis].long() for axis in (0, 1))
    assert torch.equal(result["label"][0], item["label"][0][rows, columns])
    assert torch.equal(rows.diff(dim=0), torch.ones(19, 20, dtype=torch.long))
    assert torch.equal(columns.diff(dim=1), torch.ones(20, 19, dtype=torch.long))
    assert (result["image"].dtype, result["label"].dtype) == (torch.float32, torch.uint8)


@pytest.mark.parametrize("ratios", [None, (1, 1, 1)])
def test_the_item_is_not_modified_and_the_crop_is_a_copy(ratios: object) -> None:
    item = labeled(rare(), classes=3)
    before = {key: value.clone() for key, value in item.items() if key != CLASS_BLOCKS}
    result = cropping(20, ratios)(item)
    assert result.keys() == {"image", "label"}
    for key, value in before.items():
        result[key].fill_(77)
        assert torch.equal(item[key], value)
    assert CLASS_BLOCKS in item


def test_metadata_is_kept() -> None:
    item = {key: MetaTensor(np.zeros((1, 9, 9), np.uint8), meta={"filename_or_obj": key}) for key in ("image", "label")}
    result = cropping(5)(item)
    assert all(result[key].meta["filename_or_obj"] == key for key in item)
    result["image"].meta["filename_or_obj"] = "changed"
    assert item["image"].meta["filename_or_obj"] == "image"


def test_numpy_arrays() -> None:
    item = {"image": coordinates((9, 9)).numpy(), "label": rare((9, 9))[None]}
    assert cropping(4, (1, 1, 1))(item)["image"].shape == (2, 4, 4)


# ----------------------------------------------------------------------------------------------------------- small ones


@pytest.mark.parametrize("ratios", [None, (1, 1, 1)])
@pytest.mark.parametrize("size", [(3, 40), (40, 3), (1, 1), (2, 2), (31, 32)])
def test_a_small_image_is_mirrored(size: tuple[int, int], ratios: object) -> None:
    label = np.random.default_rng(0).integers(0, 3, size, np.uint8)
    result = cropping(32, ratios)(labeled(label, classes=3))
    rows, columns = (result["image"][axis].long() for axis in (0, 1))
    assert torch.equal(result["label"][0], torch.as_tensor(label)[rows, columns])
    for index, length in ((rows[:, 0], size[0]), (columns[0], size[1])):
        steps = index.diff().abs()
        assert set(index.tolist()) == set(range(length)) if length <= 32 else (steps == 1).all()
        assert (steps == (length > 1)).all()


def test_mirrored_by_hand() -> None:
    image = torch.arange(3.0)[None, None].expand(1, 2, 3)
    item = {"image": image, "label": torch.zeros(1, 2, 3, dtype=torch.uint8)}
    assert cropping((2, 7))(item)["image"][0, 0].tolist() == [2, 1, 0, 1, 2, 1, 0]


# ---------------------------------------------------------------------------------------------------------- determinism


@pytest.mark.parametrize("ratios", [None, (1, 2, 3)])
def test_same_seed_same_crops(ratios: object) -> None:
    item = labeled(rare(), classes=3)

    def crops(seed: int) -> list[list]:
        crop = cropping(6, ratios, seed)
        return [crop(item)["image"].tolist() for _ in range(5)]

    np.random.seed(0)
    first = crops(1)
    np.random.seed(1)
    assert crops(1) == first
    assert crops(2) != first


def test_precomputed_blocks_give_the_same_crops() -> None:
    crop, label = cropping(6, (1, 2, 3)), rare()
    before = crop.set_random_state(4)(labeled(label, classes=3))
    there = crop.set_random_state(4)(labeled(label))
    assert torch.equal(before["image"], there["image"])


# --------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("ratios", [(0, 0), (1, -1)])
def test_invalid_ratios(ratios: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ratios must be 0 or more and not all 0"):
        cropping(5, ratios)


def test_wrong_number_of_ratios() -> None:
    with pytest.raises(ValueError, match="there are 3 classes, but 2 ratios"):
        cropping(5, (1, 1))(labeled(rare(), classes=3))
    with pytest.raises(ValueError, match="holds class 2, but classes must be 0 to 1"):
        cropping(5, (1, 1))(labeled(rare()))


def test_missing_keys() -> None:
    with pytest.raises(KeyError):
        RandCropByClassd(["image", "absent"], "label", 3)(labeled(rare()))
    with pytest.raises(KeyError):
        ClassBlocksd("absent", 3)({"label": rare()[None]})


@pytest.mark.parametrize("transform", [ClassBlocksd("label", 3), cropping(5, (1, 2))])
def test_pickles(transform: object) -> None:
    assert type(pickle.loads(pickle.dumps(transform))) is type(transform)
