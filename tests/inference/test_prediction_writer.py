"""Files written by inference: names, types, values, orientation, pixel size and overlays."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import Compose, Resized
from PIL import Image
from torch import nn

from custom.data import input_list
from custom.errors import InputError
from custom.ground.growing_table import Table
from custom.images import describe, write_image
from custom.inference import PredictionWriter
from custom.measurements import Measurements, Page, objects, vesicles
from custom.transforms import ReadImaged

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
    steps = [Resized("image", size, mode="nearest")] if size else []
    return predict(PredictionWriter(results, 0.5, instances), input_list(source), batch_size=batch_size, steps=steps)


def predict(
    writer: PredictionWriter,
    items: Sequence[dict],
    network: nn.Module | None = None,
    batch_size: int = 1,
    steps: Sequence[Callable] = (),
) -> list[Path]:
    """Run an inference on items of `input_list`, and return what was written."""
    SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items, Compose([ReadImaged("image"), *steps])), batch_size=batch_size),
        network=network or nn.Identity(),
        val_handlers=[writer],
    ).run()
    return writer.written


def numbered(probability: np.ndarray) -> np.ndarray:
    """Return every foreground pixel as an instance of its own."""
    labels = np.zeros(probability.shape, np.uint16)
    labels[probability >= 0.5] = np.arange(1, np.count_nonzero(probability >= 0.5) + 1)
    return labels


COLORS = [[0, 0, 0], [0, 180, 90], [200, 40, 10]]


class ThreeClasses(nn.Module):
    """A prediction of three classes: background, what is 0.5 in `marked`, what is brighter."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([1 - image, torch.full_like(image, 0.6), image - 0.1], dim=1)


def three_classes(image: np.ndarray) -> np.ndarray:
    """Return the prediction of `ThreeClasses` for an image (H, W), as (3, H, W)."""
    return np.stack([1 - image, np.full_like(image, 0.6), image - np.float32(0.1)])


def classes(image: np.ndarray) -> np.ndarray:
    """Return the most probable class of `ThreeClasses` for an image of any shape."""
    return np.select([image > 0.7, image > 0.4], [2, 1], 0)


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


def test_instances_of_several_channels_make_the_mask(tmp_path: Path) -> None:
    """Without a threshold, the function gets all channels, and the mask is the union of its instances."""
    shapes = []

    def instances(probabilities: np.ndarray) -> np.ndarray:
        shapes.append(probabilities.shape)
        return np.where(probabilities[0] < 0.55, 300, 0).astype(np.uint16)

    stack = np.stack([marked(), marked(0.3)])
    write_image(tmp_path / "cell.tif", stack)
    writer = PredictionWriter(tmp_path / "out", instances=instances)
    written = predict(writer, input_list(tmp_path / "cell.tif"), ThreeClasses())
    kinds = ("probability.tif", "mask.tif", "labels.tif", "overlay.tif", "overlay.png")
    assert [path.name for path in written] == [f"cell_{kind}" for kind in kinds]
    assert shapes == [(3, HEIGHT, WIDTH)] * 2
    labels, mask = (tifffile.imread(tmp_path / "out" / f"cell_{kind}.tif") for kind in ("labels", "mask"))
    np.testing.assert_array_equal(labels, np.where(stack > 0.45, 300, 0))
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, np.where(stack > 0.45, 255, 0))


# -------------------------------------------------------------------------------------------------------------- classes


@pytest.mark.parametrize("pages", [1, 3])
def test_each_class_has_a_channel_of_probability(tmp_path: Path, pages: int) -> None:
    stack = np.stack([marked(0.8 + 0.05 * page) for page in range(pages)])
    write_image(tmp_path / "nerve.tif", stack)
    predict(PredictionWriter(tmp_path / "out", colors=COLORS), input_list(tmp_path / "nerve.tif"), ThreeClasses())
    expected = np.stack([three_classes(page) for page in stack])
    with tifffile.TiffFile(tmp_path / "out" / "nerve_probability.tif") as tiff:
        assert tiff.series[0].axes == ("CYX" if pages == 1 else "ZCYX")
        probability = tiff.asarray()
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, expected[0] if pages == 1 else expected)


@pytest.mark.parametrize("pages", [1, 3])
def test_the_mask_of_classes_has_their_numbers_and_colors(tmp_path: Path, pages: int) -> None:
    stack = np.stack([marked(0.9 - 0.3 * page) for page in range(pages)])
    write_image(tmp_path / "nerve.tif", stack, pixel_size=(0.5, 0.25))
    predict(PredictionWriter(tmp_path / "out", colors=COLORS), input_list(tmp_path / "nerve.tif"), ThreeClasses())
    with tifffile.TiffFile(tmp_path / "out" / "nerve_mask.tif") as tiff:
        assert tiff.series[0].axes == ("YX" if pages == 1 else "ZYX")
        for page in tiff.pages:
            assert page.photometric == tifffile.PHOTOMETRIC.PALETTE
            assert (page.colormap[:, :3] >> 8).T.tolist() == COLORS
        mask = tiff.asarray()
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, classes(stack[0] if pages == 1 else stack))
    assert describe(tmp_path / "out" / "nerve_mask.tif").pixel_size == pytest.approx((0.5, 0.25))
    with Image.open(tmp_path / "out" / "nerve_mask.tif") as picture:
        assert picture.convert("RGB").getpixel(CORNER[::-1]) == tuple(COLORS[2])


@pytest.mark.parametrize("pages", [1, 2])
def test_the_overlay_has_the_colors_of_the_classes(tmp_path: Path, pages: int) -> None:
    write_image(tmp_path / "nerve.tif", np.stack([marked()] * pages))
    writer = PredictionWriter(tmp_path / "out", colors=COLORS)
    written = predict(writer, input_list(tmp_path / "nerve.tif"), ThreeClasses())
    kinds = ["probability.tif", "mask.tif"] + ["overlay.tif"] * (pages > 1) + ["overlay.png"]
    assert [path.name for path in written] == [f"nerve_{kind}" for kind in kinds]
    pictures = [np.asarray(Image.open(written[-1]))[:HEIGHT, :WIDTH]]
    if pages > 1:
        pictures += list(tifffile.imread(tmp_path / "out" / "nerve_overlay.tif"))
    for picture in pictures:
        assert picture[CORNER].tolist() == COLORS[2]
        assert picture[0, WIDTH - 2].tolist() == COLORS[1]
        gray = picture[classes(marked()) == 0]
        assert (gray == gray[:, :1]).all()


def test_instances_beside_classes(tmp_path: Path) -> None:
    """The mask contains the classes; the overlay shows the instances, which may outnumber the colors."""

    def pixels(probabilities: np.ndarray) -> np.ndarray:
        return np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)

    write_image(tmp_path / "nerve.tif", marked())
    writer = PredictionWriter(tmp_path / "out", instances=pixels, colors=COLORS)
    predict(writer, input_list(tmp_path / "nerve.tif"), ThreeClasses())
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / "nerve_mask.tif"), classes(marked()))
    picture = np.asarray(Image.open(tmp_path / "out" / "nerve_overlay.png"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == HEIGHT * WIDTH


# ---------------------------------------------------------------------------------------------------- mismatches


def test_a_mask_needs_a_threshold_instances_or_colors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a threshold, instances or the colors"):
        PredictionWriter(tmp_path, measurements=Measurements(tmp_path, objects))


@pytest.mark.parametrize(
    ("options", "network", "message"),
    [
        ({"threshold": 0.5}, ThreeClasses(), "found 3 channels of probability, expected one"),
        ({"colors": COLORS[:2]}, ThreeClasses(), "found 3 channels of probability, expected one per color (2)"),
        ({"colors": COLORS}, nn.Identity(), "found 1 channels of probability, expected one per color (3)"),
    ],
)
def test_predictions_of_another_number_of_channels(
    tmp_path: Path, options: dict[str, Any], network: nn.Module, message: str
) -> None:
    write_image(tmp_path / "cell.tif", marked())
    with pytest.raises(ValueError, match=re.escape(message)):
        predict(PredictionWriter(tmp_path / "out", **options), input_list(tmp_path / "cell.tif"), network)
    assert not (tmp_path / "out").exists()


# --------------------------------------------------------------------------------------------------------- measurements


class Measuring:
    """A function for `Measurements` that records its arguments and returns an object per page."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    def __call__(self, page: Page) -> Table:
        self.pages.append(page)
        return {"label": np.array([1]), "number": np.array([float(len(self.pages))])}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_one_table_for_all_files(tmp_path: Path, batch_size: int) -> None:
    stack = np.stack([marked(), marked(0.4)])
    write_image(tmp_path / "in" / "a.tif", stack)
    write_image(tmp_path / "in" / "b.tif", marked(), pixel_size=(0.5, 0.25))
    measuring = Measuring()
    writer = PredictionWriter(tmp_path / "out", 0.5, numbered, measurements=Measurements(tmp_path / "out", measuring))
    written = predict(writer, input_list(tmp_path / "in"), batch_size=batch_size)
    assert sorted(written) == sorted((tmp_path / "out").glob("[!.]*"))
    rows = rows_of(tmp_path / "out" / "measurements.csv")
    assert [(row["image"], row["page"], row["number"]) for row in rows] == [
        ("a", "0", "1"),
        ("a", "1", "2"),
        ("b", "0", "3"),
    ]
    for page, image in zip(measuring.pages, [*stack, marked()], strict=True):
        np.testing.assert_array_equal(page.image, image)
        np.testing.assert_array_equal(page.probability, image)
        np.testing.assert_array_equal(page.mask, np.where(image >= 0.5, 255, 0))
        np.testing.assert_array_equal(page.labels, numbered(image))
    assert [page.pixel_size for page in measuring.pages] == [None, None, pytest.approx((0.5, 0.25))]


def test_classes_are_measured_without_instances(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    measuring = Measuring()
    writer = PredictionWriter(tmp_path / "out", colors=COLORS, measurements=Measurements(tmp_path / "out", measuring))
    predict(writer, input_list(tmp_path / "cell.tif"), ThreeClasses())
    (page,) = measuring.pages
    np.testing.assert_array_equal(page.probability, three_classes(marked()))
    np.testing.assert_array_equal(page.mask, classes(marked()))
    assert page.labels is None


def test_intensities_are_measured_in_the_file(tmp_path: Path) -> None:
    """At its own size, whatever the network saw."""
    image = np.repeat(np.repeat(np.array([[100, 300], [500, 900]], np.uint16), 4, axis=0), 6, axis=1)
    write_image(tmp_path / "cell.tif", image)
    for size in ((8, 12), (2, 2)):
        measuring = Measuring()
        writer = PredictionWriter(tmp_path / "out", 0.5, measurements=Measurements(tmp_path / "out", measuring))
        steps = [Resized("image", size, mode="nearest"), lambda item: item | {"image": item["image"] / 1000}]
        predict(writer, input_list(tmp_path / "cell.tif"), steps=steps)
        np.testing.assert_array_equal(measuring.pages[0].image, image)
        assert measuring.pages[0].mask.shape == image.shape


def test_a_given_pixel_size_is_that_of_the_measurements(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    writer = PredictionWriter(tmp_path, 0.5, numbered, measurements=Measurements(tmp_path, vesicles))
    predict(writer, input_list(tmp_path / "cell.tif", pixel_size=[0.5, 0.25]))
    rows = [{name: row[name] for name in row if row[name]} for row in rows_of(tmp_path / "measurements.csv")]
    assert [(row["centroid_row_px"], row["centroid_column_px"]) for row in rows] == [("0", "7"), ("0", "8")]
    assert [(row["centroid_row_um"], row["centroid_column_um"]) for row in rows] == [("0", "1.75"), ("0", "2")]
    assert float(rows[0]["radius_um"]) == pytest.approx(np.sqrt(0.5 * 0.25 / np.pi))
    assert [row["mean_probability"] for row in rows] == ["0.5", "0.9"]


def test_a_run_that_fails_keeps_what_it_has_measured(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "a.tif", marked())
    write_image(tmp_path / "in" / "b.tif", marked())
    (tmp_path / "in" / "c.tif").write_bytes((tmp_path / "in" / "b.tif").read_bytes()[:-60])
    items = [
        item | {"file": str(tmp_path / "in" / "c.tif")} if item["name"] == "b" else item
        for item in input_list(tmp_path / "in" / "[ab].tif")
    ]
    writer = PredictionWriter(tmp_path / "out", 0.5, measurements=Measurements(tmp_path / "out", Measuring()))
    with pytest.raises(InputError, match=r"c\.tif"):
        predict(writer, items)
    assert [row["image"] for row in rows_of(tmp_path / "out" / "measurements.csv")] == ["a"]
    assert not [path for path in (tmp_path / "out").rglob(".*") if path.is_file()]


# ----------------------------------------------------------------------------------------------------------- pixel size


@pytest.mark.parametrize("pages", [1, 3])
def test_the_pixel_size_is_kept(tmp_path: Path, pages: int) -> None:
    write_image(tmp_path / "cell.tif", np.stack([marked()] * pages), pixel_size=(0.5, 0.25))
    for path in infer(tmp_path / "cell.tif", tmp_path / "out", numbered):
        if path.suffix == ".tif":
            assert describe(path).pixel_size == pytest.approx((0.5, 0.25))


def test_the_pixels_of_a_resized_image_have_another_size(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked(), pixel_size=(0.5, 0.25))
    with pytest.warns(UserWarning, match="the network's size, 10 × 36 pixels; labels, measurements and overlays"):
        written = infer(tmp_path / "cell.tif", tmp_path / "out", numbered, size=(10, 36))
    small = {"cell_mask.tif", "cell_probability.tif"}
    for path in written:
        if path.suffix == ".tif":
            info = describe(path)
            expected = ((10, 36), (0.25, 0.0625)) if path.name in small else ((5, 9), (0.5, 0.25))
            assert info.shape == expected[0]
            assert info.pixel_size == pytest.approx(expected[1])


def test_an_image_without_pixel_size(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    infer(tmp_path / "cell.tif", tmp_path / "out")
    assert describe(tmp_path / "out" / "cell_mask.tif").pixel_size is None


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(("given", "size"), [(0.1, (0.1, 0.1)), ([0.075, 0.15], (0.075, 0.15))])
def test_a_given_pixel_size_comes_before_the_file_s(
    tmp_path: Path, given: float | list[float], size: tuple[float, float], batch_size: int
) -> None:
    """Also after a loader has collated the items and MONAI has split the batch."""
    write_image(tmp_path / "in" / "a.tif", marked(), pixel_size=(0.5, 0.25))
    write_image(tmp_path / "in" / "b.tif", np.stack([marked()] * 2))
    measuring = Measuring()
    writer = PredictionWriter(tmp_path / "out", 0.5, numbered, measurements=Measurements(tmp_path / "out", measuring))
    written = predict(writer, input_list(tmp_path / "in", pixel_size=given), batch_size=batch_size)
    assert [page.pixel_size for page in measuring.pages] == [size] * 3
    for path in written:
        if path.suffix == ".tif":
            assert describe(path).pixel_size == pytest.approx(size)


def test_a_given_pixel_size_is_that_of_the_file_s_pixels(tmp_path: Path) -> None:
    """Not that of the result's, if it is resized."""
    write_image(tmp_path / "cell.tif", marked())
    items = input_list(tmp_path / "cell.tif", pixel_size=0.1)
    predict(PredictionWriter(tmp_path / "out", 0.5), items, steps=[Resized("image", (10, 9), mode="nearest")])
    assert describe(tmp_path / "out" / "cell_mask.tif").pixel_size == pytest.approx((0.05, 0.1))


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


def test_instances_have_different_colors(tmp_path: Path) -> None:
    write_image(tmp_path / "cell.tif", marked())
    infer(tmp_path / "cell.tif", tmp_path / "out", numbered)
    picture = np.asarray(Image.open(tmp_path / "out" / "cell_overlay.png"))
    colors = picture[marked() >= 0.5]
    assert (np.ptp(colors, axis=1) > 50).all()
    assert (colors[0] != colors[1]).any()
