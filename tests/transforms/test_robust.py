"""Normalization that is robust to montage borders and saturation, for whole images and their crops."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, list_data_collate
from monai.transforms import CenterSpatialCropd, Flipd

from custom.transforms import ROBUST_STATISTICS, NormalizeRobust, NormalizeRobustd, RobustStatisticsd, robust_statistics


def tissue(size: tuple[int, int] = (300, 400), center: float = 120, scale: float = 20, seed: int = 0) -> np.ndarray:
    """Return an image, uint8 (1, H, W), of normally distributed values."""
    values = np.random.default_rng(seed).normal(center, scale, (1, *size))
    return np.clip(values, 0, 255).astype(np.uint8)


def bordered(image: np.ndarray, value: int, part: float = 0.4) -> np.ndarray:
    """Return the image with a border on the left that covers ``part`` of it."""
    result = image.copy()
    result[..., : round(part * image.shape[-1])] = value
    return result


# ----------------------------------------------------------------------------------------------------------- statistics


def test_statistics_by_hand() -> None:
    image = np.array([[[0, 0, 0, 255], [10, 20, 30, 40], [50, 50, 255, 0]]], np.uint8)
    center, scale = robust_statistics(image)  # of 10, 20, 30, 40, 50, 50: quartiles 22.5, 35, 47.5
    assert center == 35
    assert scale == pytest.approx(25 / 1.349)


def test_statistics_of_a_normal_distribution() -> None:
    center, scale = robust_statistics(np.random.default_rng(0).normal(7, 3, (1, 500, 500)))
    assert center == pytest.approx(7, abs=0.05)
    assert scale == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("part", [0.1, 0.4, 0.9])
def test_a_border_is_not_counted(value: int, part: float) -> None:
    image = tissue()
    assert robust_statistics(bordered(image, value, part)) == pytest.approx(robust_statistics(image), rel=0.05)


def test_a_border_on_both_ends_of_the_scale_is_not_counted() -> None:
    image = bordered(tissue(), 0)
    image[:, :50] = 255
    assert robust_statistics(image) == pytest.approx(robust_statistics(tissue()), rel=0.05)


def test_a_border_shifts_mean_and_standard_deviation() -> None:
    """With mean and standard deviation, the same comparison fails by a wide margin."""
    image = tissue()
    assert bordered(image, 0).mean() < 0.7 * image.mean()
    assert bordered(image, 0).std() > 2 * image.std()


@pytest.mark.parametrize("outlier", [255, 65535])
def test_saturated_outliers_are_not_counted(outlier: int) -> None:
    image = tissue().astype(np.uint16)
    hot = image.copy()
    hot.ravel()[np.random.default_rng(1).choice(image.size, image.size // 50, replace=False)] = outlier
    assert robust_statistics(hot) == pytest.approx(robust_statistics(image), rel=0.03)


def test_large_images_are_sampled() -> None:
    image = bordered(tissue((3000, 2900)), 0)
    inside = image[..., round(0.4 * 2900) :]
    expected = np.median(inside), np.subtract(*np.percentile(inside, (75, 25))) / 1.349
    assert robust_statistics(image) == pytest.approx(expected, rel=0.02)


def test_statistics_follow_a_linear_change() -> None:
    image = bordered(tissue(), 0).astype(np.float32)
    center, scale = robust_statistics(image)
    assert robust_statistics(image * 5 + 3) == pytest.approx((center * 5 + 3, scale * 5), rel=1e-5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7, 7, 7, 7], (7, 1)),  # constant
        ([0, 0, 0, 0, 255], (0, 102)),  # no values between the extremes, equal quartiles: standard deviation
        ([0, 0, 255, 255], (127.5, 255 / 1.349)),
        ([0, 3, 3, 9], (3, 2.25 / 1.349)),  # a single value between the extremes
        ([5], (5, 1)),
    ],
)
def test_few_values(values: list[int], expected: tuple[float, float]) -> None:
    assert robust_statistics(np.array([[values]], np.uint8)) == pytest.approx(expected)


# -------------------------------------------------------------------------------------------------------- normalization


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor, MetaTensor], ids=["numpy", "torch", "MetaTensor"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64])
def test_normalized(make: type, dtype: type) -> None:
    image = bordered(tissue(), 0).astype(dtype)
    result = NormalizeRobust()(make(image))
    center, scale = robust_statistics(image)
    assert (result.dtype, result.shape) == (torch.float32, image.shape)
    np.testing.assert_allclose(result.numpy(), (image.astype(np.float64) - center) / scale, atol=1e-5)
    inside = result[..., round(0.4 * 400) :]
    assert float(inside.median()) == pytest.approx(0, abs=0.06)
    assert float(inside.std()) == pytest.approx(1, abs=0.05)


def test_given_statistics() -> None:
    assert NormalizeRobust()(np.array([[[10, 30]]], np.uint8), (20, 5)).tolist() == [[[-2, 2]]]


def test_no_number_is_infinite() -> None:
    for image in (np.zeros((1, 3, 3), np.uint8), np.full((1, 1, 1), 9.0), np.array([[[0, 255]]], np.uint8)):
        assert torch.isfinite(NormalizeRobust()(image)).all()


# ---------------------------------------------------------------------------------------------------- stored statistics


def item_with_statistics() -> dict:
    meta = {"filename_or_obj": "a.tif"}
    return RobustStatisticsd("image")({"image": MetaTensor(bordered(tissue(), 0), meta=meta), "name": "a"})


def test_statistics_are_stored_and_the_image_is_unchanged() -> None:
    image = MetaTensor(tissue(), meta={"filename_or_obj": "a.tif"})
    item = {"image": image, "name": "a"}
    result = RobustStatisticsd("image")(item)
    assert result["image"].meta[ROBUST_STATISTICS] == robust_statistics(tissue())
    assert result["image"].meta["filename_or_obj"] == "a.tif"
    assert result["image"].dtype == torch.uint8
    assert result["image"].data_ptr() == image.data_ptr()  # not copied
    assert ROBUST_STATISTICS not in image.meta
    assert result["name"] == "a"


def test_statistics_of_an_array_without_metadata() -> None:
    result = RobustStatisticsd("image")({"image": torch.as_tensor(tissue())})["image"]
    assert result.meta[ROBUST_STATISTICS] == robust_statistics(tissue())


def test_a_crop_is_normalized_like_its_image() -> None:
    item = item_with_statistics()
    whole = NormalizeRobustd("image")(item)["image"]
    cropping = CenterSpatialCropd("image", (32, 32))
    crop = NormalizeRobustd("image")(Flipd("image", 0)(cropping(copy.deepcopy(item))))["image"]
    assert crop.dtype == torch.float32
    assert torch.equal(crop, cropping({"image": whole})["image"].flip(1))


def test_without_stored_statistics_an_image_is_normalized_by_its_own() -> None:
    image = bordered(tissue(), 0)
    for given in (image, torch.as_tensor(image), MetaTensor(image)):
        assert torch.equal(NormalizeRobustd("image")({"image": given})["image"], NormalizeRobust()(image))


def test_stored_statistics_survive_batching() -> None:
    batch = list_data_collate([NormalizeRobustd("image")(item_with_statistics()) for _ in range(2)])
    assert batch["image"].shape == (2, 1, 300, 400)


def test_several_keys_are_normalized_separately() -> None:
    item = {"a": tissue(center=60), "b": tissue(center=180)}
    result = NormalizeRobustd(["a", "b"])(RobustStatisticsd(["a", "b"])(item))
    assert all(float(result[key].median()) == pytest.approx(0, abs=0.05) for key in "ab")


@pytest.mark.parametrize("transform", [NormalizeRobust(), NormalizeRobustd("image"), RobustStatisticsd("image")])
def test_pickles(transform: object) -> None:
    assert type(pickle.loads(pickle.dumps(transform))) is type(transform)


@pytest.mark.parametrize("transform", [NormalizeRobustd, RobustStatisticsd])
def test_missing_key(transform: type) -> None:
    with pytest.raises(KeyError):
        transform("absent")({"image": tissue()})
