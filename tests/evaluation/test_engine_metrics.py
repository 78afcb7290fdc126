"""Scores of a validation: means over images, the scan of thresholds, and that no other data decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import CacheDataset
from monai.transforms import Compose, ScaleIntensityd
from PIL import Image
from tiny_engines import THRESHOLDS, Training, identity_evaluator, predictions, squares

from custom import evaluation, metrics
from custom.data import datalist, open_datasets
from custom.evaluation import ImageScore, MeanClassDice, ThresholdCurve, class_arrays, instance_arrays, mask_arrays
from custom.ground.score_tables import mean
from custom.transforms import UNANNOTATED, UNANNOTATED_INSTANCE, ReadImaged, ReadLabeld

HALF = np.array([[1, 1, 0, 0]])
"""A label whose left half is foreground."""


def scored(items: Sequence[dict], batch_size: int = 1) -> dict[str, float]:
    """Return the scores of predictions at the threshold 0.5 and over all thresholds."""
    curve = ThresholdCurve(metrics.dice_per_threshold, THRESHOLDS)
    half = ImageScore(evaluation.at_threshold(metrics.dice, 0.5))
    evaluator = identity_evaluator(items, batch_size, key_val_metric={"best": curve}, additional_metrics={"half": half})
    evaluator.run()
    return {**evaluator.state.metrics, "threshold": curve.best_threshold(), "curve": curve.mean_curve()}


def random_items(count: int, unannotated: float = 0.0) -> list[dict]:
    generator = np.random.default_rng(3)
    labels = [(generator.random((9, 7)) < 0.4).astype(np.uint8) for _ in range(count)]
    maps = [np.clip(0.3 * label + generator.random(label.shape) * 0.7, 0, 1) for label in labels]
    for label in labels:
        label[generator.random(label.shape) < unannotated] = UNANNOTATED
    return predictions(maps, labels)


# ------------------------------------------------------------------------------------------------------------ one score


@pytest.mark.parametrize("batch_size", [1, 3])
def test_image_score_is_the_mean_over_the_images(batch_size: int) -> None:
    right, half, empty = [[0.9, 0.5, 0.4, 0]], [[0.9, 0.1, 0.1, 0.1]], [[0.1, 0.1, 0.1, 0.1]]
    items = predictions(np.array([right, half, empty]), [HALF, HALF, HALF])
    assert scored(items, batch_size)["half"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_an_image_without_a_score_is_left_out() -> None:
    maps = np.array([[[0.9, 0.1, 0.1, 0.1]], [[0.0, 0.1, 0.2, 0.3]]])
    result = scored(predictions(maps, [HALF, np.zeros_like(HALF)]))
    assert result["half"] == pytest.approx(2 / 3)


def test_each_run_starts_anew() -> None:
    score = ImageScore(evaluation.at_threshold(metrics.dice, 0.5))
    evaluator = identity_evaluator(predictions([HALF], [HALF]), key_val_metric={"dice": score})
    for epoch in (1, 2):
        evaluator.run(epoch)
        assert score.values.tolist() == [1.0]


def test_image_score_takes_the_named_entries() -> None:
    items = predictions([0.25 * HALF], [HALF])
    score = ImageScore(lambda image, pred: float((image + pred).sum()), keys=["image", "pred"])
    evaluator = identity_evaluator(items, key_val_metric={"sum": score})
    evaluator.run()
    assert evaluator.state.metrics["sum"] == 1.0


def test_mean_leaves_out_what_is_not_finite() -> None:
    assert mean([1.0, float("nan"), 2.0, float("inf")]) == 1.5
    assert mean([1.0, float("nan"), 4.0], of=np.max) == 4.0
    assert np.isnan(mean([float("nan")]))
    assert np.isnan(mean([]))


def test_arrays_tell_foreground_from_unannotated() -> None:
    label = torch.tensor([[[0, 1, UNANNOTATED]]], dtype=torch.uint8)
    probability, reference, valid = mask_arrays(torch.tensor([[[0.25, 0.5, 0.75]]], dtype=torch.float16), label)
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, [[0.25, 0.5, 0.75]])
    np.testing.assert_array_equal(reference, [[False, True, False]])
    np.testing.assert_array_equal(valid, [[True, True, False]])


# ------------------------------------------------------------------------------------------------------ many thresholds


@pytest.mark.parametrize("unannotated", [0.0, 0.3])
def test_threshold_curve_is_the_loop_over_thresholds(unannotated: float) -> None:
    items = random_items(4, unannotated)
    result = scored(items, batch_size=2)
    by_hand = [
        np.mean([evaluation.at_threshold(metrics.dice, threshold)(item["image"], item["label"]) for item in items])
        for threshold in THRESHOLDS
    ]
    np.testing.assert_allclose(result["curve"], by_hand, rtol=0, atol=1e-12)
    assert result["best"] == pytest.approx(max(by_hand), abs=1e-12)
    assert result["threshold"] == THRESHOLDS[int(np.argmax(by_hand))]


def test_the_best_threshold_is_the_one_of_the_mean() -> None:
    """One image is perfect at 0.1 and 0.2 alone, two others from 0.6 on: the two decide."""
    label = np.array([[1] + 7 * [0]])
    low, high = np.where(label == 1, 0.25, 0.05), np.where(label == 1, 0.95, 0.55)
    result = scored(predictions([low, high, high], [label] * 3))
    assert result["threshold"] == 0.8
    assert result["best"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("foreground", "background", "middle"), [(0.75, 0.25, 0.5), (0.95, 0.05, 0.5), (0.95, 0.65, 0.8), (0.25, 0.15, 0.2)]
)
def test_of_equal_thresholds_the_middle_one_is_best(foreground: float, background: float, middle: float) -> None:
    probability = np.where(HALF == 1, foreground, background)
    result = scored(predictions([probability], [HALF]))
    assert (result["threshold"], result["best"]) == (middle, 1.0)


def test_nothing_to_score() -> None:
    result = scored(predictions([0 * HALF], [0 * HALF]))
    assert result["threshold"] == 0.5
    assert np.isnan(result["best"])
    assert np.isnan(result["curve"]).all()


def test_no_image_at_all() -> None:
    curve = ThresholdCurve(metrics.dice_per_threshold, THRESHOLDS)
    assert curve.best_threshold() == 0.5
    assert np.isnan(curve.compute())
    assert curve.mean_curve().shape == (len(THRESHOLDS),)


def test_a_threshold_without_a_score_in_one_image_takes_the_mean_of_the_others() -> None:
    """Above 0.3, nothing is found in the second image and nothing is there: it has no Dice, and does not count."""
    maps = [np.where(HALF == 1, 0.85, 0.05), np.full(HALF.shape, 0.35)]
    result = scored(predictions(maps, [HALF, 0 * HALF]))
    np.testing.assert_allclose(result["curve"], [0.5] * 3 + [1.0] * 5 + [0.0])


def test_unannotated_pixels_do_not_count() -> None:
    """Whatever is predicted where nobody annotated, the scores are those of the rest."""
    label = np.array([[1, 1, 0, 0], [UNANNOTATED] * 4])
    annotated = [0.8, 0.4, 0.6, 0.1]
    results = [scored(predictions([np.array([annotated, [other] * 4])], [label])) for other in (0.0, 1.0)]
    alone = scored(predictions([np.array([annotated])], [HALF]))
    for result in results:
        np.testing.assert_array_equal(result["curve"], alone["curve"])
        assert result["half"] == alone["half"] == 0.5


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_curve_may_be_of_other_arrays(batch_size: int) -> None:
    """That of SEG takes all channels and the numbers of the cells: the second image has two cells, found up to 0.6."""
    one, two, unknown = np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 2]]), np.array([[UNANNOTATED_INSTANCE] * 4])
    cells = [np.where(one > 0, 0.85, 0.05), np.where(two > 0, 0.65, 0.05)]
    items = [
        {
            "image": torch.tensor(np.stack([1 - cell, cell])).float(),
            "label": torch.tensor(label, dtype=torch.int32)[None],
        }
        for cell, label in zip([*cells, one], [one, two, unknown], strict=True)
    ]

    def instances(probabilities: np.ndarray, threshold: float) -> np.ndarray:
        return metrics.label_cells(probabilities[1] >= threshold)

    curve = ThresholdCurve(evaluation.seg_curve(instances), THRESHOLDS, read=instance_arrays)
    evaluator = identity_evaluator(items, batch_size, key_val_metric={"seg": curve})
    evaluator.run()
    np.testing.assert_allclose(curve.mean_curve(), [1.0] * 6 + [0.5] * 2 + [0.0])
    assert (evaluator.state.metrics["seg"], curve.best_threshold()) == (1.0, 0.4)


# -------------------------------------------------------------------------------------------------------------- classes


def class_items(pairs: Sequence[tuple[list, list]], classes: int = 3) -> list[dict]:
    """Return items for `identity_evaluator` from predicted and true class numbers: the logits of the former."""
    return [
        {
            "image": 8 * torch.nn.functional.one_hot(torch.tensor([found]), classes).permute(2, 0, 1).float() - 4,
            "label": torch.tensor([[true]], dtype=torch.uint8),
        }
        for found, true in pairs
    ]


def mean_class_dice(pairs: Sequence[tuple[list, list]], batch_size: int = 1) -> float:
    evaluator = identity_evaluator(class_items(pairs), batch_size, key_val_metric={"dice": MeanClassDice(3)})
    evaluator.run()
    return evaluator.state.metrics["dice"]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_dice_of_classes_is_that_of_all_pixels_together(batch_size: int) -> None:
    """Class 0: 5 of 5 found and 6 true are right; class 1: 2 of 3 and 2; class 2 is nowhere, and does not count."""
    pairs = [([0, 1, 1, 1], [0, 0, 1, 1]), ([0, 0, 0, 0], [0, 0, 0, 0])]
    assert mean_class_dice(pairs, batch_size) == pytest.approx((10 / 11 + 4 / 5) / 2)


@pytest.mark.parametrize("pair", [([0, 0, 2], [0, 0, 1]), ([0, 0, 1], [0, 0, 2])])
def test_a_class_that_is_found_or_true_alone_counts(pair: tuple[list, list]) -> None:
    assert mean_class_dice([pair]) == pytest.approx((1 + 0 + 0) / 3)


def test_classes_count_alike_however_rare() -> None:
    assert mean_class_dice([([0] * 100, [0] * 99 + [2])]) == pytest.approx((2 * 99 / 199 + 0) / 2)


def test_classes_do_not_count_where_nobody_annotated() -> None:
    for other in (0, 1, 2):
        pairs = [([0, 1, other], [0, 1, UNANNOTATED]), ([other] * 3, [UNANNOTATED] * 3)]
        assert mean_class_dice(pairs) == 1.0
    assert np.isnan(mean_class_dice(pairs[1:]))


def test_each_run_counts_classes_anew() -> None:
    score = MeanClassDice(3)
    evaluator = identity_evaluator(class_items([([0, 1], [0, 1])]), key_val_metric={"dice": score})
    for epoch in (1, 2):
        evaluator.run(epoch)
        assert score.matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_class_arrays_are_numbers_and_where_they_are_known() -> None:
    logits = torch.tensor([[[3.0, -2.0, -2.0]], [[-1.0, -1.0, -1.0]], [[0.0, -3.0, 5.0]]], dtype=torch.float16)
    predicted, reference, valid = class_arrays(logits, torch.tensor([[[2, 0, UNANNOTATED]]], dtype=torch.uint8))
    assert predicted.dtype == reference.dtype == np.uint8
    assert valid.dtype == bool
    np.testing.assert_array_equal(predicted, [[0, 1, 2]])
    np.testing.assert_array_equal(reference[valid], [2, 0])
    np.testing.assert_array_equal(valid, [[True, True, False]])


def test_instance_arrays_keep_all_channels_and_numbers() -> None:
    pred = torch.tensor([[[0.25, 0.5, 0.75]], [[0.75, 0.5, 0.25]]], dtype=torch.float16)
    label = torch.tensor([[[70_000, 0, UNANNOTATED_INSTANCE]]], dtype=torch.int32)
    probability, reference, valid = instance_arrays(pred, label)
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, [[[0.25, 0.5, 0.75]], [[0.75, 0.5, 0.25]]])
    np.testing.assert_array_equal(reference, [[70_000, 0, -1]])
    np.testing.assert_array_equal(valid, [[True, True, False]])


# -------------------------------------------------------------------------------------------- only the validation split


def data_set(folder: Path) -> Path:
    """Write six images with a mask each, two for each split."""
    for number, item in enumerate(squares(6)):
        for name, values in (("image", item["image"] * 60 + 60), ("mask", item["label"] * 255)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            picture = np.clip(np.asarray(values[0]), 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number}.png")
    splits = {"train": {"numbers": [0, 1]}, "validation": {"numbers": [2, 3]}, "test": {"numbers": [4, 5]}}
    manifest = {"name": "squares", "layout": "paired_folders", "image": "image", "label": "mask", "splits": splits}
    manifest |= {"pair_by": "number", "labels": {"background": 0, "square": 255}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def train_on(folder: Path, output: Path) -> bytes:
    """Train with the validation split in a folder, and return what was written as the threshold."""
    read = Compose([ReadImaged("image"), ReadLabeld("label"), ScaleIntensityd("image")])
    items = datalist(open_datasets([folder], None, "squares"), "validation")
    validation = CacheDataset(items, read, progress=False)
    Training(output, max_epochs=3, validation=validation).run()
    return (output / "threshold.json").read_bytes()


def test_the_threshold_does_not_depend_on_the_test_split(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "data")
    first = train_on(folder, tmp_path / "first")
    for name in ("image/4", "image/5", "mask/4", "mask/5"):
        (folder / f"{name}.png").write_bytes(b"not an image")
    assert train_on(folder, tmp_path / "second") == first


def test_the_threshold_depends_on_the_validation_split(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "data")
    first = train_on(folder, tmp_path / "first")
    Image.new("L", (16, 16), 255).save(folder / "mask" / "2.png")
    assert train_on(folder, tmp_path / "second") != first
