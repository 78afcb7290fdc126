"""The files of an inference: names, types, values, orientation, pixel size and overlays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import Compose, Resized
from PIL import Image
from torch import nn

from custom import input_list
from custom.handlers import PredictionWriter
from custom.readers import describe
from custom.transforms import ReadImaged
from custom.writers import write_image

HEIGHT, WIDTH = 5, 9
CORNER = (0, WIDTH - 1)
"""The upper right pixel, which a transposed or mirrored image has elsewhere."""


def marked(level: float = 0.9) -> np.ndarray:
    """Return an image that is also the probability to predict: bright at the upper right, 0.5 beside it."""
    image = np.full((HEIGHT, WIDTH), 0.2, np.float32)
    image[CORNER] = level
    image[0, WIDTH - 2] = 0.5
    return image


def infer(
    source: Path,
    results: Path,
    instances: Callable[[np.ndarray], np.ndarray] | None = None,
    batch_size: int = 1,
    size: tuple[int, int] | None = None,
) -> list[Path]:
    """Run an inference whose prediction is the image, at the threshold 0.5, and return what it wrote."""
    steps = [ReadImaged("image")] + ([Resized("image", size, mode="nearest")] if size else [])
    writer = PredictionWriter(results, 0.5, instances)
    SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(input_list(source), Compose(steps)), batch_size=batch_size),
        network=nn.Identity(),
        val_handlers=[writer],
    ).run()
    return writer.written


def numbered(probability: np.ndarray) -> np.ndarray:
    """Return every foreground pixel as an instance of its own."""
    labels = np.zeros(probability.shape, np.uint16)
    labels[probability >= 0.5] = np.arange(1, np.count_nonzero(probability >= 0.5) + 1)
    return labels


# -------------------------------------------------------------------------------------------------------- single images


def test_the_files_of_an_image(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "cell.tif", marked())
    written = infer(tmp_path / "in", tmp_path / "out")
    names = ["cell_mask.tif", "cell_overlay.png", "cell_probability.tif"]
    assert sorted(path.name for path in written) == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    probability = tifffile.imread(tmp_path / "out" / "cell_probability.tif")
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, marked())
    mask = tifffile.imread(tmp_path / "out" / "cell_mask.tif")
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, np.where(marked() >= 0.5, 255, 0))
    assert np.count_nonzero(mask) == 2


def test_nothing_is_transposed(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    for path in infer(tmp_path / "cell.tif", tmp_path / "out", numbered):
        result = np.asarray(Image.open(path)) if path.suffix == ".png" else tifffile.imread(path)
        assert result.shape[:2] == (HEIGHT, WIDTH)
        away = result[-1, 0]
        assert (result[CORNER] != away).any()
        assert (result[-1, -1] == away).all()
        assert (result[0, 0] == away).all()


def test_the_files_of_several_formats_and_sizes(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "a.tif", marked())
    Image.fromarray(np.eye(7, 4, dtype=np.uint8) * 200).save(tmp_path / "in" / "b.png")
    infer(tmp_path / "in", tmp_path / "out")
    assert tifffile.imread(tmp_path / "out" / "a_mask.tif").shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / "b_mask.tif"), np.eye(7, 4) * 255)


def test_half_precision_is_written_as_float32(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    writer = PredictionWriter(tmp_path / "out", 0.5)
    to_half = Compose([lambda item: item | {"pred": item["pred"].half()}])
    SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(input_list(tmp_path / "cell.tif"), ReadImaged("image"))),
        network=nn.Identity(),
        postprocessing=to_half,
        val_handlers=[writer],
    ).run()
    probability = tifffile.imread(tmp_path / "out" / "cell_probability.tif")
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, torch.from_numpy(marked()).half().float())


# --------------------------------------------------------------------------------------------------------------- stacks


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_a_stack_gives_stacks(tmp_path: Path, batch_size: int) -> None:
    """Pages stay in order and with their file, also when a batch holds pages of several files."""
    stack = np.stack([marked(0.6), marked(0.7), marked(0.8)])
    write_image(tmp_path / "in" / "a.tif", stack)
    write_image(tmp_path / "in" / "b.tif", marked(1.0))
    write_image(tmp_path / "in" / "c.tif", stack[:2] / 2)
    written = infer(tmp_path / "in", tmp_path / "out", batch_size=batch_size)
    kinds = ["mask.tif", "overlay.png", "probability.tif"]
    names = [f"{stem}_{kind}" for stem in "abc" for kind in kinds] + ["a_overlay.tif", "c_overlay.tif"]
    assert sorted(path.name for path in written) == sorted(names)
    for stem, expected in (("a", stack), ("b", marked(1.0)), ("c", stack[:2] / 2)):
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / f"{stem}_probability.tif"), expected)
        mask = tifffile.imread(tmp_path / "out" / f"{stem}_mask.tif")
        np.testing.assert_array_equal(mask, np.where(expected >= 0.5, 255, 0))
    overlays = tifffile.imread(tmp_path / "out" / "a_overlay.tif")
    assert overlays.shape == (3, HEIGHT, WIDTH, 3)
    assert overlays.dtype == np.uint8


def test_the_picture_of_a_long_stack_shows_nine_pages(tmp_path: Path) -> None:
    write_image(tmp_path / "long.tif", np.stack([marked()] * 20))
    infer(tmp_path / "long.tif", tmp_path / "out")
    with Image.open(tmp_path / "out" / "long_overlay.png") as picture:
        assert picture.size == (3 * WIDTH + 2 * 8, 3 * HEIGHT + 2 * 8)
    assert len(tifffile.imread(tmp_path / "out" / "long_overlay.tif")) == 20


# ------------------------------------------------------------------------------------------------------------ instances


def test_labels_come_from_the_function(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    infer(tmp_path / "cell.tif", tmp_path / "out", numbered)
    labels = tifffile.imread(tmp_path / "out" / "cell_labels.tif")
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, numbered(marked()))


def test_labels_of_a_stack_keep_their_numbers_and_the_larger_type(tmp_path: Path) -> None:
    def instances(probability: np.ndarray) -> np.ndarray:
        return np.where(probability >= 0.8, np.uint32(70_000), 0) if probability.max() > 0.75 else numbered(probability)

    write_image(tmp_path / "cell.tif", np.stack([marked(0.7), marked(0.8)]))
    infer(tmp_path / "cell.tif", tmp_path / "out", instances)
    labels = tifffile.imread(tmp_path / "out" / "cell_labels.tif")
    assert labels.dtype == np.uint32
    np.testing.assert_array_equal(labels[0], numbered(marked(0.7)))
    assert labels[1][CORNER] == 70_000


# ----------------------------------------------------------------------------------------------------------- pixel size


@pytest.mark.parametrize("pages", [1, 3])
def test_the_pixel_size_is_kept(tmp_path: Path, pages: int) -> None:
    write_image(tmp_path / "cell.tif", np.stack([marked()] * pages), pixel_size=(0.5, 0.25))
    for path in infer(tmp_path / "cell.tif", tmp_path / "out", numbered):
        if path.suffix == ".tif":
            assert describe(path).pixel_size == pytest.approx((0.5, 0.25))


def test_a_resized_image_has_no_pixel_size(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked(), pixel_size=(0.5, 0.25))
    for path in infer(tmp_path / "cell.tif", tmp_path / "out", numbered, size=(10, 18)):
        if path.suffix == ".tif":
            info = describe(path)
            assert info.pixel_size is None
            assert info.shape == (10, 18)


def test_an_image_without_pixel_size(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    infer(tmp_path / "cell.tif", tmp_path / "out")
    assert describe(tmp_path / "out" / "cell_mask.tif").pixel_size is None


# ------------------------------------------------------------------------------------------------------------- overlays


def test_the_overlay_shows_image_and_foreground(tmp_path: Path) -> None:
    image = marked()
    image[3, 2] = 0.45  # bright, but not foreground
    write_image(tmp_path / "cell.tif", image)
    infer(tmp_path / "cell.tif", tmp_path / "out")
    picture = np.asarray(Image.open(tmp_path / "out" / "cell_overlay.png"))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    foreground = image >= 0.5
    assert (picture[foreground] == [255, 60, 60]).all()
    gray = picture[~foreground]
    assert (gray == gray[:, :1]).all()
    assert picture[3, 2, 0] > 80


def test_instances_have_colours_of_their_own(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    infer(tmp_path / "cell.tif", tmp_path / "out", numbered)
    picture = np.asarray(Image.open(tmp_path / "out" / "cell_overlay.png"))
    colors = picture[marked() >= 0.5]
    assert (np.ptp(colors, axis=1) > 50).all()
    assert (colors[0] != colors[1]).any()
