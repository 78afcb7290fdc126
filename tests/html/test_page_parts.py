"""Parts of reports: small pictures with layers, the choice of the worst and best images, plots."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from custom.evaluation import Pictures, class_view, instance_view, mask_view
from custom.html import SIDE, contours, curves, filled, photograph, picture_size, strips, threshold_curve
from custom.report import split_of
from custom.transforms import UNANNOTATED

BLUE, ORANGE, YELLOW = (0, 0, 255), (255, 128, 0), (255, 255, 0)


def decoded(source: str, mode: str = "RGBA") -> np.ndarray:
    return np.asarray(Image.open(BytesIO(base64.b64decode(source.split(",")[1]))).convert(mode))


def square(side: int, top: int, left: int, size: int = 20) -> np.ndarray:
    labels = np.zeros((size, size), bool)
    labels[top : top + side, left : left + side] = True
    return labels


# ------------------------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize(
    ("shape", "size"),
    [((60, 90), (60, 90)), ((512, 512), (SIDE, SIDE)), ((300, 1200), (100, SIDE)), ((7, 3000), (1, SIDE))],
)
def test_a_picture_is_no_larger_than_a_page_needs(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert picture_size(shape) == size
    assert decoded(photograph(np.ones(shape), size)).shape == (*size, 4)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_a_photograph_has_the_contrast_of_the_image(dtype: type) -> None:
    ramp = np.tile(np.linspace(0, 1 if dtype is bool else 100, 50), (50, 1)).astype(dtype)
    gray = decoded(photograph(ramp, (50, 50)), "L").astype(int)
    assert gray.min() < 15
    assert gray.max() > 240


def test_contours_of_truth_result_and_both() -> None:
    truth, found = square(10, 2, 2), square(10, 2, 6)
    picture = decoded(contours(truth, found, (BLUE, ORANGE, YELLOW), (20, 20)))
    assert tuple(picture[5, 2]) == (*BLUE, 255)  # left border of the truth
    assert tuple(picture[5, 6]) == (*ORANGE, 255)  # left border of the result
    assert tuple(picture[2, 8]) == (*YELLOW, 255)  # the upper border of both
    assert not picture[5, 4].any()  # within the truth
    assert not picture[15, 15].any()


def test_a_veil_lies_where_nobody_annotated() -> None:
    annotated = np.ones((20, 20), bool)
    annotated[:, 15:] = False
    picture = decoded(contours(square(5, 2, 2), square(5, 2, 2), (BLUE, ORANGE, YELLOW), (20, 20), annotated))
    assert 0 < picture[10, 17, 3] < 255
    assert picture[10, 10, 3] == 0


def test_a_thin_line_of_a_large_image_stays_visible() -> None:
    line = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
    line[1000] = 1
    picture = decoded(contours(line, 0 * line, (BLUE, ORANGE, YELLOW), (SIDE, SIDE)))
    assert picture[250, :, 3].min() > 150


def test_classes_are_filled_with_their_colors() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[2:12, 2:12], labels[12:18, 2:12] = 1, 2
    picture = decoded(filled(labels, (20, 20), [(0, 0, 0), BLUE, ORANGE]))
    assert tuple(picture[7, 7, :3]) == BLUE
    assert tuple(picture[15, 7, :3]) == ORANGE
    assert 0 < picture[7, 7, 3] < picture[2, 7, 3] == 255  # the contour is opaque, what is within is not
    assert not picture[0, 0].any()


# --------------------------------------------------------------------------------------------------------------- views


def output(pred: np.ndarray, label: np.ndarray) -> dict[str, torch.Tensor]:
    return {
        "image": torch.rand(1, *label.shape),
        "pred": torch.tensor(np.atleast_3d(pred.T).T, dtype=torch.float32),
        "label": torch.tensor(label)[None],
    }


def test_a_view_of_masks_scores_dice_and_shows_contours() -> None:
    truth, found = square(10, 2, 2), square(10, 2, 4)
    view = mask_view(0.5)
    out = output(found * 0.9, truth.astype(np.uint8))
    score = view.score(out["pred"], out["label"])
    assert score == pytest.approx(0.8)
    shown = view.show("x", out, score)
    assert (shown.name, shown.width, shown.height, shown.caption, shown.left) == ("x", 20, 20, "Dice 0.800", None)
    assert decoded(shown.right)[..., 3].any()


def test_a_view_of_masks_counts_what_is_annotated() -> None:
    truth = square(10, 2, 2).astype(np.uint8)
    truth[:, 12:] = UNANNOTATED
    out = output(square(10, 2, 4) * 0.9, truth)
    assert mask_view(0.5).show("x", out, 0.9).caption == "Dice 0.900 in the annotated region; the rest is grayed out"
    assert mask_view(0.5).score(out["pred"], out["label"]) == pytest.approx(2 * 80 / (80 + 100))


def test_a_view_of_cells_scores_seg() -> None:
    truth = 3 * square(10, 2, 2).astype(np.int32)
    view = instance_view(lambda probability: (probability[1] > 0.5).astype(np.int32))
    out = output(np.stack([1 - square(10, 2, 4), square(10, 2, 4)]), truth)
    assert view.score(out["pred"], out["label"]) == pytest.approx(80 / 120)
    assert decoded(view.show("x", out, 0.5).right)[..., 3].any()


def test_a_view_of_classes_has_truth_on_the_left_and_result_on_the_right() -> None:
    found, truth = square(10, 2, 4), square(10, 2, 2).astype(np.uint8)
    view = class_view(["background", "my_class"], [(0, 0, 0), BLUE])
    out = output(np.stack([~found, found]), truth)
    of_classes = [2 * 280 / 600, 0.8]
    assert view.score(out["pred"], out["label"]) == pytest.approx(np.mean(of_classes))
    shown = view.show("x", out, 0.5)
    assert shown.left is not None
    np.testing.assert_array_equal(decoded(shown.left)[..., 3] > 0, truth > 0)
    np.testing.assert_array_equal(decoded(shown.right)[..., 3] > 0, found)
    assert view.legend == {"my class": "rgb(0, 0, 255)"}


# ------------------------------------------------------------------------------------------------ the worst, the best


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [0, 1, 5, 6, 7, 30])
def test_pictures_are_of_the_worst_and_the_best(seed: int, count: int) -> None:
    scores = np.random.default_rng(seed).permutation(count) / 100
    pictures = Pictures(mask_view(0.5), most=6)
    out = output(square(4, 1, 1, 8), square(4, 1, 1, 8).astype(np.uint8))
    for score in scores:
        pictures.offer("test", f"{score:.2f}", float(score), out)
    ordered = [f"{score:.2f}" for score in sorted(scores)]
    expected = ordered if count <= 6 else ordered[:4] + ordered[-2:]
    assert [one.name for one in pictures.by_split().get("test", [])] == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((2, 3, 1), (2, 3, 1)),
        ((10, 10, 10), (3, 3, 3)),
        ((1, 20, 20), (1, 4, 4)),
        ((20, 2, 3), (4, 2, 3)),
        ((20,), (9,)),
    ],
)
def test_splits_share_the_pictures_of_a_page(counts: tuple[int, ...], expected: tuple[int, ...]) -> None:
    pictures = Pictures(mask_view(0.5), most=9)
    out = output(square(4, 1, 1, 8), square(4, 1, 1, 8).astype(np.uint8))
    for split, count in enumerate(counts):
        for number in range(count):
            pictures.offer(str(split), str(number), number / 100, out)
    chosen = pictures.by_split()
    assert tuple(len(chosen[str(split)]) for split in range(len(counts))) == expected
    for split, count in enumerate(counts):
        names = [one.name for one in chosen[str(split)]]
        assert names[0] == "0"
        assert names[-1] == str(count - 1)


def test_an_image_without_a_score_has_no_picture() -> None:
    pictures = Pictures(mask_view(0.5))
    pictures.offer("test", "x", float("nan"), {})
    assert pictures.by_split() == {"test": []}


def test_a_split_shows_the_worst_first_and_names_what_has_no_score() -> None:
    pictures = Pictures(mask_view(0.5))
    out = output(square(4, 1, 1, 8), square(4, 1, 1, 8).astype(np.uint8))
    rows = [{"image": f"{number:02d}", "dice": number / 100} for number in range(20)]
    for row in rows:
        pictures.offer("test", row["image"], row["dice"], out)
    rows += [{"image": f"empty{number}", "dice": float("nan")} for number in range(14)]
    split = split_of("test", rows, "dice", pictures.by_split()["test"])
    assert [one.name for one in split.worst] == [f"{number:02d}" for number in range(8)]
    assert [one.name for one in split.best] == ["19", "18", "17", "16"]
    assert [one.name for one in split.others] == [f"{number:02d}" for number in range(8, 16)]
    assert (split.images, split.drawn) == (34, 20)
    assert split.unscored.startswith("empty0, empty1, ")
    assert split.unscored.endswith("empty11 and 2 more")


# --------------------------------------------------------------------------------------------------------------- plots

ROWS = [{"epoch": str(n), "train_loss": str(1 / n), "val_loss": "" if n % 2 else "nan"} for n in range(1, 6)]


def test_plots_are_words_and_lines_that_never_change() -> None:
    plots = [curves("loss", ROWS, ["train_loss", "val_loss"], "loss", marked=3) for _ in range(2)]
    assert plots[0] == plots[1]
    for text in ("training loss", "saved weights: epoch 3", ">loss<"):
        assert text in plots[0]
    assert "http" not in plots[0]


def test_plots_of_a_page_share_no_ids() -> None:
    plots = [
        curves("loss", ROWS, ["train_loss"], "loss"),
        curves("again", ROWS, ["train_loss"], "loss"),
        threshold_curve("threshold", {"thresholds": [0.1, 0.5, 0.9], "scores": [0.2, None, 0.4]}, 0.5, "dice"),
        strips("strips", {"train": [0.5, 0.7], "test": [float("nan")]}, "dice"),
    ]
    ids = [name for plot in plots for name in set(re.findall(r' id="([^"]+)"', plot))]
    assert len(ids) == len(set(ids))
    for plot in plots:
        used = re.findall(r'(?:url\(|href=")#([^")]+)', plot)
        assert set(used) <= set(re.findall(r' id="([^"]+)"', plot))


def test_a_strip_names_the_splits_with_their_sizes() -> None:
    plot = strips("strips", {"train": [0.5, 0.7], "test": [0.2]}, "dice")
    assert "train (2)" in plot
    assert "test (1)" in plot
