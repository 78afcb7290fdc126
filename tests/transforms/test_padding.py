"""Padding by reflection, including images smaller than the border."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import BorderPadd

from custom.transforms import MirrorPadd


def test_equals_monai_for_larger_images() -> None:
    item = {"image": torch.rand(1, 9, 12), "label": torch.randint(0, 5, (2, 9, 12), dtype=torch.int32)}
    padded = MirrorPadd(["image", "label"], border=4)(item)
    expected = BorderPadd(["image", "label"], spatial_border=4, mode="reflect")(item)
    for key, value in expected.items():
        assert torch.equal(padded[key], torch.as_tensor(value))
        assert padded[key].dtype == item[key].dtype


@pytest.mark.parametrize("side", [1, 2, 3])
def test_repeated_reflection(side: int) -> None:
    row = torch.arange(side, dtype=torch.float32).expand(1, side, side)
    padded = MirrorPadd("image", border=5)({"image": row})["image"]
    period = max(2 * (side - 1), 1)
    expected = [min((place % period), period - place % period) if side > 1 else 0 for place in range(-5, side + 5)]
    np.testing.assert_array_equal(padded[0, 0], expected)


def test_minimum_size() -> None:
    padded = MirrorPadd("image", border=2, least=9)({"image": torch.rand(1, 3, 20)})["image"]
    assert padded.shape == (1, 9, 24)


def test_keeps_metadata() -> None:
    image = MetaTensor(torch.rand(1, 3, 4), meta={"filename_or_obj": "x.tif"})
    assert MirrorPadd("image", border=2)({"image": image})["image"].meta["filename_or_obj"] == "x.tif"
