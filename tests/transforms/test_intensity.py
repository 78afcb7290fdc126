"""Extreme intensities, and normalizations that are robust to them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, ScaleIntensityRangePercentiles

from custom.transforms import (
    LogZScore,
    LogZScored,
    RandExtremeIntensity,
    RandExtremeIntensityd,
    ScalePercentiles,
    ScalePercentilesd,
)

ALWAYS_SQUARE = {"prob": 0.0}


def picture(seed: int = 0, shape: tuple[int, ...] = (1, 20, 30)) -> torch.Tensor:
    """Return integers from 0 to 65535, including both."""
    values = np.random.default_rng(seed).integers(0, 65536, size=shape)
    values.flat[:2] = 0, 65535
    return torch.from_numpy(values.astype(np.float32))


def drawn(number: int, **options: object) -> tuple[np.ndarray, int]:
    """Return the factors by which many images were multiplied, and the number of squared images."""
    change = RandExtremeIntensity(**options).set_random_state(seed=0)
    images = [change(torch.tensor([[[0.0, 1.0, 2.0]]])) for _ in range(number)]
    factors = [float(image[0, 0, 1]) for image in images if float(image[0, 0, 2]) == 2 * float(image[0, 0, 1])]
    squares = [image for image in images if image[0, 0].tolist() == [0.0, 65535 / 4, 65535.0]]
    assert len(factors) + len(squares) == number
    return np.array(factors), len(squares)


# ------------------------------------------------------------------------------------------------- extreme intensities


def test_square_is_rescaled_to_sixteen_bits() -> None:
    square = RandExtremeIntensity(**ALWAYS_SQUARE)(torch.tensor([[1.0, 2.0, 3.0]]))
    torch.testing.assert_close(square, torch.tensor([[0.0, 65535 * 3 / 8, 65535.0]]))


def test_negative_values_are_squared_too() -> None:
    square = RandExtremeIntensity(**ALWAYS_SQUARE)(torch.tensor([-2.0, 0.0, 1.0]))
    torch.testing.assert_close(square, torch.tensor([65535.0, 0.0, 65535 / 4]))


def test_one_factor_for_the_whole_image() -> None:
    image = picture()
    result = RandExtremeIntensity(prob=1.0, low=7.0, high=7.0)(image)
    torch.testing.assert_close(result, 7 * image)


def test_every_image_changes() -> None:
    change = RandExtremeIntensity().set_random_state(seed=3)
    assert not any(torch.equal(change(picture()), picture()) for _ in range(50))


def test_four_of_five_are_multiplied_by_1_to_65000() -> None:
    factors, squared = drawn(2000)
    assert 0.17 < squared / 2000 < 0.23
    assert factors.min() >= 1
    assert factors.max() <= 65000
    assert factors.mean() == pytest.approx(32500, rel=0.05)
    assert np.quantile(factors, 0.1) == pytest.approx(6500, rel=0.2)


def test_log_uniform_factors() -> None:
    factors, _ = drawn(2000, law="log_uniform")
    assert 1 <= factors.min() < 2
    assert 35000 < factors.max() <= 65000
    assert np.median(factors) == pytest.approx(np.sqrt(65000), rel=0.3)


@pytest.mark.parametrize("law", ["uniform", "log_uniform"])
@pytest.mark.parametrize("prob", [0.0, 1.0])
@pytest.mark.parametrize("value", [0.0, 1.0, 65535.0, -3.0, 1e-9, 4e9])
def test_constant_images_stay_finite(law: str, prob: float, value: float) -> None:
    result = RandExtremeIntensity(prob=prob, law=law)(torch.full((1, 4, 4), value))
    assert result.dtype == torch.float32
    assert torch.isfinite(result).all()
    if prob == 0:
        assert (result == 0).all()


@pytest.mark.parametrize("prob", [0.0, 1.0])
@pytest.mark.parametrize("scale", [1e-30, 1.0, -1.0, 1e30])
def test_huge_and_tiny_images_stay_finite(prob: float, scale: float) -> None:
    result = RandExtremeIntensity(prob=prob)(picture() / 65535 * scale)
    assert torch.isfinite(result).all()
    assert result.std() > 0


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float64])
def test_arrays_of_any_type_are_not_modified(kind: type) -> None:
    image = np.arange(200).reshape(1, 10, 20).astype(kind)
    before = image.copy()
    for prob in (0.0, 1.0):
        result = RandExtremeIntensity(prob=prob)(image)
        assert result.dtype == torch.float32
        assert result.shape == image.shape
    assert np.array_equal(image, before)


def test_array_and_dictionary_version_agree_for_the_same_state() -> None:
    array = RandExtremeIntensity().set_random_state(seed=5)
    dictionary = RandExtremeIntensityd("image").set_random_state(seed=5)
    for number in range(20):
        expected = array(picture(number))
        assert torch.equal(dictionary({"image": picture(number)})["image"], expected)


def test_compose_sets_its_state() -> None:
    def run(seed: int) -> list[torch.Tensor]:
        transforms = Compose([RandExtremeIntensityd("image")]).set_random_state(seed=seed)
        return [transforms({"image": picture()})["image"] for _ in range(8)]

    assert all(map(torch.equal, run(1), run(1)))
    assert not all(map(torch.equal, run(1), run(2)))


def test_the_label_is_not_modified() -> None:
    label = torch.ones(1, 20, 30, dtype=torch.uint8)
    change = RandExtremeIntensityd("image").set_random_state(seed=0)
    for _ in range(10):
        item = {"image": picture(), "label": label, "name": "a"}
        result = change(item)
        assert result["label"] is label
        assert result.keys() == item.keys()
        assert torch.equal(item["image"], picture())
    assert (label == 1).all()


def test_images_of_an_item_get_the_same_factor() -> None:
    change = RandExtremeIntensityd(["a", "b"], prob=1.0).set_random_state(seed=0)
    result = change({"a": picture(), "b": picture()})
    assert torch.equal(result["a"], result["b"])


def test_normalized_images_stay_finite_in_half_precision() -> None:
    change, normalize = RandExtremeIntensity().set_random_state(seed=0), LogZScore()
    for number in range(20):
        extreme = change(picture(number))
        assert torch.isfinite(normalize(extreme).half()).all()
    assert not torch.isfinite(extreme.half()).all()  # hence a normalization must follow


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"low": 0.0}, "low"),
        ({"low": 5.0, "high": 2.0}, "low 5.0 and high 2.0"),
        ({"law": "normal"}, "'normal'"),
    ],
)
def test_invalid_options_are_rejected(options: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        RandExtremeIntensity(**options)
    with pytest.raises(ValueError, match=match):
        RandExtremeIntensityd("image", **options)


# -------------------------------------------------------------------------------------------------------- log z-score


def test_log_z_score_known_answer() -> None:
    result = LogZScore(floor=0)(torch.tensor([[1.0, 10.0, 100.0]]))
    torch.testing.assert_close(result, torch.tensor([[-1.0, 0.0, 1.0]]) * np.sqrt(1.5))


def test_zeros_and_the_darkest_are_raised_to_the_percentile() -> None:
    values = torch.cat([torch.tensor([-5.0, 0.0, 0.0]), torch.arange(1.0, 102.0)])
    result = LogZScore(floor=10)(values)
    assert (result[:14] == result[0]).all()  # up to 11, the 10th percentile of 1 … 101
    assert (result[14:].diff() > 0).all()
    assert result[14] > result[13]


@pytest.mark.parametrize("factor", [1 / 500, 1 / 50, 1 / 7, 7, 50, 500, 65000, 1e-9])
def test_a_factor_has_no_effect(factor: float) -> None:
    torch.testing.assert_close(LogZScore()(picture() * factor), LogZScore()(picture()), atol=1e-4, rtol=0)


@pytest.mark.parametrize("power", [2.0, 0.5])
def test_a_power_has_no_effect(power: float) -> None:
    torch.testing.assert_close(LogZScore()(picture() ** power), LogZScore()(picture()), atol=1e-4, rtol=0)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 4e9])
def test_mean_0_and_standard_deviation_1(scale: float) -> None:
    result = LogZScore()(picture(3) / 65535 * scale)
    assert torch.isfinite(result).all()
    assert abs(float(result.mean())) < 1e-5
    assert float(result.std(correction=0)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 3.0, -1.0, 1e-9, 4e9])
def test_constant_images_become_0(value: float) -> None:
    assert (LogZScore()(torch.full((1, 5, 5), value)) == 0).all()


def test_dictionary_version_normalizes_each_image_separately() -> None:
    image = MetaTensor(picture(), meta={"filename_or_obj": "a.tif"})
    item = {"image": image, "other": picture(1), "label": torch.ones(1, 2, 2)}
    result = LogZScored(["image", "other"])(item)
    assert torch.equal(result["image"], LogZScore()(image))
    assert torch.equal(result["other"], LogZScore()(picture(1)))
    assert result["image"].meta["filename_or_obj"] == "a.tif"
    assert result["label"] is item["label"]
    assert torch.equal(image, picture())


@pytest.mark.parametrize("floor", [-1, 101])
def test_floor_is_a_percentile(floor: float) -> None:
    with pytest.raises(ValueError, match="floor"):
        LogZScored("image", floor)


# --------------------------------------------------------------------------------------------------------- percentiles


def test_percentiles_become_0_and_1() -> None:
    result = ScalePercentiles(10, 90)(torch.arange(101.0))
    torch.testing.assert_close(result[[0, 10, 50, 90, 100]], torch.tensor([-0.125, 0.0, 0.5, 1.0, 1.125]))


def test_percentiles_equal_those_of_monai() -> None:
    theirs = ScaleIntensityRangePercentiles(1, 99.8, 0.0, 1.0)
    torch.testing.assert_close(ScalePercentiles()(picture()), theirs(picture()))


@pytest.mark.parametrize("factor", [1 / 500, 7, 65000])
def test_a_few_spots_on_a_constant_background(factor: float) -> None:
    spots = torch.zeros(1, 100, 100)
    spots[0, 5, 5:8] = torch.tensor([20.0, 40.0, 80.0])
    result = ScalePercentiles()(factor * spots)
    torch.testing.assert_close(result[0, 5, 4:9], torch.tensor([0.0, 0.25, 0.5, 1.0, 0.0]))


def test_a_hot_pixel_stays_finite_in_half_precision() -> None:
    image = picture() / 1e6
    image[0, 0, :2] = torch.tensor([-4e9, 4e9])
    result = ScalePercentiles(1, 99)(image)
    assert torch.isfinite(result.half()).all()
    assert result[0, 0, :2].tolist() == [-1000, 1000]


@pytest.mark.parametrize("value", [0.0, 3.0, -1.0, 4e9])
def test_percentiles_of_a_constant_image(value: float) -> None:
    assert (ScalePercentiles()(torch.full((1, 5, 5), value)) == 0).all()


def test_dictionary_version_scales_each_image_separately() -> None:
    item = {"image": MetaTensor(picture(), meta={"filename_or_obj": "a.tif"}), "other": picture(1).numpy()}
    result = ScalePercentilesd(["image", "other"])(item)
    assert torch.equal(result["image"], ScalePercentiles()(item["image"]))
    assert torch.equal(result["other"], ScalePercentiles()(picture(1)))
    assert result["image"].meta["filename_or_obj"] == "a.tif"


@pytest.mark.parametrize("options", [{"lower": -1}, {"upper": 101}, {"lower": 50, "upper": 50}])
def test_invalid_percentiles(options: dict) -> None:
    with pytest.raises(ValueError, match="0 <= lower < upper <= 100"):
        ScalePercentilesd("image", **options)


def test_transforms_can_be_pickled_for_workers() -> None:
    for transform in (RandExtremeIntensityd("image"), LogZScored("image"), ScalePercentilesd("image")):
        result = pickle.loads(pickle.dumps(transform))({"image": picture()})
        assert torch.isfinite(result["image"]).all()


@pytest.mark.parametrize("offset", [300, 600, 1000])
def test_a_lost_offset_does_not_hide_faint_objects(offset: int) -> None:
    """Spots keep their contrast to the noise of the background, whatever was subtracted."""
    generator = np.random.default_rng(0)
    image = generator.normal(100, 10, (64, 64))
    image[::8, ::8] += 300
    whole, shifted = LogZScore()(image).numpy(), LogZScore()(image - offset).numpy()
    for result in (whole, shifted):
        assert result[::8, ::8].min() > result[4::8, 4::8].max()
    assert np.corrcoef(whole.ravel(), shifted.ravel())[0, 1] > 0.99
    assert np.allclose(LogZScore()((image - offset) * 100), shifted, atol=1e-4)


def test_few_negative_pixels_change_nothing_else() -> None:
    image = np.random.default_rng(0).uniform(50, 200, (32, 32))
    image[0, :5] = 0
    negative = image.copy()
    negative[0, :5] = -7
    assert np.array_equal(LogZScore()(negative), LogZScore()(image))


def test_a_filler_value_is_no_offset() -> None:
    """Pixels without data change neither the others nor the shift."""
    image = np.random.default_rng(0).normal(100, 10, (40, 40))
    image[::8, ::8] += 300
    zeros, filled = image.copy(), image.copy()
    zeros[:4], filled[:4] = 0, -9999
    assert np.array_equal(LogZScore()(filled), LogZScore()(zeros))
