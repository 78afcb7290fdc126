"""CLAHE: equal to OpenCV's, for images of any range."""

from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from custom.transforms import Clahe, Clahed


def picture(shape: tuple[int, int] = (96, 120), seed: int = 0) -> np.ndarray:
    """Return lines, bright on the left and faint on the right, on a noisy background; float, 0 to approximately 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    lines = (rows % 12 < 2) * np.linspace(1.0, 0.05, shape[1])
    return lines + 0.2 * columns / shape[1] + np.random.default_rng(seed).normal(0, 0.01, shape).clip(-0.03, 0.03)


def as_given(image: np.ndarray, kind: str) -> np.ndarray | torch.Tensor:
    if kind == "array":
        return image
    tensor = torch.from_numpy(image)
    return MetaTensor(tensor) if kind == "meta" else tensor


@pytest.mark.parametrize("kind", ["array", "tensor", "meta"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_equals_opencv(kind: str, dtype: type) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (2, 64, 48)).astype(np.uint8)  # each channel has the full range
    expected = np.stack([cv2.createCLAHE(3.0, (3, 4)).apply(channel) for channel in gray]).astype(np.float32) / 255
    result = Clahe(3.0, 16)(as_given(gray.astype(dtype), kind))
    assert type(result) is type(as_given(gray, kind))
    assert str(result.dtype).removeprefix("torch.") == "float32"
    np.testing.assert_array_equal(np.asarray(result), expected)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 255.0, 65535.0, 1e30])
@pytest.mark.parametrize("offset", [-3.0, 0.0, 3.0])
def test_range_does_not_matter(scale: float, offset: float) -> None:
    image = picture()
    result = Clahe()((image[None] + offset) * scale)
    # A value halfway between two of the 256 gray values may be rounded to either.
    assert np.abs(result - Clahe()(image[None])).mean() < 1e-3


def test_file_depth_does_not_matter() -> None:
    image = picture()
    unit = (image - image.min()) / np.ptp(image)
    deep, shallow = ((unit * top).round().astype(np.uint16)[None] for top in (65535, 255))
    assert np.abs(Clahe()(deep) - Clahe()(shallow)).mean() < 0.01


def test_contrast_of_faint_lines_increases_with_the_limit() -> None:
    image = picture()
    on_line, off_line = np.mgrid[:96, :120][0] % 12 == 1, np.mgrid[:96, :120][0] % 12 == 6
    on_line[:, :90] = off_line[:, :90] = False

    def contrast(result: np.ndarray) -> float:
        return float(result[0][on_line].mean() - result[0][off_line].mean())

    before = contrast((image[None] - image.min()) / np.ptp(image))
    low, middle, high = (contrast(Clahe(limit, 27)(image[None])) for limit in (1.0, 2.0, 4.0))
    assert before < low < middle < high


def test_channels_are_independent() -> None:
    first, second = picture(seed=0), 1000 * picture(seed=1)
    both = Clahe()(np.stack([first, second]))
    np.testing.assert_array_equal(both[0], Clahe()(first[None])[0])
    np.testing.assert_array_equal(both[1], Clahe()(second[None])[0])


def test_a_hot_pixel_does_not_determine_the_scale() -> None:
    image = picture()
    hot = image.copy()
    hot[40, 40] = 1e6
    assert np.abs(Clahe()(hot[None]) - Clahe()(image[None])).mean() < 0.01


def test_a_few_bright_pixels_on_a_constant_background_are_kept() -> None:
    image = np.zeros((1, 100, 100), np.float32)
    image[0, 50, 50:55] = 7
    result = Clahe()(image)
    assert result[0, 50, 50:55].min() > result[image == 0].max()


@pytest.mark.parametrize("value", [0, 7, -1.5, 65535])
def test_a_constant_image_is_zeros(value: float) -> None:
    result = Clahe()(np.full((1, 20, 30), value, np.float32))
    assert result.shape == (1, 20, 30)
    assert (result == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (1, 5), (3, 3), (8, 8), (250, 251)])
def test_any_size(shape: tuple[int, int]) -> None:
    result = Clahe()(picture(shape)[None])
    assert result.shape == (1, *shape)
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1


def test_non_finite_values() -> None:
    image = picture()[None].astype(np.float32)
    broken = image.copy()
    broken[0, 0, :3] = np.nan, np.inf, -np.inf
    assert np.isfinite(Clahe()(broken)).all()
    assert np.abs(Clahe()(broken) - Clahe()(image)).mean() < 0.01
    assert (Clahe()(np.full((1, 4, 4), np.nan)) == 0).all()


def test_dictionary_and_array_agree() -> None:
    image = MetaTensor(torch.from_numpy(picture()[None]), meta={"filename_or_obj": "a.tif"})
    item = {"image": image, "other": image, "label": image}
    before = image.clone()
    result = Clahed(["image", "other"], 4.0, 20)(item)
    for key in ("image", "other"):
        assert isinstance(result[key], MetaTensor)
        assert result[key].meta["filename_or_obj"] == "a.tif"
        assert torch.equal(result[key].as_tensor(), Clahe(4.0, 20)(image).as_tensor())
    assert result["label"] is image
    assert item["image"] is image
    assert torch.equal(image, before)
    with pytest.raises(KeyError):
        Clahed("absent")(item)


def test_pickles() -> None:
    image = picture()[None]
    transform = Clahe(3.0, 16)
    transform(image)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(transform))(image), transform(image))


@pytest.mark.parametrize(("clip_limit", "tile_size"), [(0.0, 8), (-1.0, 8), (float("nan"), 8), (2.0, 0)])
def test_invalid_settings_are_rejected(clip_limit: float, tile_size: int) -> None:
    with pytest.raises(ValueError, match=f"not {clip_limit} and {tile_size}"):
        Clahe(clip_limit, tile_size)


def test_tiles_keep_their_size_in_a_larger_image() -> None:
    """The center of an image has the same result inside a larger image, because the tiles are the same."""
    gray = np.random.default_rng(1).integers(0, 256, (1, 96, 192)).astype(np.uint8)
    wide = Clahe(3.0, 32)(np.concatenate([gray, gray], axis=2))
    np.testing.assert_array_equal(wide[..., :160], Clahe(3.0, 32)(gray)[..., :160])
