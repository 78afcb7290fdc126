"""The picture of elastic deformation and weight maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from monai.transforms import Compose, RandFlipd
from PIL import Image

from custom.transforms import RandElasticInstancesd, ReadImaged, ReadInstancesd, WeightMapd, draw_augmentation


@pytest.fixture
def items(tmp_path: Path) -> list[dict]:
    rows, columns = np.mgrid[:96, :96]
    labels = ((rows // 24) * 4 + columns // 24 + 1).astype(np.uint16)
    labels[(rows % 24 < 3) | (columns % 24 < 3)] = 0
    made = []
    for number in range(4):
        image, label = tmp_path / f"t{number}.tif", tmp_path / f"label{number}.tif"
        tifffile.imwrite(image, (rows + columns).astype(np.uint8))
        tifffile.imwrite(label, labels)
        made.append({"image": str(image), "label": str(label), "name": f"t{number}"})
    return made


def _preprocessing(*, weigh_after: bool = True) -> Compose:
    return Compose(
        [
            ReadImaged(keys="image"),
            ReadInstancesd(keys="label"),
            WeightMapd(keys="label"),
            RandFlipd(keys=["image", "label", "weight"], prob=1.0),
            RandElasticInstancesd(keys=["image", "label"], spacing=(24, 24), magnitude_range=(2, 3), prob=0.0),
            *([WeightMapd(keys="label")] if weigh_after else []),
        ]
    )


def test_a_row_per_example(items: list[dict], tmp_path: Path) -> None:
    draw_augmentation(items, _preprocessing(), tmp_path / "one.png", count=1)
    draw_augmentation(items, _preprocessing(), tmp_path / "two.png", count=2)
    one, two = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in ("one", "two"))
    assert one.shape == (352, 1080, 3)
    assert two.shape == (704, 1080, 3)
    left, middle = one[:, :330], one[:, 350:680]
    assert (left[20:] != middle[20:]).any(axis=2).mean() > 0.3  # deformed, although the configured probability is 0


def test_the_picture_is_reproducible_and_modifies_no_transform(items: list[dict], tmp_path: Path) -> None:
    preprocessing = _preprocessing()
    for name in ("a", "b"):
        draw_augmentation(items, preprocessing, tmp_path / f"{name}.png", count=1, seed=3)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert preprocessing.transforms[4].prob == 0.0
    draw_augmentation(items, preprocessing, tmp_path / "c.png", count=1, seed=4)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "c.png").read_bytes()


def test_missing_transforms(items: list[dict], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="WeightMapd after it"):
        draw_augmentation(items, _preprocessing(weigh_after=False), tmp_path / "x.png")
