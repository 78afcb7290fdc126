"""Errors a user can make, in all six bundles: one sentence with file, found and expected, and no partial results.

A row of the tables is a bundle, a run, the fault (a small function that spoils what the run is given), and words of the
sentence. What looks odd and is none of the user's faults has to work: `ODD`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from bundle_runs import BUNDLES, FAST_INFERENCE, command, config, evaluate, infer, train, weights
from monai.bundle import run
from PIL import Image
from tiny_data import gray, half, make_data, untrained

from custom.errors import find_input_error
from custom.score import ctc
from custom.tracking import validate


@dataclass
class Given:
    """The input of a run: valid, until a fault is applied to it."""

    bundle: str
    data: Path
    image: Path
    weights: Path
    options: dict[str, Any] = field(default_factory=dict)

    def edit_manifest(self, **changes: Any) -> None:
        file = self.data / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    def replace_image(self, array: np.ndarray, **options: Any) -> None:
        tifffile.imwrite(self.image, array, **options)


Fault = Callable[[Given], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], Given]:
    """Return a function that gives the valid input of a bundle in a new folder."""
    made = tmp_path_factory.mktemp("sound")
    for bundle in BUNDLES:
        make_data(bundle, made / bundle)
        untrained(bundle, made / bundle / "weights")
        tifffile.imwrite(made / bundle / "x.tif", gray())

    def copied(bundle: str, folder: Path) -> Given:
        shutil.copytree(made / bundle, folder / "given")
        return Given(bundle, folder / "given", folder / "given" / "x.tif", folder / "given" / "weights" / "model.pt")

    return copied


def start(kind: str, given: Given, output: Path) -> None:
    """Start the run of a table row."""
    if kind == "train":
        train(given.bundle, given.data, output, **({"max_epochs": 1} | given.options))
    elif kind == "evaluate":
        splits = {"splits": ["validation"]} | ({"truth": "silver"} if given.bundle == "hela_track" else {})
        evaluate(given.bundle, given.data, output, given.weights, **(splits | given.options))
    elif kind == "infer":
        infer(given.bundle, given.image, output, given.weights, **(FAST_INFERENCE[given.bundle] | given.options))
    elif kind == "track":
        settings = {"input": str(given.data / "01"), "masks": str(given.data / "01_RES"), "margin": 0}
        settings |= {"output_dir": str(output)} | given.options
        run("tracking", config_file=config("hela_track", "track"), **settings)
    elif kind == "score":
        ctc(str(given.data / "01_GT"), str(given.data / "01_RES"), json=str(output / "scores.json"))


# ---------------------------------------------------------------------------------------------------- faults of images


def truncated(given: Given) -> None:
    given.image.write_bytes(given.image.read_bytes()[:-900])


def zero_bytes(given: Given) -> None:
    given.image.write_bytes(b"")


def a_text(given: Given) -> None:
    given.image.write_text("no image")


def a_directory(given: Given) -> None:
    given.image.unlink()
    given.image.mkdir()


def nothing(given: Given) -> None:
    given.image.unlink()


def colored(given: Given) -> None:
    given.replace_image(gray((40, 50, 3)), photometric="rgb")


def five_channels(given: Given) -> None:
    given.replace_image(gray((5, 40, 50)), photometric="minisblack", metadata={"axes": "CYX"})


def two_channels(given: Given) -> None:
    given.image = given.image.with_suffix(".png")
    Image.fromarray(gray((40, 50, 2)), "LA").save(given.image)


def nan_pixels(given: Given) -> None:
    image = gray().astype(np.float32)
    image[3, 4] = np.nan
    given.replace_image(image)


def infinite_pixels(given: Given) -> None:
    image = gray().astype(np.float32)
    image[3, 4] = -np.inf
    given.replace_image(image)


def complex_pixels(given: Given) -> None:
    given.replace_image(gray().astype(np.complex64))


def four_dimensions(given: Given) -> None:
    given.replace_image(gray((2, 3, 40, 50)), photometric="minisblack", metadata={"axes": "TZYX"})


def pages_of_two_sizes(given: Given) -> None:
    with tifffile.TiffWriter(given.image) as file:
        file.write(gray(), photometric="minisblack")
        file.write(gray((30, 50)), photometric="minisblack")


def unknown_suffix(given: Given) -> None:
    given.image = given.image.rename(given.image.with_suffix(".xyz"))


def objects_in_an_array(given: Given) -> None:
    given.image = given.image.with_suffix(".npy")
    np.save(given.image, np.array([{"a": 1}], dtype=object), allow_pickle=True)


# ------------------------------------------------------------------------------------------------ faults of the weights


def no_weights(given: Given) -> None:
    shutil.rmtree(given.weights.parent)


def a_folder_of_weights(given: Given) -> None:
    given.weights = given.weights.parent


def truncated_weights(given: Given) -> None:
    given.weights.write_bytes(given.weights.read_bytes()[:5000])


def empty_weights(given: Given) -> None:
    given.weights.write_bytes(b"")


def a_list(given: Given) -> None:
    torch.save([torch.zeros(2)], given.weights)


def a_whole_module(given: Given) -> None:
    torch.save(torch.nn.Linear(1, 1), given.weights)


class Trap:
    """An object that runs code when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple:
        return Path.touch, (self.file,)


def a_trap(given: Given) -> None:
    torch.save({"network": Trap(given.data / "trapped")}, given.weights)


def weights_of_another(given: Given) -> None:
    torch.save({"other.weight": torch.zeros(2)}, given.weights)


def no_threshold(given: Given) -> None:
    given.weights.with_name("threshold.json").unlink()


def threshold(text: str) -> Fault:
    def damaged_threshold(given: Given) -> None:
        given.weights.with_name("threshold.json").write_text(text)

    return damaged_threshold


def settings(text: str) -> Fault:
    def damaged_settings(given: Given) -> None:
        given.weights.with_name("settings.json").write_text(text)

    return damaged_settings


# ------------------------------------------------------------------------------------------------- faults of a data set


def no_pair(given: Given) -> None:
    for file in (given.data / "mask").iterdir():
        file.unlink()


def another_size(given: Given) -> None:
    tifffile.imwrite(given.data / "mask" / "1.tif", half((39, 50)).astype(np.uint8))


def mask(change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    def changed_mask(given: Given) -> None:
        file = given.data / "mask" / "1.tif"
        tifffile.imwrite(file, change(tifffile.imread(file)))

    return changed_mask


def with_undeclared(labels: np.ndarray) -> np.ndarray:
    labels[0, :3] = (7, 8, 9)
    return labels


def with_soft_edges(labels: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(Image.fromarray(labels).resize((20, 20)).resize((50, 40)))).astype(np.uint8)


def from_one(labels: np.ndarray) -> np.ndarray:
    return np.where(labels > 0, 2, 1).astype(np.uint8)


def fractions(labels: np.ndarray) -> np.ndarray:
    return labels.astype(np.float32) + 0.25


def negative(labels: np.ndarray) -> np.ndarray:
    return labels.astype(np.int16) - 1


def with_nan(labels: np.ndarray) -> np.ndarray:
    return np.where(labels > 0, np.nan, 0).astype(np.float32)


def of_colors(labels: np.ndarray) -> np.ndarray:
    return np.stack([labels, 255 - labels, labels], axis=-1)


def file_of(folder: str, fault: Fault) -> Fault:
    """Return a fault of an image as a fault of a file in the data set."""

    def spoiled(given: Given) -> None:
        given.image, kept = given.data / folder, given.image
        fault(given)
        given.image = kept

    spoiled.__name__ = f"{fault.__name__} in {folder}"
    return spoiled


def stack_among_images(given: Given) -> None:
    for folder in ("image", "mask"):
        tifffile.imwrite(given.data / folder / "1.tif", gray((2, 40, 50)) * 0, photometric="minisblack")


def two_candidates(given: Given) -> None:
    shutil.copy(given.data / "image" / "1.tif", given.data / "image" / "cell_1.tif")


def manifest(**changes: Any) -> Fault:
    def changed_manifest(given: Given) -> None:
        given.edit_manifest(**changes)

    return changed_manifest


def manifest_text(text: str) -> Fault:
    def damaged_manifest(given: Given) -> None:
        (given.data / "manifest.json").write_text(text)

    return damaged_manifest


def link_that_leads_out(given: Given) -> None:
    (given.data / "image").rename(given.data.parent / "elsewhere")
    (given.data / "image").symlink_to(given.data.parent / "elsewhere")


def no_images(given: Given) -> None:
    shutil.rmtree(given.data / "image")


def no_data(given: Given) -> None:
    given.data = given.data / "nowhere"


def a_file_of_data(given: Given) -> None:
    given.data = given.image


def stacks_of_two_lengths(given: Given) -> None:
    tifffile.imwrite(given.data / "a.tif", gray((3, 40, 50)), photometric="minisblack")
    tifffile.imwrite(given.data / "b.tif", np.zeros((4, 40, 50), np.uint8), photometric="minisblack")
    given.edit_manifest(layout="stacks", image="a.tif", label="b.tif", splits={"train": {"pages": [0, 2]}})


def options(**values: Any) -> Fault:
    def given_options(given: Given) -> None:
        given.options |= values

    return given_options


def folders(**places: str) -> Fault:
    def given_folders(given: Given) -> None:
        given.options |= {name: str(given.data / place) for name, place in places.items()}

    return given_folders


# ----------------------------------------------------------------------------------------------------- faults of tracks


def without(name: str) -> Fault:
    def without_a_file(given: Given) -> None:
        (given.data / name).unlink()

    return without_a_file


def doubled(name: str, copy: str) -> Fault:
    def doubled_file(given: Given) -> None:
        shutil.copy(given.data / name, given.data / copy)

    return doubled_file


def of_another_size(name: str) -> Fault:
    def resized(given: Given) -> None:
        tifffile.imwrite(given.data / name, half((39, 50), 1))

    return resized


def track_list(text: str | bytes, name: str = "01_RES/res_track.txt") -> Fault:
    def changed_list(given: Given) -> None:
        (given.data / name).write_bytes(text.encode() if isinstance(text, str) else text)

    return changed_list


def no_silver_truth(given: Given) -> None:
    shutil.rmtree(given.data / "01_ST")


# ------------------------------------------------------------------------------------------------------------ the table

MORE_THAN_WEIGHTS = "a damaged file or content other than weights"
OUTSIDE = "expected a path inside the data folder"
Row = tuple[str, str, Fault, str]

REFUSED: list[Row] = [
    # images
    *((bundle, "infer", truncated, "x.tif: found a") for bundle in BUNDLES),
    *((bundle, "infer", zero_bytes, "x.tif: found an empty file of 0 bytes") for bundle in BUNDLES),
    *((bundle, "infer", colored, "luminance") for bundle in BUNDLES),
    *((bundle, "infer", five_channels, "5 channels (axes CYX), expected one channel") for bundle in BUNDLES),
    *((bundle, "infer", nan_pixels, "1 NaN or infinite pixels, expected finite") for bundle in BUNDLES),
    *((bundle, "infer", a_directory, "x.tif: found a folder without images") for bundle in BUNDLES),
    ("vesicle", "infer", a_text, "x.tif: found a broken or incomplete file"),
    ("vesicle", "infer", nothing, "x.tif: found nothing, expected images"),
    ("neuron_em", "infer", two_channels, "2 channels, the last of which varies"),
    ("tem", "infer", infinite_pixels, "1 NaN or infinite pixels"),
    ("tem", "infer", complex_pixels, "pixels of type complex64"),
    ("hela_track", "infer", four_dimensions, "the shape (2, 3, 40, 50) with axes TZYX, expected an image or a stack"),
    ("neuron_em", "infer", pages_of_two_sizes, "images of different shapes"),
    ("dendrite", "infer", unknown_suffix, "the suffix '.xyz', expected one of"),
    ("cytoskeleton", "infer", objects_in_an_array, "x.npy: found a broken or incomplete file"),
    # weights
    *((bundle, "infer", weights_of_another, "model.pt: found weights of another network") for bundle in BUNDLES),
    *((bundle, "infer", truncated_weights, f"model.pt: found {MORE_THAN_WEIGHTS}") for bundle in BUNDLES),
    *((bundle, "infer", no_weights, "model.pt: found nothing, expected a checkpoint") for bundle in BUNDLES),
    ("dendrite", "evaluate", weights_of_another, "model.pt: found weights of another network"),
    ("dendrite", "evaluate", truncated_weights, f"model.pt: found {MORE_THAN_WEIGHTS}"),
    ("tem", "evaluate", no_weights, "model.pt: found nothing, expected a checkpoint"),
    ("hela_track", "evaluate", no_weights, "model.pt: found nothing, expected a checkpoint"),
    ("vesicle", "infer", a_folder_of_weights, "weights: found a folder, expected a checkpoint, such as model.pt"),
    ("tem", "infer", a_folder_of_weights, "weights: found a folder, expected a checkpoint"),
    ("tem", "infer", empty_weights, "model.pt: found a damaged file"),
    ("dendrite", "infer", a_list, "model.pt: found a list, expected a state dict"),
    ("vesicle", "infer", a_whole_module, MORE_THAN_WEIGHTS),
    ("hela_track", "infer", a_trap, MORE_THAN_WEIGHTS),
    ("neuron_em", "evaluate", a_trap, MORE_THAN_WEIGHTS),
    ("dendrite", "infer", no_threshold, "threshold.json: found nothing, expected the threshold of the weights"),
    ("dendrite", "evaluate", no_threshold, "or --threshold"),
    ("dendrite", "infer", threshold("half"), "threshold.json: found invalid JSON"),
    ("dendrite", "infer", threshold("[0.5]"), "threshold.json: found list, expected a JSON object"),
    ("neuron_em", "infer", threshold('{"threshold": 0.5}'), "threshold.json: found no seed_threshold"),
    ("hela_track", "infer", threshold('{"threshold": 50}'), "threshold.json: found 50, expected a number from 0 to 1"),
    ("cytoskeleton", "infer", threshold('{"threshold": NaN}'), "threshold.json: found nan"),
    ("hela_track", "infer", settings("{"), "settings.json: found invalid JSON"),
    ("vesicle", "infer", settings("[]"), "settings.json: found list, expected a JSON object"),
    (
        "vesicle",
        "infer",
        settings('{"input_normalization": "other"}'),
        "--input_normalization: found 'other'",
    ),
    # masks
    ("dendrite", "train", no_pair, "given: found 4 image(s) in image, 0 mask(s) in mask and no pair"),
    ("dendrite", "train", another_size, "1.tif: found 39 × 50 pixels, expected 40 × 50"),
    ("dendrite", "train", mask(with_undeclared), "7, 8, 9 (3 value(s), 3 pixel(s))"),
    ("tem", "train", mask(with_undeclared), "0 (background), 255 (blood_vessel)"),
    ("dendrite", "train", mask(with_soft_edges), "label_threshold or label_tolerance in the manifest allow soft edges"),
    ("neuron_em", "train", mask(with_soft_edges), "label_threshold"),
    ("vesicle", "train", mask(from_one), "the undeclared label value(s) 1, 2"),
    ("cytoskeleton", "train", mask(fractions), "2000 pixels with fractional values, expected integer labels"),
    ("vesicle", "train", mask(negative), "the negative label -1"),
    ("dendrite", "train", mask(with_nan), "NaN or infinite pixels"),
    ("dendrite", "train", mask(of_colors), "3 channels that differ by up to 255, expected labels in one channel"),
    ("dendrite", "evaluate", file_of("mask/3.tif", zero_bytes), "3.tif: found an empty file"),
    # images of a data set
    ("dendrite", "train", file_of("image/1.tif", truncated), "1.tif"),
    ("dendrite", "train", file_of("image/1.tif", colored), "luminance"),
    ("dendrite", "train", file_of("image/1.tif", nan_pixels), "1.tif: found 1 NaN"),
    ("dendrite", "train", file_of("image/1.tif", zero_bytes), "1.tif: found an empty file of 0 bytes"),
    ("tem", "train", file_of("image/1.tif", five_channels), "5 channels"),
    ("dendrite", "train", stack_among_images, "a stack of 2 pages, expected one page, or the layout 'stacks'"),
    ("dendrite", "train", two_candidates, "1.tif and cell_1.tif, both for 1"),
    # manifests and folders
    ("dendrite", "train", manifest(lable="mask"), "manifest.json: found the unknown key 'lable', expected 'label'"),
    ("dendrite", "train", manifest(image="../elsewhere"), f"image '../elsewhere', {OUTSIDE}"),
    ("vesicle", "train", manifest(label="/etc"), f"label '/etc', {OUTSIDE}"),
    ("dendrite", "train", link_that_leads_out, f"image, a link to .*elsewhere, {OUTSIDE}"),
    ("dendrite", "train", manifest_text(""), "manifest.json: found invalid JSON"),
    ("dendrite", "train", manifest_text("[" * 10**5), "manifest.json: found invalid JSON"),
    ("tem", "train", manifest_text("[]"), "manifest.json: found list, expected a JSON object"),
    ("dendrite", "train", manifest(splits={"test": {"numbers": [1]}}), "no image for the split train"),
    (
        "dendrite",
        "train",
        manifest(splits={"train": {"numbers": [1, 2]}, "validation": {"numbers": [2]}}),
        "2 in both train and validation",
    ),
    ("neuron_em", "train", stacks_of_two_lengths, "b.tif: found 4 × 40 × 50 pixels, expected 3 × 40 × 50"),
    ("dendrite", "train", no_images, "image: found nothing, expected a folder of images"),
    ("hela_track", "train", no_data, "nowhere: found nothing, expected a folder with the data set"),
    ("dendrite", "evaluate", a_file_of_data, "x.tif: found a file, expected a folder with the data set"),
    # the Cell Tracking Challenge
    ("hela_track", "train", without("01/t001.tif"), "01: found no image of frame 1"),
    ("hela_track", "train", no_silver_truth, "`--truth gold` uses the gold truth"),
    ("hela_track", "train", of_another_size("01_ST/SEG/man_seg001.tif"), "39 × 50 pixels, expected 40 × 50"),
    (
        "hela_track",
        "track",
        without("01/t001.tif"),
        "t002.tif: found frame 2 after frame 0, expected an image",
    ),
    ("hela_track", "track", without("01_RES/mask002.tif"), "no mask of frame 2"),
    ("hela_track", "track", doubled("01/t001.tif", "01/t0001.tif"), "the same frame number as"),
    ("hela_track", "track", doubled("01/t001.tif", "01/last.tif"), "a name without a frame number"),
    ("hela_track", "track", of_another_size("01_RES/mask002.tif"), "mask002.tif: found (39, 50) pixels"),
    ("hela_track", "track", options(tail=-1), "--tail: found -1"),
    ("hela_track", "track", options(frames="5-9"), "--frames: found 5-9, expected some of 0-3"),
    ("hela_track", "score", without("01_RES/mask002.tif"), "01_RES"),
    ("hela_track", "score", track_list("1 0 3\n"), "res_track.txt, line 1: found '1 0 3', expected four whole numbers"),
    ("hela_track", "score", track_list(b"\xff\xfe\0"), "res_track.txt: found no text"),
    ("hela_track", "score", track_list("1 0 3 0\n7 0 3 0\n"), "7"),
    ("hela_track", "score", track_list("1 0 999999999 0\n"), "label 1 in 4 frames from 0 to 3"),
    ("hela_track", "score", of_another_size("01_RES/mask002.tif"), "mask002.tif: found"),
    # options
    ("dendrite", "train", options(best_by="metrics"), "did you mean metric?"),
    ("dendrite", "train", options(spatial_mode="tile"), "did you mean tiles?"),
    ("dendrite", "train", options(resume="maybe"), "'maybe'"),
    ("dendrite", "train", options(resume=True), "checkpoint_last.pt: found nothing"),
    ("dendrite", "train", options(manifest="isbi"), "isbi2012"),
    ("dendrite", "train", options(device="gpu"), "expected cpu"),
    ("dendrite", "train", options(threshold=50), "--threshold: found 50"),
    ("dendrite", "evaluate", options(splits=["testing"]), "'testing'"),
    ("vesicle", "infer", options(threshold="high"), "--threshold: found 'high'"),
    ("hela_track", "infer", options(pixel_size=-1), "--pixel_size: found -1"),
    ("cytoskeleton", "train", folders(train_images="image"), "--train_images: found no --train_masks, expected both"),
    ("vesicle", "train", folders(train_images="image", train_masks="image"), "the folder of --train_images"),
]


def named(row: Row) -> str:
    return f"{row[0]}-{row[1]}-{row[2].__name__}"


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_one_sentence(row: Row, sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    bundle, kind, fault, expected = row
    given = sound(bundle, tmp_path)
    fault(given)
    sentence = refusal(kind, given, tmp_path / "out")
    assert has_words(expected, sentence), sentence
    assert "expected" in sentence
    assert "--" in sentence.split(": found")[0] or str(tmp_path) in sentence or "isbi" in sentence
    assert not half_results(tmp_path / "out")
    assert not (given.data / "trapped").exists()


def half_results(folder: Path) -> list[Path]:
    """Return the files in an output folder, except the lock and the file that TensorBoard opens at the start."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if path.name != ".lock" and not path.name.startswith("events.out.tfevents")]


def has_words(expected: str, sentence: str) -> bool:
    """Return whether a sentence contains the words; ``.*`` matches any other words."""
    at = 0
    for words in expected.split(".*"):
        at = sentence.find(words, at)
        if at < 0:
            return False
    return True


def refusal(kind: str, given: Given, output: Path) -> str:
    """Start a run, and return the sentence that ends it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 the configs wrap it
        start(kind, given, output)
    sentence = find_input_error(caught.value)
    assert sentence is not None, caught.value
    return sentence


# ------------------------------------------------------------------------------------------------- what has to work


def one_pixel(given: Given) -> None:
    given.replace_image(gray((1, 1)))


def a_strip(given: Given) -> None:
    given.replace_image(gray((7, 3000)))


def sixteen_bits(given: Given) -> None:
    given.replace_image(gray().astype(np.uint16) * 257)


def floats(given: Given) -> None:
    given.replace_image(gray().astype(np.float32) / 255)


def one_value(given: Given) -> None:
    given.replace_image(np.full((40, 50), 7, np.uint8))


def a_stack(given: Given) -> None:
    given.replace_image(gray((4, 40, 50)), photometric="minisblack")


def a_name_of_any_letters(given: Given) -> None:
    given.image = given.image.rename(given.image.with_name("Zelle 3, größer (Kopie) 細胞.tif"))


ODD = [one_pixel, a_strip, sixteen_bits, floats, one_value, a_stack, a_name_of_any_letters]


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("fault", ODD)
def test_odd_images_are_segmented(
    fault: Fault,
    bundle: str,
    sound: Callable[[str, Path], Given],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = sound(bundle, tmp_path)
    fault(given)
    start("infer", given, tmp_path / "out")
    mask = tifffile.imread(tmp_path / "out" / f"{given.image.stem}_mask.tif")
    size = (64, 64) if bundle == "dendrite" else tifffile.imread(given.image).shape[-2:]
    assert mask.shape == ((4, *size) if fault is a_stack else size)
    if fault is a_stack:
        assert "4 page" in capsys.readouterr().out


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("shape", [(1, 1), (7, 3000)])
def test_odd_sizes_are_trained_on(bundle: str, shape: tuple[int, int], tmp_path: Path) -> None:
    data, output = make_data(bundle, tmp_path / "data", shape), tmp_path / "out"
    if (bundle, shape) == ("neuron_em", (1, 1)):  # one pixel of membrane: there is no cell to choose weights by
        with pytest.raises(Exception) as caught:  # noqa: PT011
            train(bundle, data, output, max_epochs=1)
        assert "found no validation score" in (find_input_error(caught.value) or "")
        return
    train(bundle, data, output, max_epochs=1, batch_size=2)
    assert weights(output / "checkpoint_last.pt")["trainer"]["epoch"] == 1


def whole_floats(labels: np.ndarray) -> np.ndarray:
    return labels.astype(np.float64)


def image_with(change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    def changed_images(given: Given) -> None:
        for file in (given.data / "image").iterdir():
            tifffile.imwrite(file, change(tifffile.imread(file)))

    return changed_images


def in_a_folder_of_any_letters(given: Given) -> None:
    given.data = given.data.rename(given.data.with_name("Größe 1, 細胞 (neu)"))


def soft_and_said_so(given: Given) -> None:
    mask(with_soft_edges)(given)
    given.edit_manifest(label_threshold=127)


@pytest.mark.parametrize(
    "fault",
    [
        mask(whole_floats),
        image_with(lambda image: image.astype(np.uint16) * 257),
        image_with(lambda image: image.astype(np.float32) / 255),
        in_a_folder_of_any_letters,
        soft_and_said_so,
    ],
)
def test_odd_data_are_trained_on(fault: Fault, sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("dendrite", tmp_path)
    fault(given)
    start("train", given, tmp_path / "out")
    assert (tmp_path / "out" / "model.pt").is_file()


def test_a_threshold_can_be_given_where_none_is_stored(sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("dendrite", tmp_path)
    no_threshold(given)
    given.options["threshold"] = 0.5
    start("infer", given, tmp_path / "out")
    assert (tmp_path / "out" / "x_mask.tif").is_file()


def test_splits_by_name(sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("dendrite", tmp_path)
    start("evaluate", given, tmp_path / "out")
    assert list(json.loads((tmp_path / "out" / "scores.json").read_text())["splits"]) == ["validation"]


def test_resume_with_another_number_of_epochs(sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("dendrite", tmp_path)
    train("dendrite", given.data, tmp_path / "out", max_epochs=2, **{"train#trainer#max_epochs": 1})
    given.options = {"max_epochs": 3, "resume": "true"}
    assert "--max_epochs 2" in refusal("train", given, tmp_path / "out")


def test_unpaired_files_are_named_and_left_out(sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("dendrite", tmp_path)
    shutil.copy(given.data / "image" / "1.tif", given.data / "image" / "99.tif")
    with pytest.warns(UserWarning, match=r"1 file\(s\) without a partner are left out: image/99\.tif"):
        start("train", given, tmp_path / "out")


def test_a_track_that_no_mask_shows_is_named(sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
    given = sound("hela_track", tmp_path)
    track_list("1 0 3 0\n7 1 2 1\n")(given)
    assert any("label 7" in str(violation) for violation in validate(given.data / "01_RES"))


# ------------------------------------------------------------------------------------------------------- permissions


@contextmanager
def as_nobody() -> Iterator[None]:
    """Drop the rights of root, who may read everything, temporarily."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


@pytest.mark.parametrize("bundle", BUNDLES)
def test_an_image_that_may_not_be_read(bundle: str, sound: Callable[[str, Path], Given], open_folder: Path) -> None:
    given = sound(bundle, open_folder)
    given.image.chmod(0)
    with as_nobody():
        sentence = refusal("infer", given, open_folder / "out")
    assert sentence.startswith(f"{given.image}: found a file without read permission")
    assert not half_results(open_folder / "out")


@pytest.mark.parametrize("name", ["model.pt", "threshold.json"])
def test_weights_that_may_not_be_read(name: str, sound: Callable[[str, Path], Given], open_folder: Path) -> None:
    given = sound("dendrite", open_folder)
    given.weights.with_name(name).chmod(0)
    with as_nobody():
        sentence = refusal("infer", given, open_folder / "out")
    assert sentence.startswith(f"{given.weights.with_name(name)}: found ")
    assert "read" in sentence


def test_a_folder_that_may_not_be_entered(sound: Callable[[str, Path], Given], open_folder: Path) -> None:
    given = sound("dendrite", open_folder)
    (given.data / "image").chmod(0)
    with as_nobody():
        sentence = refusal("train", given, open_folder / "out")
    assert sentence.startswith(f"{given.data / 'image'}: found a folder that cannot be read")


# ------------------------------------------------------------------------------------------------------ as a user types


class TestAsTyped:
    """Through the real command line: exit code 1, one sentence, no traceback."""

    def check(self, result: Any, *expected: str) -> None:
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1
        for text in expected:
            assert text in errors[0]

    def train(self, given: Given, folder: Path, *more: str) -> Any:
        options = ["--dataset_dir", str(given.data), "--output_dir", "out", *more]
        return command("training", "--config_file", *config("dendrite", "train"), *options, cwd=folder)

    def test_misspelt_option(self, sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
        self.check(
            self.train(sound("dendrite", tmp_path), tmp_path, "--max_epoch", "3"), "--max_epoch:", "--max_epochs"
        )
        assert not half_results(tmp_path / "out")

    def test_error_in_a_loader_s_worker(self, sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
        given = sound("dendrite", tmp_path)
        mask(with_undeclared)(given)
        result = self.train(given, tmp_path, "--num_workers", "2", "--cache_rate", "0")
        self.check(result, "1.tif", "7, 8, 9 (3 value(s), 3 pixel(s))")
        assert not list(tmp_path.rglob("checkpoint_last.pt"))

    def test_a_fault_of_ours_keeps_its_traceback(self, sound: Callable[[str, Path], Given], tmp_path: Path) -> None:
        result = self.train(sound("dendrite", tmp_path), tmp_path, "--train#trainer#max_epochs", "[]")
        assert result.returncode == 1
        assert "Traceback" in result.stderr
