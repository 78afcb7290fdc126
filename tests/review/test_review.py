"""Image statistics, the reference they are compared with, the disagreement of orientations, and the review table."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.inferers import SimpleInferer
from scipy.ndimage import gaussian_filter, zoom
from torch import nn

from custom.errors import InputError
from custom.images import write_image
from custom.review import (
    REFERENCE_FILE,
    REVIEW_FILE,
    Disagreement,
    Reference,
    ReviewTable,
    certainty,
    fit_reference,
    image_statistics,
    mean_disagreement,
    read_reference,
    result_statistics,
    review_conclusion,
    training_statistics,
    write_reference,
)


def textured(seed: int, side: int = 192, sigma: float = 1.2, noise: float = 4.0) -> np.ndarray:
    """Return bright spots on dark, blurred and noisy, (side, side) uint8."""
    rng = np.random.default_rng(seed)
    spots = gaussian_filter((rng.random((side, side)) < 0.02).astype(float), sigma)
    image = 30 + 150 * spots / spots.max() + rng.normal(0, noise, spots.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def reference() -> Reference:
    statistics = [[image_statistics(textured(seed), 0.1)] for seed in range(30)]
    results = [{"found": 0.05 + 0.002 * (k % 9), "certainty": 0.85 + 0.01 * (k % 5)} for k in range(30)]
    found = fit_reference(statistics, results)
    assert found is not None
    return found


# ----------------------------------------------------------------------------------------------------------- statistics


@pytest.mark.parametrize("sigma", [1.0, 5.0, 20.0])
def test_the_added_noise_is_measured(sigma: float) -> None:
    ramp = np.linspace(100, 1000, 300)[np.newaxis] + np.zeros((300, 1))
    numbers = image_statistics(ramp + np.random.default_rng(0).normal(0, sigma, ramp.shape))
    assert numbers["noise"] * (numbers["high"] - numbers["low"]) == pytest.approx(sigma, rel=0.03)


def test_a_factor_and_an_offset_change_only_the_range() -> None:
    image = textured(0)
    before, after = image_statistics(image), image_statistics(image.astype(np.uint16) * 17 + 300)
    for name in set(before) - {"low", "high", "pixel_size_um"}:
        assert after[name] == pytest.approx(before[name], rel=1e-4), name
    assert after["low"] == before["low"] * 17 + 300


def test_blur_and_magnification_lower_the_sharpness() -> None:
    image = textured(0, noise=0).astype(np.float32)
    plain = image_statistics(image)
    for other in (gaussian_filter(image, 2), zoom(image, 2, order=1)):
        numbers = image_statistics(other)
        assert numbers["sharpness_1px"] < plain["sharpness_1px"]
        assert numbers["sharpness_2px"] < plain["sharpness_2px"]
    smaller = image_statistics(image.reshape(96, 2, 96, 2).mean(axis=(1, 3)))
    assert smaller["sharpness_2px"] == pytest.approx(plain["sharpness_4px"], rel=0.2)


def test_polarity_tells_bright_on_dark_from_dark_on_bright() -> None:
    image = textured(0, noise=0).astype(np.int64)
    bright, dark = image_statistics(image), image_statistics(255 - image)
    assert bright["polarity_2px"] > 0.3
    assert dark["polarity_2px"] == pytest.approx(-bright["polarity_2px"], abs=1e-6)


def test_clipped_parts_and_gray_levels() -> None:
    image = np.repeat(np.arange(10, dtype=np.uint8), 100).reshape(25, 40)
    image[image == 9] = 8
    numbers = image_statistics(image)
    assert (numbers["clipped_dark"], numbers["clipped_bright"], numbers["gray_levels"]) == (0.1, 0.2, 9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (7, 3000), (600, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_of_any_size(shape: tuple[int, int], dtype: type) -> None:
    numbers = image_statistics(np.random.default_rng(0).integers(0, 200, shape).astype(dtype))
    assert all(isinstance(value, float) for value in numbers.values())
    constant = image_statistics(np.full(shape, 7, dtype))
    assert constant["gray_levels"] == 1
    assert math.isnan(constant["noise"])


def test_of_a_large_image_windows_are_enough() -> None:
    tile = textured(0, side=256)
    numbers, of_tile = image_statistics(np.tile(tile, (8, 9))), image_statistics(tile)
    for name in ("noise", "sharpness_1px", "polarity_2px", "median"):
        assert numbers[name] == pytest.approx(of_tile[name], rel=0.1), name


def test_what_is_no_image_is_refused() -> None:
    for shape in ((0, 5), (3, 4, 5)):
        with pytest.raises(ValueError, match="expected an image"):
            image_statistics(np.zeros(shape))


# ------------------------------------------------------------------------------------------------------------ reference


def test_images_like_those_of_the_training_are_not_flagged(reference: Reference) -> None:
    flagged = [reference.differences(image_statistics(textured(seed))) for seed in range(100, 160)]
    assert sum(map(bool, flagged)) <= 3


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (gaussian_filter(textured(50).astype(np.float32), 2), "blurred"),
        (textured(50, noise=25), "noisy"),
        (np.minimum(textured(50), 60), "saturated"),
        (255 - textured(50), "darker detail"),
        (np.rint(textured(50) / 40), "few gray levels"),
        (np.zeros((50, 50), np.uint8), "few gray levels"),
    ],
)
def test_others_are_flagged_with_the_reason(reference: Reference, image: np.ndarray, word: str) -> None:
    assert word in "; ".join(reference.differences(image_statistics(image)))


def test_a_reason_gives_the_number_and_the_training_range(reference: Reference) -> None:
    numbers = image_statistics(textured(50)) | {"certainty": 0.4}
    assert reference.differences(numbers) == ["network is unsure: certainty 0.4, training range 0.85 to 0.89"]


def test_an_empty_result_is_a_reason(reference: Reference) -> None:
    numbers = image_statistics(textured(50))
    empty = result_statistics(np.zeros((8, 8)))
    assert reference.differences(numbers | empty) == ["nothing found: 0 % of the image, training range 5 % to 6.6 %"]
    assert reference.differences(numbers | {"found": 0.02}) == []


def test_a_percentile_limits_a_large_training_set() -> None:
    """The range of uniform noise is limited: 3.5 standard deviations of a few images reach far beyond it."""
    plain = image_statistics(textured(50))
    rows = [plain | {"noise": noise} for noise in np.linspace(0.1, 0.9, 401)]
    few, many = (fit_reference([[row] for row in part]) for part in (rows[::8], rows))
    assert few is not None
    assert many is not None
    assert (many.differences(plain | {"noise": 0.89}), few.differences(plain | {"noise": 1.0})) == ([], [])
    assert many.differences(plain | {"noise": 1.0}) == ["noisy: noise 1, training range 0.14 to 0.86"]


def test_a_different_pixel_size_is_a_reason(reference: Reference) -> None:
    numbers = image_statistics(textured(50))
    assert reference.differences(numbers | {"pixel_size_um": 0.12}) == []
    (reason,) = reference.differences(numbers | {"pixel_size_um": 0.2})
    assert reason == "larger pixels: 0.2 µm, training range 0.1 to 0.1 µm"


def test_numbers_in_reasons_have_no_exponents(reference: Reference) -> None:
    quantiles = reference.quantiles | {"gray_levels": (143.0, 200.0, 241.0)}
    levels = replace(reference, quantiles=quantiles)._reason("gray_levels", 18.0, -2.0)
    assert levels == "few gray levels: gray_levels 18, training range 140 to 240"


def test_an_unusual_combination_of_usual_numbers_is_found() -> None:
    """If noise and sharpness always rise together, a noisy image that is not sharp is unusual."""
    plain = image_statistics(textured(50))
    steps = np.linspace(-0.5, 0.5, 40)
    together = [plain | {name: plain[name] * np.exp(step) for name in ("noise", "sharpness_1px")} for step in steps]
    fitted = fit_reference([[numbers] for numbers in together])
    assert fitted is not None
    assert [fitted.differences(numbers) for numbers in together] == [[]] * 40
    odd = {"noise": plain["noise"] * np.exp(0.4), "sharpness_1px": plain["sharpness_1px"] * np.exp(-0.4)}
    for name, value in odd.items():
        assert fitted.differences(plain | {name: value, **{n: plain[n] for n in odd if n != name}}) == []
    (reason,) = fitted.differences(plain | odd)
    assert "given its other statistics" in reason


def test_a_reference_comes_back_from_its_file(reference: Reference, tmp_path: Path) -> None:
    write_reference(tmp_path / REFERENCE_FILE, reference)
    found = read_reference(tmp_path / "model.pt")
    assert found is not None
    assert (found.images, found.pixel_sizes) == (30, (0.1, 0.1))
    np.testing.assert_allclose(found.covariance, reference.covariance, rtol=1e-6)
    for seed in range(5):
        numbers = image_statistics(textured(seed, noise=9.0))
        assert found.differences(numbers) == reference.differences(numbers)
    assert read_reference(tmp_path / "other" / "model.pt") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps({}),
        lambda content: json.dumps(content | {"joint": ["noise"]}),
        lambda content: json.dumps(content | {"center": [0.0]}),
        lambda content: json.dumps(content | {"covariance": (-np.eye(len(content["joint"]))).tolist()}),
        lambda content: json.dumps(content | {"quantiles": {"noise": [0.1, "much", 0.3]}}),
        lambda content: json.dumps(content | {"limits_on_scale": {"noise": [0.1]}}),
    ],
)
def test_a_damaged_reference_is_named(reference: Reference, damage, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_reference(tmp_path / REFERENCE_FILE, reference)
    content = json.loads((tmp_path / REFERENCE_FILE).read_text())
    (tmp_path / REFERENCE_FILE).write_text(damage(content))
    with pytest.raises(InputError, match=r"reference\.json"):
        read_reference(tmp_path / "model.pt")


def test_results_that_are_never_undecided_are_not_compared_by_it() -> None:
    statistics = [[image_statistics(textured(50))]] * 100
    fitted = fit_reference(statistics, [result_statistics(np.eye(8))] * 100)
    assert fitted is not None
    assert fitted.differences(statistics[0][0] | {"undecided": 0.5}) == []


def test_constant_training_images_give_no_reference() -> None:
    assert fit_reference([[image_statistics(np.zeros((64, 64)))]]) is None


def test_training_images_count_whole_and_in_quarters_at_the_scale_of_the_network(tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", np.kron(textured(0, side=256), np.ones((2, 2), np.uint8)))
    item = {"image": str(tmp_path / "a.tif"), "page": 0, "channels": "equal", "name": "a", "pixel_size": (0.1, 0.1)}
    as_it_is, rescaled = training_statistics(item, None), training_statistics(item, 0.2)
    assert (len(as_it_is), len(rescaled)) == (5, 5)
    assert (as_it_is[0]["pixel_size_um"], rescaled[0]["pixel_size_um"]) == (0.1, 0.2)
    assert rescaled[0]["sharpness_1px"] == pytest.approx(image_statistics(textured(0, side=256))["sharpness_1px"])


# ---------------------------------------------------------------------------------------------- certainty, disagreement


def test_certainty_is_the_expected_dice() -> None:
    probability = np.array([[1.0, 0.6, 0.2, 0.0]])
    assert certainty(probability) == pytest.approx(2 * 1.6 / (1.8 + 2))
    assert certainty(probability[np.newaxis]) == certainty(probability)
    assert certainty(np.eye(2)) == 1
    assert certainty(np.zeros((4, 4))) == 0


def test_result_statistics_by_hand() -> None:
    probability = np.array([[0.95, 0.6, 0.2, 0.05], [0.0, 0.0, 0.0, 0.0]])
    numbers = result_statistics(probability)
    assert (numbers["found"], numbers["undecided"]) == (0.25, 1.0)
    assert numbers["certainty"] == pytest.approx(certainty(probability))
    classes = np.stack([1 - probability, probability / 4, probability * 3 / 4])
    assert result_statistics(classes) | {"certainty": 0} == pytest.approx(numbers | {"certainty": 0, "found": 0.25})


def test_the_certainty_of_an_empty_result_is_undefined() -> None:
    numbers = result_statistics(np.zeros((1, 8, 8)))
    assert numbers["found"] == 0
    assert math.isnan(numbers["certainty"])
    assert math.isnan(numbers["undecided"])


def test_certainty_of_classes_is_the_mean_of_those_found() -> None:
    probability = np.array([[0.1, 0.2, 1.0], [0.9, 0.0, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 0.0]])[:, np.newaxis]
    assert certainty(probability) == pytest.approx((2 * 0.9 / 1.9 + 2 * 0.8 / 1.8) / 2)


def test_the_disagreement_of_masks_by_hand() -> None:
    full, half, empty = np.array([[1, 1]]), np.array([[1, 0]]), np.array([[0, 0]])
    assert mean_disagreement([full, full]) == 0
    assert mean_disagreement([empty, empty]) == 0
    assert mean_disagreement([full, half]) == pytest.approx(1 - 2 / 3)
    assert mean_disagreement([full, half, empty]) == pytest.approx(1 - (2 / 3) / 3)
    assert mean_disagreement([np.array([[1, 2]]), np.array([[1, 0]])]) == pytest.approx(0.5)


class Shifting(nn.Module):
    """Predicts the image itself, shifted to the right by some pixels."""

    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.roll(image, self.by, dims=-1)


def disagreement_of(network: nn.Module, image: np.ndarray) -> float:
    of = Disagreement(network, SimpleInferer(), lambda item: item)
    page = torch.from_numpy(image)[None]
    probability = np.asarray(network(page[None])[0, 0])
    return of(page, probability, lambda p: (p >= 0.5).astype(np.uint8) * 255)


def test_no_disagreement_if_the_network_is_equivariant() -> None:
    image = np.zeros((12, 31), np.float32)
    image[2:5, 3:9] = 1
    assert disagreement_of(Shifting(0), image) == 0


def test_disagreement_of_a_network_that_shifts() -> None:
    """Shifted right, left, up and down, two masks each: of the 28 pairs 4 are equal, 8 opposite, 16 at an angle."""
    image = np.zeros((40, 30), np.float32)
    image[10:20, 10:20] = 1
    assert disagreement_of(Shifting(2), image) == pytest.approx(1 - (4 + 8 * 0.6 + 16 * 0.64) / 28)


def test_it_leaves_the_network_alone_and_predicts_as_the_evaluator_does() -> None:
    """Between two iterations MONAI leaves the network in training mode, which would use and update batch statistics."""
    network = nn.Sequential(nn.BatchNorm2d(1, momentum=0.5), nn.Sigmoid()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    image = np.random.default_rng(0).normal(5, 1, (16, 16)).astype(np.float32)
    probability = np.asarray(torch.sigmoid(torch.from_numpy(image)))  # as nothing has been learned
    of = Disagreement(network, SimpleInferer(), lambda item: item)
    masks: list[np.ndarray] = []

    def mask(page: np.ndarray) -> np.ndarray:
        masks.append(page)
        return (page >= 0.99).astype(np.uint8)

    assert of(torch.from_numpy(image)[None], probability, mask) == 0
    np.testing.assert_allclose(masks[0], probability, atol=1e-5)
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


# ---------------------------------------------------------------------------------------------------------------- table


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / REVIEW_FILE).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def look_at(table: ReviewTable, file: Path, image: np.ndarray) -> None:
    write_image(file, image)
    item = {"file": str(file), "image": image, "page": 0, "pages": 1, "channels": "equal", "name": file.stem}
    table.take(item, None, np.full(image.shape, 0.9, np.float32), lambda p: p >= 0.5)
    table.finish(file.stem)


def test_the_table(reference: Reference, tmp_path: Path) -> None:
    write_reference(tmp_path / REFERENCE_FILE, reference)
    with ReviewTable(tmp_path / "out", tmp_path / "model.pt") as table:
        look_at(table, tmp_path / "good.tif", textured(50))
        look_at(table, tmp_path / "saturated.tif", np.minimum(textured(50), 60))
        look_at(table, tmp_path / "flat.tif", np.rint(textured(50) / 40).astype(np.uint8))
    rows = {row["image"]: row for row in rows_of(tmp_path / "out")}
    flags = {name: (row["needs_review"], row["low_contrast"], row["saturated"]) for name, row in rows.items()}
    assert flags["good"] == ("0", "0", "0")
    assert flags["saturated"] == ("1", "0", "1")
    assert flags["flat"][:2] == ("1", "1")
    assert "training" in rows["saturated"]["reasons"]
    assert "disagreement" not in rows["good"]
    said = review_conclusion(tmp_path / "out", ["good", "saturated", "flat"])
    assert said == f"Needs review: 2 of 3 images, see {tmp_path / 'out' / REVIEW_FILE}"
    assert review_conclusion(tmp_path / "out", ["good"]) == "Needs review: 0 of 1 image"
    assert table.rows_of("good")[0].is_file()


def test_without_a_reference_nothing_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with ReviewTable(tmp_path / "out", tmp_path / "model.pt") as table:
        look_at(table, tmp_path / "black.tif", np.zeros((20, 20), np.uint8))
    assert capsys.readouterr().out.count("No reference.json next to the weights") == 1
    (row,) = rows_of(tmp_path / "out")
    assert (row["needs_review"], row["reasons"], row["low_contrast"], row["saturated"]) == ("", "", "1", "0")
    assert review_conclusion(tmp_path / "out", ["black"]) is None
    assert review_conclusion(tmp_path, ["black"]) is None
