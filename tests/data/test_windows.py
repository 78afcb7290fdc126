"""Windows of large images cover each pixel once, are not too large, and are cropped as listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from custom.data import LabelRule, in_windows
from custom.transforms import CropWindowd, ReadImaged, ReadLabeld, ResizeToInputd


def an_item(folder: Path, height: int, width: int) -> dict:
    image = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    tifffile.imwrite(folder / "image.tif", image)
    tifffile.imwrite(folder / "label.tif", (image % 2).astype(np.uint8))
    files = {"image": str(folder / "image.tif"), "label": str(folder / "label.tif")}
    return files | {"page": 0, "name": "image", "rule": LabelRule((0, 1), ("no", "yes"))}


@pytest.mark.parametrize(("height", "width", "parts"), [(10, 10, 1), (11, 10, 2), (25, 31, 12), (1, 1, 1)])
def test_every_pixel_is_in_one_part(tmp_path: Path, height: int, width: int, parts: int) -> None:
    seen = np.zeros((height, width), int)
    items = in_windows([an_item(tmp_path, height, width)], 10)
    assert len(items) == parts
    for item in items:
        top, left, bottom, right = item["window"]
        assert 0 < bottom - top <= 10
        assert 0 < right - left <= 10
        seen[top:bottom, left:right] += 1
    assert (seen == 1).all()


def test_image_and_label_are_cropped_alike_and_know_their_size(tmp_path: Path) -> None:
    whole = tifffile.imread(an_item(tmp_path, 7, 9)["image"])
    item = in_windows([an_item(tmp_path, 7, 9)], 5)[-1]
    for step in (ReadImaged("image"), ReadLabeld("label"), CropWindowd(["image", "label"])):
        item = step(item)
    np.testing.assert_array_equal(item["image"][0], whole[3:, 4:])
    np.testing.assert_array_equal(item["label"][0], whole[3:, 4:] % 2)
    assert item["image"].untyped_storage().nbytes() == 4 * 5 * 4  # and not the whole image's
    pred = ResizeToInputd("pred")(item | {"pred": torch.zeros(2, 8, 10)})["pred"]
    assert pred.shape == (2, 4, 5)


def test_an_item_without_a_window_stays_whole() -> None:
    item = {"image": torch.zeros(1, 2, 3)}
    assert CropWindowd("image")(item)["image"] is item["image"]
