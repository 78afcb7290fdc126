"""Resampling to the pixel size of the network, and back."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from custom.errors import InputError
from custom.transforms import UNANNOTATED, ResampleToPixelSized, ResizeToInputd


def item(values: Any, pixel_size: Any, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    image = torch.tensor(values, dtype=dtype)
    meta = {"spatial_shape": tuple(image.shape[-2:]), "filename_or_obj": "a.tif"}
    return {"image": MetaTensor(image, meta=meta), "pixel_size": pixel_size, "name": "a"}


def resampled(values: Any, pixel_size: Any, target: float, mode: str = "area", **options: Any) -> torch.Tensor:
    given = item(values, pixel_size, **options)
    before = given["image"].clone()
    result = ResampleToPixelSized("image", target, mode)(given)["image"]
    assert torch.equal(given["image"], before)
    assert isinstance(result, MetaTensor)
    assert result.meta["spatial_shape"] == tuple(before.shape[-2:])
    assert result.meta["filename_or_obj"] == "a.tif"
    return result


def test_shrinking_takes_the_mean_of_the_area() -> None:
    assert resampled([[[0, 4, 1, 1], [8, 0, 1, 5]]], (0.1, 0.1), 0.2).tolist() == [[[3, 2]]]


def test_a_pixel_may_cover_fractions_of_others() -> None:
    found = resampled([[[0.0, 3.0, 6.0]]], (0.1, 0.1), 0.15)  # 1.5 pixels each; at least one row remains
    torch.testing.assert_close(found.as_tensor(), torch.tensor([[[1.0, 5.0]]]))


def test_growing_is_bilinear_between_pixel_centers() -> None:
    assert resampled([[[0.0, 1.0]]], (0.1, 0.2), 0.1).tolist() == [[[0.0, 0.25, 0.75, 1.0]]]


def test_one_side_grows_while_the_other_shrinks() -> None:
    found = resampled([[[0.0, 1.0], [2.0, 3.0]]], (0.05, 0.2), 0.1)
    assert found.tolist() == [[[1.0, 1.25, 1.75, 2.0]]]


def test_labels_take_the_value_at_the_center() -> None:
    label = [[[0, 1, UNANNOTATED], [2, 2, 2]]]
    grown = resampled(label, (0.1, 0.2), 0.1, "nearest", dtype=torch.uint8)
    assert grown.dtype == torch.uint8
    assert grown.tolist() == [[[0, 0, 1, 1, 255, 255], [2, 2, 2, 2, 2, 2]]]
    assert resampled(label, (0.1, 0.1), 0.3, "nearest", dtype=torch.uint8).tolist() == [[[2]]]


def test_instances_keep_their_numbers() -> None:
    found = resampled([[[-1, 2**30 + 1]]], (0.1, 0.2), 0.1, "nearest", dtype=torch.int32)
    assert found.dtype == torch.int32
    assert found.tolist() == [[[-1, -1, 2**30 + 1, 2**30 + 1]]]


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_every_channel_is_resampled_alike(channels: int) -> None:
    values = np.random.default_rng(0).random((channels, 30, 41))
    found = resampled(values, (0.13, 0.07), 0.1)
    assert found.shape == (channels, 39, 29)
    for channel in range(channels):
        assert torch.equal(found[channel], resampled(values[channel : channel + 1], (0.13, 0.07), 0.1)[0])


def test_image_and_label_stay_aligned() -> None:
    disc = (np.hypot(*np.mgrid[-40:40, -50:50]) < 25).astype(np.float32)[None]
    image = resampled(disc, (0.13, 0.09), 0.1)
    label = resampled(disc, (0.13, 0.09), 0.1, "nearest")
    assert image.shape == label.shape == (1, 104, 90)
    assert ((image > 0.5) == (label > 0.5)).float().mean() > 0.99


def test_uint8_images_become_float_when_resampled() -> None:
    assert resampled([[[0, 255]]], (0.1, 0.1), 0.2, dtype=torch.uint8).dtype == torch.float32
    assert resampled([[[0, 255]]], (0.1, 0.1), 0.1, dtype=torch.uint8).dtype == torch.uint8


@pytest.mark.parametrize(("size", "target"), [((1.0, 1.0), 16), ((1.0, 0.06), 1.0)])
def test_at_least_one_pixel(size: tuple[float, float], target: float) -> None:
    for mode in ("area", "nearest"):
        assert min(resampled(np.ones((1, 5, 7)), size, target, mode).shape) == 1


@pytest.mark.parametrize("size", [None, (math.nan, math.nan), [torch.tensor(math.nan)] * 2])
def test_unknown_size(size: Any) -> None:
    given = item([[[1.0, 2.0]]], size)
    assert ResampleToPixelSized("image", 0.1)(given)["image"] is given["image"]


def test_without_a_target_size() -> None:
    given = item([[[1.0, 2.0]]], (0.1, 0.1))
    assert ResampleToPixelSized("image", None)(given)["image"] is given["image"]
    del given["pixel_size"]
    assert ResampleToPixelSized("image", 0.1)(given)["image"] is given["image"]


def test_same_size_changes_no_value() -> None:
    values = np.random.default_rng(0).random((1, 5, 7), np.float32)
    for mode in ("area", "nearest"):
        assert torch.equal(resampled(values, (0.1, 0.1), 0.1, mode).as_tensor(), torch.tensor(values))


@pytest.mark.parametrize("side", [75.0, 0.000075])
def test_a_size_in_another_unit(side: float) -> None:
    found = rf"^a: found the pixel size {side:g} µm, expected 0\.00375 to 1\.5 µm, for the network's 0\.075 µm"
    with pytest.raises(InputError, match=found):
        ResampleToPixelSized("image", 0.075)(item([[[1.0]]], (side, side)))


def test_wrong_mode() -> None:
    with pytest.raises(ValueError, match=r"must be 'area' or 'nearest'"):
        ResampleToPixelSized("image", 0.1, mode="bicubic")


@pytest.mark.parametrize("size", [0, -1.0, "null"])
def test_wrong_pixel_size(size: object) -> None:
    with pytest.raises(InputError, match=r"^--network_pixel_size: found .*, expected a number above 0"):
        ResampleToPixelSized("image", size)


def test_several_keys() -> None:
    given = item(np.eye(4)[None], (0.1, 0.1))
    given["label"] = torch.eye(4, dtype=torch.uint8)[None]
    found = ResampleToPixelSized(["image", "label"], 0.2, mode=["area", "nearest"])(given)
    assert found["image"].tolist() == [[[0.5, 0], [0, 0.5]]]
    assert found["label"].tolist() == [[[1, 0], [0, 1]]]
    with pytest.raises(KeyError):
        ResampleToPixelSized(["image", "absent"], 0.2)(given)


def test_pickles() -> None:
    transform = ResampleToPixelSized(["image", "label"], 0.2, mode=["area", "nearest"])
    assert vars(pickle.loads(pickle.dumps(transform))) == vars(transform)


# --------------------------------------------------------------------------------------------------------------- back


@pytest.mark.parametrize("target", [0.05, 0.1, 0.37])
def test_round_trip(target: float) -> None:
    rows, columns = np.mgrid[:60, :80] / 80
    image = np.stack([rows, columns, rows * columns]).astype(np.float32)
    found = ResampleToPixelSized("image", target)(item(image, (0.1, 0.1)))
    found = ResizeToInputd("pred")({**found, "pred": found["image"]})
    assert found["pred"].shape == image.shape
    inner = (slice(None), slice(5, -5), slice(5, -5))
    np.testing.assert_allclose(found["pred"][inner], image[inner], atol=0.02)


def test_thin_structures_survive_a_coarser_file() -> None:
    line = torch.zeros(1, 90, 90)
    line[:, :, 44] = 1
    back = ResizeToInputd("pred")({"image": item(np.zeros((1, 10, 10)), None)["image"], "pred": line})["pred"]
    torch.testing.assert_close(back.sum() * 81, line.sum(), rtol=1e-3, atol=0)


def test_back_from_half_precision() -> None:
    pred = torch.ones(2, 3, 3, dtype=torch.float16)
    back = ResizeToInputd("pred")({"image": item(np.zeros((1, 5, 4)), None)["image"], "pred": pred})["pred"]
    assert (back.shape, back.dtype) == ((2, 5, 4), torch.float32)
